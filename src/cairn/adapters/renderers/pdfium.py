"""Pages of a PDF as pictures, by PDFium, which is built without JavaScript; run in an isolated process."""

import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import PdfDocument, PdfiumError  # type: ignore[import-untyped]

from cairn.errors import ParseFailed

HIGHEST = 6.0
"""Of a page's height to its width: a taller page is cut off."""
POINTS_PER_METRE = 72 / 0.0254


class Pdfium:
    """See ``cairn.protocols.Renderer``."""

    media_types = frozenset({"application/pdf"})

    def render(self, path: Path, page: int, width: int) -> bytes:
        try:
            with closing(PdfDocument(path)) as document:
                if not 1 <= page <= len(document):
                    raise ParseFailed(f"it has pages 1 to {len(document)}, and no page {page}")
                return _png(*_pixels(document, page, width))
        except PdfiumError as error:
            raise ParseFailed(f"page {page} cannot be shown: {error}") from error


def _pixels(document: PdfDocument, page: int, width: int) -> tuple[NDArray[np.uint8], float]:
    """Return the page's pixels, and how many of them are a point."""
    with closing(document[page - 1]) as opened:
        wide, high = opened.get_size()
        scale = width / max(wide, high / HIGHEST, 1.0)
        bitmap = opened.render(scale=scale, rev_byteorder=True)
        rows: NDArray[np.uint8] = bitmap.to_numpy()[:, :, :3]
        return np.ascontiguousarray(rows), scale


def _png(rows: NDArray[np.uint8], scale: float) -> bytes:
    """Write pixels of shape (height, width, 3) as PNG (ISO/IEC 15948), unfiltered.

    It says how large the page is, by which boxes in points are found on the picture.
    """
    height, width, _ = rows.shape
    lines = np.zeros((height, 1 + width * 3), np.uint8)
    lines[:, 1:] = rows.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    per_metre = round(scale * POINTS_PER_METRE)
    size = struct.pack(">IIB", per_metre, per_metre, 1)
    chunks = (
        (b"IHDR", header),
        (b"pHYs", size),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def load(rest: str) -> Pdfium:
    """Return the renderer; it has no options."""
    return Pdfium()

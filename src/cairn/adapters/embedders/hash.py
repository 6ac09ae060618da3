"""A deterministic embedder without a model: words hashed into signed buckets, for tests and first trials.

Texts that share words are near each other. It knows nothing of meaning, word order or language.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cairn.errors import Invalid
from cairn.records import Encoded, Tokens

DIMENSIONS = 64
_WORD = re.compile(r"\w+")


class HashEmbedder:
    """Feature hashing (Weinberger et al. 2009, arXiv 0902.2206) of lower-cased words."""

    def __init__(self, dimensions: int = DIMENSIONS) -> None:
        self.name = f"hash-{dimensions}"
        self.dimensions = dimensions
        self.token_dimensions = 1 << (dimensions - 1).bit_length()
        self._spread = _hadamard(self.token_dimensions)[:dimensions]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of words of each text."""
        return [len(_words(text)) for text in texts]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (texts, dimensions), float32, unit length. Never fails."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _words(text):
                code = zlib.crc32(word.encode("utf-8", "surrogatepass"))
                row[code % self.dimensions] += 1.0 if code & 0x8000_0000 else -1.0
        # A text without words, or whose words cancel out, still gets a unit vector: the first axis.
        vectors[~vectors.any(axis=1), 0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Each text and its words, these turned so that every coordinate says as much."""
        turned = [Tokens(vectors @ self._spread, starts) for vectors, starts in self.tokens(texts)]
        return Encoded(self.embed(texts), turned)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Each word by itself, knowing nothing of the others."""
        return [
            Tokens(self.embed([word for word, _ in found]), [start for _, start in found])
            for found in map(_placed, texts)
        ]


def load(rest: str, *, home: Path) -> HashEmbedder:
    """The embedder for the spec "hash" or "hash:<dimensions>"; Invalid for another. `home` is not used."""
    del home
    if rest and not (rest.isdecimal() and int(rest)):
        raise Invalid(f"hash:{rest} is no number of dimensions; write hash or hash:128.")
    return HashEmbedder(int(rest) if rest else DIMENSIONS)


def _hadamard(size: int) -> NDArray[np.float32]:
    """Sylvester's orthogonal matrix of signs (size, size); a power of two."""
    places = np.arange(size)
    odd = np.bitwise_count(places[:, None] & places) & 1
    signs: NDArray[np.float32] = ((1.0 - 2.0 * odd) / size**0.5).astype(np.float32)
    return signs


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _placed(text: str) -> list[tuple[str, int]]:
    return [(match.group(), match.start()) for match in _WORD.finditer(text)]

"""Tokens to bytes and back: where each begins in 16 bits, and two bits for each of its dimensions.

What is kept of a coordinate is on which side of zero it lies and whether it is a large one there, which is
enough to tell which tokens are alike. Levels are those of the least error for coordinates of a unit vector
that are normally distributed (Max 1960, "Quantizing for minimum distortion").
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from cairn.records import Tokens

PLACE = np.dtype("<u2")
LARGE = 0.9816
LEVELS = np.array([-1.510, -0.4528, 0.4528, 1.510], np.float32)
"""Both by the root mean square of a vector's coordinates."""
PLACES = np.array([1, 4, 16, 64], np.uint8)
"""What a level counts in its byte."""
_VALUES = LEVELS[np.arange(256)[:, None] // PLACES % 4]
"""The four coordinates that a byte stands for."""


def packed(tokens: Tokens) -> bytes:
    """Return a text's tokens as bytes: all starts, then all vectors.

    Tokens that begin beyond what 16 bits can say are left out; no tokens are no bytes.
    """
    if not tokens.starts:
        return b""
    starts = [start for start in tokens.starts if start <= np.iinfo(PLACE).max]
    return np.array(starts, PLACE).tobytes() + _coded(tokens.vectors[: len(starts)]).tobytes()


def unpacked(texts: Sequence[bytes], dimensions: int) -> Iterator[Tokens]:
    """Yield the tokens of each text, their vectors of unit length again; ``dimensions`` as they had."""
    width = -(-dimensions // 4)
    counts = [len(data) // (PLACE.itemsize + width) for data in texts]
    codes = b"".join(data[PLACE.itemsize * n :] for data, n in zip(texts, counts, strict=True))
    coded = np.frombuffer(codes, np.uint8).reshape(-1, width)
    vectors = _VALUES.take(coded, axis=0).reshape(len(coded), 4 * width)[:, :dimensions]
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    for data, n, end in zip(texts, counts, accumulate(counts), strict=True):
        yield Tokens(vectors[end - n : end], np.frombuffer(data, PLACE, n).tolist())


def _coded(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return two bits for each coordinate, four to a byte."""
    count, dimensions = vectors.shape
    large = LARGE / dimensions**0.5
    width = -(-dimensions // 4)
    levels = np.zeros((count, 4 * width), np.uint8)
    for edge in (-large, 0.0, large):
        levels[:, :dimensions] += vectors > edge
    codes: NDArray[np.uint8] = (levels.reshape(count, width, 4) * PLACES).sum(2, np.uint8)
    return codes

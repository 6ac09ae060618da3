"""Chance by hash: numbers that depend on a seed and on what they are for, and on nothing else.

No generator's state and no library's stream, so that passage 17 is the same whether it is made alone or
after 16 others, by whatever version of Python or numpy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

STEP, FIRST, SECOND = (
    np.array([each], np.uint64) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def hashed(*keys: Any) -> Hashes:
    """Return a hash of integers and arrays of them, broadcast (splitmix64, Steele and others 2014)."""
    state = np.zeros(1, np.uint64)
    for key in keys:
        state = (state ^ np.asarray(key).astype(np.uint64)) + STEP
        state = (state ^ (state >> np.uint64(30))) * FIRST
        state = (state ^ (state >> np.uint64(27))) * SECOND
        state = state ^ (state >> np.uint64(31))
    return state


def uniform(*keys: Any) -> Floats:
    """Return numbers in [0, 1) by hash."""
    return (hashed(*keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(*keys: Any) -> Floats:
    """Return standard normal numbers by hash (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log1p(-uniform(*keys, 1)))
    turned: Floats = radius * np.cos(2 * np.pi * uniform(*keys, 2))
    return turned


def mixed(number: int) -> int:
    """Return a hash of one whole number as Python counts: for a few words here and there."""
    number = (number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return number ^ (number >> 31)

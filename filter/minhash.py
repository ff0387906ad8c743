"""MinHash of texts by their n-grams of characters (Broder 1997), in numpy.

The usual library (datasketch) hashes every n-gram in Python; this is one pass over an array of code points.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAM = 4
"""Characters of an n-gram."""
BANDS, ROWS = 8, 8
"""A pair of texts with a Jaccard index j shares a band with probability 1 - (1 - j**ROWS)**BANDS."""

_BLOCK = 2048  # n-grams hashed at a time
_STEP = 0x9E3779B97F4A7C15  # of splitmix64


def band_keys(text: str) -> list[int]:
    """The keys (signed 64-bit) of a text's bands. The text has at least :data:`GRAM` characters."""
    import numpy as np

    multipliers, offsets, mixers = _constants()
    grams = _hashed_grams(text)
    signature = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(grams), _BLOCK):
        hashed = np.multiply.outer(grams[start : start + _BLOCK], multipliers)
        hashed += offsets
        np.minimum(signature, hashed.min(axis=0), out=signature)
    bands = ((signature >> np.uint64(17)) * mixers).reshape(BANDS, ROWS).sum(axis=1, dtype=np.uint64)
    keys: list[int] = _mixed(bands).view(np.int64).tolist()
    return keys


def jaccard(first: str, second: str) -> float:
    """The Jaccard index of two texts' sets of n-grams; 1 for equal texts, whatever their length."""
    if first == second:
        return 1.0
    left, right = ({text[i : i + GRAM] for i in range(len(text) - GRAM + 1)} for text in (first, second))
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared) if shared else 0.0


def _hashed_grams(text: str) -> NDArray[np.uint64]:
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = len(codes) - GRAM + 1
    grams = codes[:count].copy()
    for place in range(1, GRAM):
        grams *= np.uint64(0x100000001B3)
        grams += codes[place : place + count]
    return _mixed(grams)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the input moves every bit of the output."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _constants() -> tuple[Any, Any, Any]:
    """Odd multipliers and offsets of the hash functions, and what tells bands apart: the same on every machine."""
    import numpy as np

    count = BANDS * ROWS
    steps = np.arange(1, 3 * count + 1, dtype=np.uint64) * np.uint64(_STEP)
    multipliers, offsets, mixers = np.split(_mixed(steps), 3)
    return multipliers | np.uint64(1), offsets, mixers | np.uint64(1)

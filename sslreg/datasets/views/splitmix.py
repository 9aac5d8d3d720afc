"""Uniform random numbers as hashes of (key, index): SplitMix64 (Steele et al., OOPSLA 2014)."""

import numpy as np

Key = tuple[int, ...]  # (seed, epoch), or (seed, epoch, number of the dataset)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SILVER = np.uint64(0xD1B54A32D192ED03)  # of occurrences, so that none equals another part of the key


def uniform(indices: np.ndarray, count: int, key: Key, occurrences: np.ndarray | None = None) -> np.ndarray:
    """Return uniform numbers in [0, 1), ``[B, count]``; each is a hash of key, image, occurrence and column.

    Args:
        indices: ``[B]`` integers, the images.
        count: Numbers for each image.
        key: Integers, e.g. (seed, epoch).
        occurrences: ``[B]`` how often each image has come before; None: never.
    """
    state = np.zeros((), np.uint64)
    with np.errstate(over='ignore'):
        for part in (*np.array(key).astype(np.uint64), indices.astype(np.uint64)[:, None]):
            state = _mix(state + (part + np.uint64(1)) * GOLDEN)
        if occurrences is not None and occurrences.any():
            again = occurrences.astype(np.uint64)[:, None]
            state = np.where(again > 0, _mix(state + again * SILVER), state)
        bits = _mix(state + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def _mix(x: np.ndarray) -> np.ndarray:
    """Mix 64 bits."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

"""Trend: what is watched now, by everybody."""

import numpy as np
from numpy.typing import NDArray

from batch.interactions import Interactions


def trend(ratings: Interactions, half_life: float) -> NDArray[np.float32]:
    """Return (items,), the logarithm of how often each film is rated now, standardised.

    A rating weighs half when a share `half_life` of all ratings is newer: now is counted in ratings and
    not in days, so that it means the same in a small and in a large catalogue, and without times.
    """
    order = np.argsort(np.argsort(-ratings.place_in_time, kind="stable"), kind="stable")
    weights = 0.5 ** (order / len(ratings) / half_life)
    now = np.log1p(np.bincount(ratings.item_index, weights=weights, minlength=ratings.items))
    spread = now.std()
    return np.asarray((now - now.mean()) / (spread if spread > 0 else 1), dtype=np.float32)

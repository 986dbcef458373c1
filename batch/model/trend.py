"""The popularity trend: what is watched now, by everybody, more than it always was."""

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions

# The collaborative part contains lasting popularity already; the trend adds what is new.
SHARE_OF_LASTING = 0.5


def watched_lately(ratings: Interactions, half_life: float) -> NDArray[np.float64]:
    """Return (items,), how often each movie is rated, where old ratings weigh less."""
    weights = recency_weight(ratings, half_life)
    return np.asarray(np.bincount(ratings.item_index, weights=weights, minlength=ratings.items), np.float64)


def recency_weight(ratings: Interactions, half_life: float) -> NDArray[np.float64]:
    """Return the weight of each rating, 1 for the newest of all.

    A rating weighs half when a share `half_life` of all ratings is newer: lately is counted in ratings and
    not in days, so that it means the same in a small and in a large catalogue. Without times, all weigh 1.
    """
    if not ratings.has_times:
        return np.ones(len(ratings))
    # Ranks are those among all ratings, and these may be some of them.
    is_there = np.zeros(int(ratings.time_rank.max()) + 1, dtype=np.bool_)
    is_there[ratings.time_rank] = True
    newer = len(ratings) - np.cumsum(is_there)[ratings.time_rank]
    return decay(newer, len(ratings), half_life)


def decay(newer: NDArray[np.int64], ratings: int, half_life: float) -> NDArray[np.float64]:
    """Return the weight of ratings by how many of all are newer."""
    return np.asarray(0.5 ** (newer / ratings / half_life), np.float64)


def trend(ratings: Interactions, half_life: float) -> NDArray[np.float32]:
    """Return (items,), the trend of each movie from its ratings, the old ones of which weigh less."""
    return popularity_trend(watched_lately(ratings, half_life), ratings.ratings_of_item)


def popularity_trend(now: NDArray[np.float64], ever: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (items,), how often each movie is rated now less half of how often it was ever.

    Both are standardised logarithms, and so is the difference. Lasting popularity takes away where it is
    above the mean, and never adds: a movie that was rated once, today, is not what everybody watches.
    """
    lasting = np.maximum(_standardised(np.log1p(ever)), 0)
    return _standardised(_standardised(np.log1p(now)) - SHARE_OF_LASTING * lasting).astype(np.float32)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0))

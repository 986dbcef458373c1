"""Popular: what is watched lately, the list of those who have none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.model.trend import watched_lately

# A rating weighs half when a tenth of all ratings are newer than it.
HALF_LIFE = 0.1


@dataclass(frozen=True)
class Popular:
    """One list, best first."""

    item_index: NDArray[np.int32]
    score: NDArray[np.float64]
    of_items: NDArray[np.float64]  # (items,), the scores of all movies


def popular(ratings: Interactions, top_n: int) -> Popular:
    """Return the `top_n` movies that may be shown and are watched most lately."""
    return most_watched(watched_lately(ratings, HALF_LIFE), ratings.is_hidden, top_n)


def most_watched(scores: NDArray[np.float64], is_hidden: NDArray[np.bool_], top_n: int) -> Popular:
    """Return the list of the highest scores (items,) above zero; equal ones are in the order of items."""
    shown = np.flatnonzero(~is_hidden & (scores > 0))
    best = shown[np.argsort(-scores[shown], kind="stable")[:top_n]].astype(np.int32)
    return Popular(best, scores[best], scores)

"""Verify weights: whether what movies say for each other can be what the model says.

A weight is the sum of three parts (`batch.recommend.item_weights`). The first is proportional to the score,
which is recomputed. The other two can't be: the file has the vectors that a movie has as the next one, and
not those that it has as part of a history. So this is compared:

- Few rated movies have no sequential part and no personal trend. The weights for these are all proportional
  to their scores, by one factor.
- Over all pairs of movies, the mean square of each part is that of a unit. So squares of weights add up to at
  most nine units for each pair of movies. Only a run knows the pairs: commands take movies away.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch.recommend.item_weights import UNIT

# Weights are rounded, and so, far less, are scores.
ROUNDING = 0.51
# Squares of a sum of three are at most three times the sum of the squares.
MAX_SQUARE = 3 * 3 * UNIT**2


def weight_faults(
    rows: Any,  # columns of `verify/weights`
    item_ids: NDArray[np.object_],  # (items,)
    has_others: NDArray[np.bool_],  # (items,), which have a sequential part, or a personal trend
    *,
    is_of_run: bool,
) -> Iterator[str]:
    """Yield a sentence for each thing that can't be so."""
    weights, scores = (rows[name].astype(np.float64) for name in ("weight", "score"))
    smallest = np.maximum(np.abs(weights) - ROUNDING, 0)
    if is_of_run and float((smallest**2).sum()) > MAX_SQUARE * len(item_ids) ** 2:
        place = int(np.argmax(smallest))
        yield f"weights of similar movies are too large, the largest is {_described(rows, item_ids, place)}"
    plain = np.flatnonzero((rows["item_index"] >= 0) & ~has_others[rows["item_index"]])
    place = _odd_place(weights[plain], scores[plain])
    if place >= 0:
        yield (
            "weights of similar movies are not in proportion to their scores where they should be, for "
            f"example {_described(rows, item_ids, int(plain[place]))}"
        )


def _odd_place(weights: NDArray[np.float64], scores: NDArray[np.float64]) -> int:
    """Return -1 if all weights can be these scores times one factor, rounded; else the most distant one."""
    limits = np.iinfo(np.int16)
    lowest = np.where(weights == limits.min, -np.inf, weights - ROUNDING)
    highest = np.where(weights == limits.max, np.inf, weights + ROUNDING)
    known = scores != 0
    ends = np.stack([lowest[known] / scores[known], highest[known] / scores[known]])
    is_none = (lowest > 0) | (highest < 0)
    if not (is_none & ~known).any() and (not known.any() or ends.min(axis=0).max() <= ends.max(axis=0).min()):
        return -1
    factor = np.median(weights[known] / scores[known]) if known.any() else 0.0
    return int(np.argmax(np.abs(weights - factor * scores)))


def _described(rows: Any, item_ids: NDArray[np.object_], place: int) -> str:
    owner, item = item_ids[rows["owner_index"][place]], item_ids[rows["item_index"][place]]
    weight, score = rows["weight"][place], rows["score"][place]
    return f"{weight} of movie {owner} for movie {item}, with the score {score:.6g}"

"""Positives: which interactions say yes, and how much each says in the model.

A weight above 0 is a positive. A rating below the middle of the scale has a weight below 0: it says that the
movie was a disappointment, as a negative event does. Such a movie counts as seen, but it does not draw
similar movies into the list. 0 says that it was seen, and no more.
"""

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions

ALL = slice(None)


def is_positive(weight: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return whether each interaction is a positive."""
    return np.asarray(weight > 0, dtype=np.bool_)


def recency(age: NDArray[np.int32], half_life: float) -> NDArray[np.float32]:
    """Return the weight of ratings by age: 1 for the newest of a user, half for `half_life` newer ones."""
    return np.power(0.5, age / half_life).astype(np.float32)


def confidences(ratings: Interactions, half_life: float, rows: slice = ALL) -> NDArray[np.float32]:
    """Return what interactions weigh in ALS, by their weight and their age; 0 for what is no positive.

    Weights that add up are divided by their mean over positives, since settings are for weights of about 1.
    If such an input has no times, the age of each is any of those that the user's interactions have: it
    weighs what they weigh in the mean. Equal votes without times weigh 1, as they always did.
    """
    longest = int(ratings.ratings_of_user.max(initial=0))
    by_age = recency(np.arange(longest, dtype=np.int32), half_life)
    if ratings.meaning.adds_up and not ratings.has_times:
        means = np.cumsum(by_age, dtype=np.float64) / np.arange(1, longest + 1)
        of_age = means.astype(np.float32)[ratings.ratings_of_user[ratings.user_index[rows]] - 1]
    else:
        of_age = by_age[ratings.age[rows]]
    return _said(ratings, rows) * of_age


def step_weights(ratings: Interactions, rows: slice = ALL) -> NDArray[np.float32]:
    """Return what interactions weigh in the sequential part.

    Of stars every one weighs 1: what was watched is followed by what is watched next, liked or not. Of
    weights that add up, one weighs what it says, and a negative event nothing.
    """
    if not ratings.meaning.adds_up:
        return np.ones_like(ratings.weight[rows])
    return _said(ratings, rows)


def opinions(ratings: Interactions, disliked: float, rows: slice = ALL) -> NDArray[np.float32]:
    """Return what interactions say, whatever their age: positives what they weigh, a dislike this much."""
    said = _said(ratings, rows) if ratings.meaning.adds_up else is_positive(ratings.weight[rows])
    return np.where(ratings.weight[rows] < 0, disliked, said).astype(np.float32)


def _said(ratings: Interactions, rows: slice) -> NDArray[np.float32]:
    return np.asarray(np.maximum(ratings.weight[rows], 0) / np.float32(ratings.unit), dtype=np.float32)

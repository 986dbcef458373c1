"""Positives: which interactions say yes, and how much each says by its age.

A weight above 0 is a positive. A rating below the middle of the scale has the weight 0: it says that the
movie was a disappointment. Such a movie counts as seen, but it does not draw similar movies into the list.
"""

import numpy as np
from numpy.typing import NDArray


def is_positive(weight: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return whether each interaction is a positive."""
    return np.asarray(weight > 0, dtype=np.bool_)


def recency(age: NDArray[np.int32], half_life: float) -> NDArray[np.float32]:
    """Return the weight of ratings by age: 1 for the newest of a user, half for `half_life` newer ones."""
    return np.power(0.5, age / half_life).astype(np.float32)


def confidences(weight: NDArray[np.float32], age: NDArray[np.int32], half_life: float) -> NDArray[np.float32]:
    """Return the weight of interactions in ALS, by what they say and by age; 0 for what is no positive."""
    return np.maximum(weight, 0) * recency(age, half_life)

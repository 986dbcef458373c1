"""Positives: which ratings say yes."""

import numpy as np
from numpy.typing import NDArray

# A rating below 3 is not positive: on a scale to 5 it says that the movie was a disappointment. Such a movie
# counts as seen, and is not recommended again, but it does not draw similar movies into the list.
# The same number stands in `sql/generation/item_stats.sql`, `sql/inspect/do_reasons_fit.sql` and
# `sql/invariants/every_reason_was_watched_and_liked.sql`; a test compares them.
MIN_POSITIVE_RATING = 3.0


def is_positive(rating: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return whether each rating is positive; NaN, a vote without stars, is."""
    return np.isnan(rating) | (rating >= MIN_POSITIVE_RATING)


def recency(age: NDArray[np.int32], half_life: float) -> NDArray[np.float32]:
    """Return the weight of ratings by age: 1 for the newest of a user, half for `half_life` newer ones."""
    return np.power(0.5, age / half_life).astype(np.float32)

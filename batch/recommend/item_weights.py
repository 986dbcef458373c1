"""Weights from movie to movie: what a movie that somebody likes says for another one.

A list from liked movies is a sum of these weights, as the list of a user is a sum over the history. They are
the sum of three parts: how similar both movies are (`batch.recommend.similar_items`, which has the
collaborative part and the genres), the sequential part, and the personal trend. Each is divided by its root
mean square over all pairs of movies, so that none decides alone.
"""

import numpy as np
from numpy.typing import NDArray

from batch.model.weighted_parts import FittedItems
from batch.recommend.similar_items import directions
from batch.recommend.topn import TopN

# Weights are published as whole numbers: so many stand for one root mean square of each part.
UNIT = 100
PAIRS_AT_A_TIME = 10_000


def item_weights(fitted: FittedItems, users_of_item: NDArray[np.int64], similar: TopN) -> NDArray[np.int16]:
    """Return, for each row of lists of similar movies, what the owner says for the movie of the row."""
    alike = directions(fitted.collaborative.item_factors, fitted.genres.item_factors, users_of_item)
    sequential, personal = fitted.sequential, fitted.personal_trend
    weights = np.zeros(len(similar.rank))
    for history, items in (
        (alike, alike),
        (sequential.history_factors, sequential.item_factors),
        (personal.history_factors, personal.item_factors),
    ):
        unit = UNIT / _root_mean_square(history, items)
        for first in range(0, len(weights), PAIRS_AT_A_TIME):
            some = slice(first, first + PAIRS_AT_A_TIME)
            said = np.einsum("pf,pf->p", history[similar.user_index[some]], items[similar.item_index[some]])
            weights[some] += unit * said
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(weights), limits.min, limits.max).astype(np.int16)


def _root_mean_square(history: NDArray[np.float32], items: NDArray[np.float32]) -> float:
    """Return that of all inner products of vectors that are not zero; 1 if there are none."""
    (of_history, squares), (of_items, others) = (_known(vectors) for vectors in (history, items))
    total = float((squares * others).sum())
    return float(np.sqrt(total / (of_history * of_items))) if total > 0 else 1.0


def _known(vectors: NDArray[np.float32]) -> tuple[int, NDArray[np.float64]]:
    """Return how many vectors are not zero, and the sum of their outer products."""
    double = vectors.astype(np.float64)
    return int(np.count_nonzero(vectors.any(axis=1))), double.T @ double

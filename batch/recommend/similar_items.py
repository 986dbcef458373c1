"""Similar: the movies that the same people like, for every movie.

The score of two movies is the cosine of their vectors: the collaborative factors and, as a small part, the
genres, each of length 1. A vector that was learned from few users points anywhere, so the score shrinks for
both movies: of a movie with n users it is multiplied by the square root of n / (n + USERS).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.model.weighted_parts import FittedItems
from batch.recommend.topn import Advance, TopN, best

# What the genres weigh, where the collaborative factors weigh 1.
GENRES = 0.3
# A movie that so many users have rated has half of its weight: two of them have half of their cosine.
USERS = 20.0


def similar(
    fitted: FittedItems,
    users_of_item: NDArray[np.int64],
    is_candidate: NDArray[np.bool_],
    similar_n: int,
    advance: Advance = lambda _items: None,
) -> TopN:
    """Return, for each movie, the `similar_n` candidates with the highest score, exactly.

    `users_of_item` and `is_candidate` are (items,). A movie without collaborative factors is like no other:
    it has no list and stands in none.
    """
    collaborative, genres = fitted.collaborative.item_factors, fitted.genres.item_factors
    vectors = directions(collaborative, genres, users_of_item)
    known = np.flatnonzero(vectors.any(axis=1))
    vectors = vectors[known]
    itself = sparse.identity(len(known), dtype=np.float32, format="csr")
    parts = [collaborative.shape[1], genres.shape[1]]
    found = best(vectors, vectors, parts, itself, is_candidate[known], similar_n, advance)
    return TopN(
        user_index=known[found.user_index].astype(np.int32),
        rank=found.rank,
        item_index=known[found.item_index].astype(np.int32),
        score=found.score,
    )


def directions(
    collaborative: NDArray[np.float32], genres: NDArray[np.float32], users_of_item: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return (items, factors + genres), vectors whose inner products are the scores.

    From (items, factors), (items, genres) and (items,), how many users have rated each movie. A new movie has
    a vector that is foreseen: it counts as known to one.
    """
    users = np.maximum(users_of_item, 1)
    both = _unit(np.hstack([_unit(collaborative), np.sqrt(GENRES) * _unit(genres)]))
    both[~collaborative.any(axis=1)] = 0
    return (both * np.sqrt(users / (users + USERS))[:, None]).astype(np.float32)


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return the vectors with length 1; those that are zero stay zero."""
    norms = np.sqrt(np.einsum("if,if->i", vectors, vectors, dtype=np.float64))
    return np.asarray(vectors / np.where(norms > 0, norms, 1)[:, None], np.float64)

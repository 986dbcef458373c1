"""Score: the N best unseen films of every user, over all pairs of users and films."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.train import Model

USERS_PER_BLOCK = 256


@dataclass(frozen=True)
class TopN:
    """The lists of all users, as columns of equal length, ordered by user and rank."""

    user_index: NDArray[np.int32]
    rank: NDArray[np.int32]  # from 1
    item_index: NDArray[np.int32]
    score: NDArray[np.float32]


def score(model: Model, top_n: int, advance: Callable[[int], None] = lambda _users: None) -> TopN:
    """Return, for each user, the `top_n` candidates not seen with the highest inner product.

    A user with fewer such films gets them all. Equal scores are in the order of the items. Products
    are summed in double precision and rounded, so that equal vectors get equal scores wherever they
    stand in a block. `advance` is called with the number of users done since the last call.
    """
    users = model.user_factors.shape[0]
    item_vectors = model.item_factors.T.astype(np.float64)
    lists: list[NDArray[np.int32]] = []
    scores: list[NDArray[np.float32]] = []
    for start in range(0, users, USERS_PER_BLOCK):
        block = slice(start, min(start + USERS_PER_BLOCK, users))
        products = (model.user_factors[block].astype(np.float64) @ item_vectors).astype(np.float32)
        for row, best in zip(
            products, best_unseen(products, model.seen[block], model.is_candidate, top_n), strict=True
        ):
            lists.append(best)
            scores.append(row[best])
        advance(block.stop - block.start)
    lengths = np.array([len(best) for best in lists])
    return TopN(
        user_index=np.repeat(np.arange(users, dtype=np.int32), lengths),
        rank=np.concatenate([np.arange(1, length + 1, dtype=np.int32) for length in lengths]),
        item_index=np.concatenate(lists),
        score=np.concatenate(scores),
    )


def best_unseen(
    scores: NDArray[np.float32],
    seen: sparse.csr_matrix,
    is_candidate: NDArray[np.bool_],
    top_n: int,
) -> list[NDArray[np.int32]]:
    """Return, for each row of scores (users, items), the indices of its best films, best first.

    What is seen or no candidate is left out, and overwritten in `scores` by minus infinity. Equal scores
    are in the order of the items.
    """
    scores[:, ~is_candidate] = -np.inf
    scores[np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr)), seen.indices] = -np.inf
    return [_best(row, top_n) for row in scores]


def _best(scores: NDArray[np.float32], top_n: int) -> NDArray[np.int32]:
    """Return the indices of the highest scores, best first; those at minus infinity are left out."""
    threshold = np.float32(-np.inf)
    if top_n < len(scores):
        threshold = np.partition(scores, -top_n)[-top_n]
    candidates = np.flatnonzero((scores >= threshold) & (scores > -np.inf))
    order = np.lexsort((candidates, -scores[candidates]))[:top_n]
    return candidates[order].astype(np.int32)

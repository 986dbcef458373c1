"""Rank: the lists of the users whom a split judges, from the scores of a model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.evaluation.baselines import Scores
from batch.evaluation.splits import Split

USERS_PER_BLOCK = 256

Lists = list[NDArray[np.int32]]  # of each judged user, movies as indices, best first
Rank = Callable[[Scores, Split, int], Lists]


def whole_catalogue(scores: Scores, split: Split, depth: int) -> Lists:
    """Rank every movie that the user has not seen."""
    lists: Lists = []
    for start in range(0, len(split.users), USERS_PER_BLOCK):
        users = split.users[start : start + USERS_PER_BLOCK]
        block = np.array(scores(users), dtype=np.float32)
        lists += best_unseen(block, split.train.seen[users], ~split.train.is_hidden, depth)
    return lists


def best_unseen(
    scores: NDArray[np.float32],
    seen: sparse.csr_matrix,
    is_candidate: NDArray[np.bool_],
    top_n: int,
) -> Lists:
    """Return, for each row of scores (users, items), the indices of its best movies, best first.

    What is seen or no candidate is left out, and overwritten in `scores` by minus infinity. Equal scores
    are in the order of the items.
    """
    scores[:, ~is_candidate] = -np.inf
    scores[np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr)), seen.indices] = -np.inf
    return [_best(row, top_n) for row in scores]


def given(candidates: Lists) -> Rank:
    """Rank only what is given for each judged user, and what the user rated later."""

    def rank(scores: Scores, split: Split, depth: int) -> Lists:
        """Rank the candidates of each judged user."""
        lists: Lists = []
        for start in range(0, len(split.users), USERS_PER_BLOCK):
            users = split.users[start : start + USERS_PER_BLOCK]
            for row, of_user in enumerate(np.asarray(scores(users)), start):
                items = np.union1d(candidates[row], split.relevant[[row]].indices)
                order = np.lexsort((items, -of_user[items]))[:depth]
                lists.append(items[order].astype(np.int32))
        return lists

    return rank


def _best(scores: NDArray[np.float32], top_n: int) -> NDArray[np.int32]:
    """Return the indices of the highest scores, best first; those at minus infinity are left out."""
    threshold = np.float32(-np.inf)
    if top_n < len(scores):
        threshold = np.partition(scores, -top_n)[-top_n]
    candidates = np.flatnonzero((scores >= threshold) & (scores > -np.inf))
    order = np.lexsort((candidates, -scores[candidates]))[:top_n]
    return candidates[order].astype(np.int32)

"""Rank: the lists of the users whom a split evaluates, from the scores of a model."""

import numpy as np
from numpy.typing import NDArray

from batch.evaluation.baselines import Scores
from batch.evaluation.splits import Split

USERS_PER_BLOCK = 256

Candidates = list[NDArray[np.int32]]  # of each evaluated user, movies as indices


def rank(scores: Scores, split: Split, depth: int, candidates: Candidates | None = None) -> NDArray[np.int32]:
    """Return (evaluated users, depth), the best movies of each, best first; -1 at the end of a shorter list.

    Ranked are all movies that the user has not seen; or the candidates, and what the user rated later. Equal
    scores are in the order of the items.
    """
    ranked = np.full((len(split.users), depth), -1, dtype=np.int32)
    for first in range(0, len(split.users), USERS_PER_BLOCK):
        users = split.users[first : first + USERS_PER_BLOCK]
        block = np.array(scores(users), dtype=np.float32)
        if candidates is None:
            block[:, split.train.is_hidden] = -np.inf
            seen = split.train.unlistable[users]
            block[np.repeat(np.arange(len(users)), np.diff(seen.indptr)), seen.indices] = -np.inf
        for row, of_user in enumerate(block, first):
            if candidates is None:
                best = _best(of_user, depth)
            else:
                items = np.union1d(candidates[row], split.relevant[[row]].indices)
                best = items[_best(of_user[items], depth)]
            ranked[row, : len(best)] = best
    return ranked


def _best(scores: NDArray[np.float32], depth: int) -> NDArray[np.int32]:
    """Return the indices of the highest scores, best first; those at minus infinity are left out."""
    threshold = np.partition(scores, -depth)[-depth] if depth < len(scores) else np.float32(-np.inf)
    candidates = np.flatnonzero((scores >= threshold) & (scores > -np.inf))
    return candidates[np.lexsort((candidates, -scores[candidates]))[:depth]].astype(np.int32)

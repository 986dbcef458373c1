"""Rank: the lists of the users whom a split judges, from the scores of a model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from batch.quality.baselines import Scores
from batch.quality.split import Split
from batch.score import best_unseen

USERS_PER_BLOCK = 256

Lists = list[NDArray[np.int32]]  # of each judged user, films as indices, best first
Rank = Callable[[Scores, Split, int], Lists]


def whole_catalogue(scores: Scores, split: Split, depth: int) -> Lists:
    """Rank every film that the user has not seen."""
    lists: Lists = []
    for start in range(0, len(split.users), USERS_PER_BLOCK):
        users = split.users[start : start + USERS_PER_BLOCK]
        block = np.array(scores(users), dtype=np.float32)
        lists += best_unseen(block, split.train.seen[users], ~split.train.is_hidden, depth)
    return lists


def given(candidates: Lists) -> Rank:
    """Rank only what is given for each judged user, and what the user rated later."""

    def rank(scores: Scores, split: Split, depth: int) -> Lists:
        """Rank the candidates of each judged user."""
        lists: Lists = []
        for start in range(0, len(split.users), USERS_PER_BLOCK):
            users = split.users[start : start + USERS_PER_BLOCK]
            for row, of_user in enumerate(np.asarray(scores(users)), start):
                films = np.union1d(candidates[row], split.relevant[[row]].indices)
                order = np.lexsort((films, -of_user[films]))[:depth]
                lists.append(films[order].astype(np.int32))
        return lists

    return rank

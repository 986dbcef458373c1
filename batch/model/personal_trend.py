"""The personal trend: what people who like the same have watched lately.

A ridge regression (`batch.model.ridge`) from all that a user likes to what everybody has watched lately. X
has a row per user, with 1 for each positive. Y has the same rows, with the weight of each interaction by how
recent it is; what was disliked pulls down. A user is the sum over all that the history likes and dislikes.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.model.part import Part
from batch.model.positives import opinions
from batch.model.ridge import core_of, solve_ridge
from batch.model.trend import recency_weight
from batch.runtime.jit import compiled
from batch.runtime.threads import run_in_threads
from batch.settings import Settings

REGULARIZATION = 200.0
# In the target, an interaction has half its weight once this share of all interactions is newer.
HALF_LIFE = 0.1
# What a dislike says, where a positive says 1: of others lately, and in the history of the user.
DISLIKED_LATELY = -0.5
DISLIKED = -0.25
# So many of the newest interactions of a user are learned from: pairs grow with their square.
MAX_OF_USER = 300
ITEMS_PER_PIECE = 32

# The parts of a sparse matrix: where each row (or column) starts, the indices, and the values.
Compressed = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True)
class PersonalTrend(Part):
    """What is watched lately by those who like an item: a vector per item, and one per item of a history."""

    item_factors: NDArray[np.float32]  # (items, factors)
    history_factors: NDArray[np.float32]  # (items, factors)

    def of_users(self, ratings: Interactions, users: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return (len(users), factors), the sum of the history of each of these users."""
        return np.asarray(
            ratings.matrix(opinions(ratings, DISLIKED))[users] @ self.history_factors, dtype=np.float32
        )


def fit_personal_trend(ratings: Interactions, settings: Settings) -> PersonalTrend:
    """Learn from all interactions; without times nothing is lately, and it has no factors."""
    if not ratings.has_times:
        nothing = np.zeros((ratings.items, 0), dtype=np.float32)
        return PersonalTrend(nothing, nothing)
    core = core_of(ratings.ratings_of_item)
    gram, target = count_lately_liked(ratings, core, recency_weight(ratings, HALF_LIFE))
    return solve_personal_trend(gram, target, core, ratings.items, settings)


def count_lately_liked(
    ratings: Interactions, core: NDArray[np.intp], recency: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return X'X and X'Y, (core, core) both; `recency` is the weight of each interaction by its time.

    Both are sums over users. X'X is symmetric: only its lower triangle is counted, zeros are above it.
    """
    newest = ratings.age < MAX_OF_USER
    likes = ratings.matrix(np.where(newest, opinions(ratings, 0), 0))[:, core]
    lately = ratings.matrix(np.where(newest, opinions(ratings, DISLIKED_LATELY) * recency, 0))[:, core]
    likes.sort_indices()
    likers = likes.tocsc()
    gram, target = (np.zeros((len(core), len(core)), dtype=np.float32) for _ in range(2))

    matrices = _parts(likers), _parts(likes), _parts(lately)

    def count(first: int) -> int:
        _count(first, first + ITEMS_PER_PIECE, *matrices, gram, target)
        return 1

    run_in_threads(partial(count, first) for first in range(0, len(core), ITEMS_PER_PIECE))
    return gram, target


def _parts(matrix: Any) -> Compressed:
    return matrix.indptr, matrix.indices, matrix.data


@compiled
def _count(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    first: int,
    end: int,
    likers: Compressed,  # by item, who likes it
    likes: Compressed,  # by user, items in rising order
    lately: Compressed,  # by user
    gram: NDArray[np.float32],
    target: NDArray[np.float32],
) -> None:
    """Add up the rows of some items, one by one: a row stays in the fastest memory."""
    starts, users, weights = likers
    like_starts, like_items, like_weights = likes
    lately_starts, lately_items, lately_weights = lately
    for item in range(first, min(end, len(gram))):
        for place in range(starts[item], starts[item + 1]):
            user, weight = users[place], weights[place]
            for other in range(like_starts[user], like_starts[user + 1]):
                if like_items[other] > item:
                    break
                gram[item, like_items[other]] += weight * like_weights[other]
            for other in range(lately_starts[user], lately_starts[user + 1]):
                target[item, lately_items[other]] += weight * lately_weights[other]


def solve_personal_trend(
    gram: NDArray[np.float32],
    target: NDArray[np.float32],
    core: NDArray[np.intp],
    items: int,
    settings: Settings,
) -> PersonalTrend:
    """Solve the regression of which `count_lately_liked` gives the matrices; `gram` is overwritten."""
    ridge = REGULARIZATION, settings.personal_trend_factors, settings.seed
    return PersonalTrend(*solve_ridge(gram, target, core, items, *ridge))

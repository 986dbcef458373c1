"""The sequential part: which movie comes next, after those that were watched last.

A linear model: the next movie of a user is predicted from the history, in which a movie weighs less the more
movies came after it. A ridge regression (`batch.model.ridge`) finds the weights: a vector per movie, and a
vector per user that follows from the history, an inner product like any other.

Both matrices of the regression are sums over pairs of movies that one user has rated a given number of steps
apart. They are counted without the rows of the regression, of which there is one per rating.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.model.part import Part
from batch.model.positives import recency, step_weights
from batch.model.ridge import core_of, solve_ridge
from batch.runtime.jit import compiled
from batch.settings import Settings

# What comes close after a movie is often watched after it too, in another order: the target of a step is also
# what follows within the next steps, each weighing half of the one before.
STEPS_AHEAD = 3
# A movie further back than this many half-lives weighs less than a thousandth.
HALF_LIVES = 10


@dataclass(frozen=True)
class Sequential(Part):
    """What follows what: a vector per movie as the next one, and one per movie as part of a history."""

    item_factors: NDArray[np.float32]  # (items, factors), of the next movie
    history_factors: NDArray[np.float32]  # (items, factors), of a movie that was watched
    half_life: float

    def of_users(self, ratings: Interactions, users: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return (len(users), factors), the sum of the history of each of these users."""
        weights = recency(ratings.age, self.half_life) * step_weights(ratings)
        # Weights below float32 epsilon become 0.
        weights[weights < np.finfo(np.float32).eps] = 0
        return np.asarray(ratings.matrix(weights)[users] @ self.history_factors, dtype=np.float32)


def fit_sequential(ratings: Interactions, settings: Settings) -> Sequential:
    """Learn what follows what from the order in which everyone rated; without times it has no factors."""
    if not ratings.has_times:
        nothing = np.zeros((ratings.items, 0), dtype=np.float32)
        return Sequential(nothing, nothing, settings.next_half_life)
    core = core_of(ratings.ratings_of_item)
    gram, target = count_pairs(ratings, core, settings.next_half_life)
    return solve_sequential(gram, target, core, ratings.items, settings)


def solve_sequential(
    gram: NDArray[np.float32],
    target: NDArray[np.float32],
    core: NDArray[np.intp],
    items: int,
    settings: Settings,
) -> Sequential:
    """Solve the regression of which `count_pairs` gives the matrices; `gram` is overwritten."""
    ridge = settings.next_regularization, settings.next_factors, settings.seed
    return Sequential(*solve_ridge(gram, target, core, items, *ridge), settings.next_half_life)


def count_pairs(
    ratings: Interactions, core: NDArray[np.intp], half_life: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the Gram matrix of histories, and the product of histories and targets; (core, core) both.

    With d = 0.5 ** (1 / half_life) and one row p for each rating of a user, row p of the histories is
    the sum over q < p of d ** (p - 1 - q) at movie q, and row p of the targets the sum over k < STEPS_AHEAD
    of 0.5 ** k at movie p + k, each times `step_weights`. Both are sums over users.
    The Gram matrix is symmetric: only its lower triangle is counted, zeros are above it.
    """
    size = len(core)
    place = np.full(ratings.items, -1, dtype=np.int32)
    place[core] = np.arange(size)
    decay = 0.5 ** (1 / half_life)
    longest = max(1, round(HALF_LIVES * half_life))
    steps = np.arange(longest + STEPS_AHEAD)
    # Two movies are together in every history after the newer one, ever weaker: a geometric sum.
    together = np.where(steps <= longest, decay**steps, 0)
    later_rows = (1 - decay ** (2.0 * np.arange(ratings.ratings_of_user.max() + 1))) / (1 - decay**2)
    ahead = np.arange(STEPS_AHEAD)
    follows = np.where(ahead < steps[:, None], decay ** (steps[:, None] - 1.0 - ahead) * 0.5**ahead, 0).sum(
        axis=1
    )
    gram, target = (np.zeros((size, size), dtype=np.float32) for _ in range(2))
    items, weights = place[ratings.item_index], step_weights(ratings)
    _count(items, weights, ratings.ratings_of_user, together, later_rows, follows, gram, target)
    return gram, target


@compiled
def _count(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    items: NDArray[np.int32],  # of each rating, by user and oldest first; -1: not among those counted
    weights: NDArray[np.float32],  # of each rating
    ratings_of_user: NDArray[np.int64],
    together: NDArray[np.float64],  # (steps,), what two movies so many steps apart add to the Gram matrix
    later_rows: NDArray[np.float64],  # by how many newer ratings there are, how often they add it
    follows: NDArray[np.float64],  # (steps,), what they add to the target
    gram: NDArray[np.float32],
    target: NDArray[np.float32],
) -> None:
    """Go through every pair of ratings of one user that are few enough steps apart."""
    first = 0
    for ratings in ratings_of_user:
        for newer in range(first, first + ratings):
            item = items[newer]
            if item >= 0:
                rows = later_rows[first + ratings - 1 - newer]
                for steps in range(min(newer - first + 1, len(together))):
                    older = items[newer - steps]
                    if older >= 0:
                        both = np.float64(weights[newer - steps]) * weights[newer]
                        gram[max(older, item), min(older, item)] += together[steps] * rows * both
                        target[older, item] += follows[steps] * both
        first += ratings

"""The collaborative part: implicit matrix factorisation, with a second look at what a user watched lately.

Alternating least squares (Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback
Datasets", ICDM 2008), by the package `implicit`. It learns the movies; then every user is solved once more
against them, from weights that fall quickly with age.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.model.part import Part
from batch.model.positives import confidences
from batch.settings import Settings

# From vectors that were learned without the newest ratings, so many of the iterations lead to the loss that
# all of them reach from random ones: docs/model.md.
SHARE_OF_ITERATIONS = 0.375


@dataclass(frozen=True)
class Collaborative(Part):
    """What is liked together: a vector per movie, and how a user's vector follows from positives."""

    item_factors: NDArray[np.float32]  # (items, factors)
    losses: list[float]  # one per iteration; none if they were learned elsewhere
    _als: Any = field(repr=False)
    _half_life: float
    mean: NDArray[np.float64] | None = None  # (factors,), the mean of all users, if only some are asked for

    def of_users(self, ratings: Interactions, users: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return (len(users), factors), the vector of each of these users as of the last rating.

        A user without a positive has the mean of the others, which ranks much as popularity does; the zero
        vector would rank by id.
        """
        positives = ratings.matrix(confidences(ratings, self._half_life))[users]
        if not len(users):
            return np.zeros((0, self.item_factors.shape[1]), dtype=np.float32)
        with threadpool_limits(limits=1, user_api="blas"):
            factors = np.asarray(self._als.recalculate_user(np.arange(len(users)), positives))
        has_positives = np.diff(positives.indptr) > 0
        if has_positives.any() and not has_positives.all():
            mean = factors[has_positives].mean(axis=0) if self.mean is None else self.mean
            factors[~has_positives] = mean
        return factors.astype(np.float32)


def fit_collaborative(
    ratings: Interactions,
    settings: Settings,
    advance: Callable[[], None] = lambda: None,
    start: NDArray[np.float32] | None = None,
) -> Collaborative:
    """Learn the vectors of movies from who likes them. Raises InputError if there is no positive.

    `start` are vectors (items, factors) that were learned from most of these ratings, zeros for a new movie:
    then three of eight iterations are enough. `advance` is called after each iteration.
    """
    weights = confidences(ratings, settings.item_half_life)
    als, losses = factorise(ratings.matrix(weights), settings, advance, start)
    return replace(collaborative_of(np.asarray(als.item_factors), settings), losses=losses)


def collaborative_of(item_factors: NDArray[np.float32], settings: Settings) -> Collaborative:
    """Return the collaborative part of movies whose vectors were learned elsewhere."""
    with threadpool_limits(limits=1, user_api="blas"):
        als: Any = AlternatingLeastSquares(
            factors=settings.factors, regularization=settings.regularization, alpha=settings.alpha
        )
    als.item_factors = item_factors
    return Collaborative(item_factors, losses=[], _als=als, _half_life=settings.taste_half_life)


def iterations_from(settings: Settings, *, has_start: bool) -> int:
    """Return how many iterations training takes, from vectors to start with or from random ones."""
    return math.ceil(settings.iterations * SHARE_OF_ITERATIONS) if has_start else settings.iterations


def factorise(
    positives: sparse.csr_matrix,
    settings: Settings,
    advance: Callable[[], None] = lambda: None,
    start: NDArray[np.float32] | None = None,
) -> tuple[Any, list[float]]:
    """Factorise a matrix (users, items) of weights; return implicit's model, and the loss by iteration.

    `start` and `advance` are those of `fit_collaborative`. The same matrix, settings and seed give the same
    bits, whatever the number of threads. Raises InputError if the matrix is empty.
    """
    if positives.nnz == 0:
        raise no_positives()
    losses: list[float] = []

    def after_iteration(_iteration: int, _seconds: float, loss: float) -> None:
        losses.append(float(loss))
        advance()

    # Every row is solved by one thread. BLAS with threads of its own would wait for them, and would
    # make the last bits depend on their number.
    with threadpool_limits(limits=1, user_api="blas"):
        als: Any = AlternatingLeastSquares(
            factors=settings.factors,
            regularization=settings.regularization,
            alpha=settings.alpha,
            iterations=iterations_from(settings, has_start=start is not None),
            random_state=settings.seed,
            calculate_training_loss=True,
        )
        if start is not None:
            # Users are solved first, from the movies alone.
            als.item_factors = start.copy()
            als.user_factors = np.zeros((positives.shape[0], settings.factors), dtype=np.float32)
        als.fit(positives, show_progress=False, callback=after_iteration)
    return als, losses


def no_positives() -> InputError:
    """Return the error of ratings without a positive."""
    return InputError(
        "ratings: none is a positive (half of the scale or more, or without stars), so nothing can be "
        "learned; check the scale of the ratings"
    )

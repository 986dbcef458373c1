"""Ridge: a regression from histories to movies, cut to its strongest directions.

With X a row of what a history holds and Y a row of what should follow from it, W = inv(X'X + lambda I) X'Y.
Reduced-rank regression (Izenman, Journal of Multivariate Analysis 5, 1975, pages 248-264) keeps the
directions of the fitted values that vary most. So W is a vector per movie, and one per movie of a history.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from threadpoolctl import threadpool_limits

# The regression solves a square matrix of movies. Of a larger catalogue it takes those rated most, which have
# nearly all ratings: with 4,000 lists are no better, with 2,000 a little worse. The others have zero vectors.
MAX_ITEMS = 3_000
OVERSAMPLED = 32
POWERS = 2


def core_of(ratings_of_item: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the movies that the regression takes, rising."""
    most_rated = np.argsort(-ratings_of_item, kind="stable")[:MAX_ITEMS]
    return np.sort(most_rated[ratings_of_item[most_rated] > 0])


def solve_ridge(  # noqa: PLR0913, PLR0917 (the regression, and what it is cut to)
    gram: NDArray[np.float32],
    target: NDArray[np.float32],
    core: NDArray[np.intp],
    items: int,
    regularization: float,
    factors: int,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (items, factors) of movies, and the same of movies of a history; zeros outside of `core`.

    `gram` is the lower triangle of X'X, and is overwritten; `target` is X'Y; (core, core) both.
    """
    gram[np.diag_indices(len(core))] += regularization
    # With gram = L L', the fitted values are L^-1 target: their strongest directions are foreseen best.
    lower = linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
    solve: Callable[..., Any] = partial(linalg.solve_triangular, lower, lower=True, check_finite=False)
    directions = strongest(solve, target, factors, seed)
    weights = solve(solve(target @ directions), trans="T")
    item_factors, history_factors = (np.zeros((items, directions.shape[1]), np.float32) for _ in range(2))
    item_factors[core], history_factors[core] = directions, weights
    return item_factors, history_factors


def strongest(
    solve: Callable[..., Any], target: NDArray[np.float32], count: int, seed: int
) -> NDArray[np.float32]:
    """Return the right singular vectors of the largest singular values of L^-1 target, as (movies, count).

    `solve` multiplies by L^-1. By subspace iteration from random directions (Halko, Martinsson and Tropp,
    SIAM Review 53, 2011, algorithm 4.4): to solve for some directions takes less than for all movies.
    """
    size = target.shape[1]
    if size <= count + OVERSAMPLED:
        return np.ascontiguousarray(linalg.svd(solve(target), check_finite=False)[2][:count].T)
    directions = np.random.default_rng(seed).standard_normal((size, count + OVERSAMPLED), dtype=np.float32)
    # For matrices as narrow as these, threads of BLAS wait for each other more than they work.
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(POWERS):
            back = target.T @ solve(solve(target @ directions), trans="T")
            directions = linalg.qr(back, mode="economic", check_finite=False)[0]
        fitted = solve(target @ directions)
        mixed = linalg.svd(fitted, full_matrices=False, check_finite=False)[2][:count].T
    return np.asarray(directions @ mixed)

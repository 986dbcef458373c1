"""Train: every user and every film gets a vector whose inner product is the score.

Implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky, "Collaborative
Filtering for Implicit Feedback Datasets", ICDM 2008), by the package `implicit`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from batch.errors import InputError
from batch.settings import Settings
from sql import statement

# A rating below 3 is no like: on a scale to 5 it says that the film was a disappointment. Such a film
# counts as seen, and is not recommended again, but it does not draw similar films into the list.
LEAST_LIKE = 3.0
HIGHEST_RATING = 5.0


@dataclass(frozen=True)
class Model:
    """What training knows: the vectors, who has seen what, and which films may be in a list."""

    user_factors: NDArray[np.float32]  # (users, factors)
    item_factors: NDArray[np.float32]  # (items, factors)
    seen: sparse.csr_matrix  # (users, items), one entry per rating that counts
    is_candidate: NDArray[np.bool_]  # (items,)
    losses: list[float]  # one per iteration


def train(
    connection: duckdb.DuckDBPyConnection, settings: Settings, advance: Callable[[], None] = lambda: None
) -> Model:
    """Learn the vectors from the table `ratings`; `advance` is called after each iteration.

    Rows and columns of the matrices are in the order of ids as text; the tables `user_indices` and
    `item_indices`, made here, say which is whose. Raises InputError if nobody likes anything.
    """
    connection.execute(statement("train/user_indices"))
    connection.execute(statement("train/item_indices"))
    is_hidden = connection.execute(statement("train/hidden_items")).fetchnumpy()["is_hidden"]
    ratings = _rating_matrix(connection, items=len(is_hidden))
    user_factors, item_factors, losses = factorise(like_weights(ratings), settings, advance)
    return Model(user_factors, item_factors, ratings, ~np.asarray(is_hidden, dtype=np.bool_), losses)


def like_weights(ratings: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return (users, items), how much a user likes a film: 1 for five stars, no entry for no like.

    A rating that is no number, which is a vote without stars, weighs like five stars. Training multiplies
    these weights by `alpha` and calls that confidence.
    """
    stars = np.nan_to_num(ratings.data, nan=HIGHEST_RATING)
    likes = ratings.copy()
    likes.data = np.where(stars >= LEAST_LIKE, stars / HIGHEST_RATING, 0).astype(np.float32)
    likes.eliminate_zeros()
    return likes


def factorise(
    likes: sparse.csr_matrix, settings: Settings, advance: Callable[[], None] = lambda: None
) -> tuple[NDArray[np.float32], NDArray[np.float32], list[float]]:
    """Factorise a matrix (users, items) of likes into vectors (users, factors) and (items, factors).

    Returns both, and the loss after each iteration. The same likes, settings and seed give the same
    bits, whatever the number of threads. Raises InputError if there is no like.
    """
    if likes.nnz == 0:
        raise InputError(
            f"ratings: none is {LEAST_LIKE:g} or more, so nobody likes anything and nothing can be learned; "
            "check the scale of the ratings"
        )
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
            iterations=settings.iterations,
            random_state=settings.seed,
            calculate_training_loss=True,
        )
        als.fit(likes, show_progress=False, callback=after_iteration)
    user_factors = np.asarray(als.user_factors, dtype=np.float32)
    # Nothing is known of the taste of a user who likes nothing: the mean taste is the best guess, and
    # ranks much as popularity does, where the zero vector would rank by id.
    likes_something = np.diff(likes.indptr) > 0
    user_factors[~likes_something] = user_factors[likes_something].mean(axis=0)
    return user_factors, np.asarray(als.item_factors, dtype=np.float32), losses


def _rating_matrix(connection: duckdb.DuckDBPyConnection, items: int) -> sparse.csr_matrix:
    """Return the ratings as a matrix (users, items); a vote without stars is NaN."""
    columns = connection.execute(statement("train/interactions")).fetchnumpy()
    users = np.asarray(columns["user_index"])
    stars = np.ma.filled(columns["rating"], np.nan).astype(np.float32)
    return sparse.csr_matrix(
        (stars, (users, np.asarray(columns["item_index"]))), shape=(int(users.max()) + 1, items)
    )

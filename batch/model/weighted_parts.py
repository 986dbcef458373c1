"""Weighted parts: the vectors of users and movies, whose inner product is the score.

A vector is three parts side by side, and so the score is their sum: the collaborative part
(`batch.model.als`), the sequential part (`batch.model.sequential`), and the popularity trend
(`batch.model.trend`). Their weights depend on how long the user has been inactive: in the middle of a session
the next movie matters, after a week what everybody watches now. docs/model.md gives the formula, and what
each part is worth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.als import Collaborative, fit_collaborative
from batch.model.sequential import Sequential, fit_sequential
from batch.model.trend import trend
from batch.settings import Settings

PART_NAMES = ("collaborative", "sequential", "trend")


@dataclass(frozen=True)
class FittedItems:
    """The learned vectors of the movies, from which those of users follow."""

    collaborative: Collaborative
    sequential: Sequential
    trend: NDArray[np.float32]  # (items,)

    @property
    def factors(self) -> NDArray[np.float32]:
        """Return (items, factors), the vectors of the movies, part by part."""
        return np.hstack([self.collaborative.item_factors, self.sequential.item_factors, self.trend[:, None]])


@dataclass(frozen=True)
class Model:
    """The vectors, who has seen what, and which movies may be in a list."""

    user_factors: NDArray[np.float32]  # (users, factors)
    item_factors: NDArray[np.float32]  # (items, factors)
    parts: list[int]  # how many columns each part of the vectors has, in order
    part_names: tuple[str, ...]  # what each part is called
    seen: sparse.csr_matrix  # (users, items), an entry for each movie that must not be in the list of a user
    is_candidate: NDArray[np.bool_]  # (items,)
    losses: list[float]  # one per iteration of ALS
    weights: NDArray[
        np.float64
    ]  # (users, 2), by what the collaborative and the sequential part were multiplied


def fit_items(
    ratings: Interactions,
    settings: Settings,
    advance: Callable[[], None] = lambda: None,
    start: NDArray[np.float32] | None = None,
) -> FittedItems:
    """Learn what is liked together, what follows what, and what is watched now.

    `start` are collaborative parts (items, factors) that were learned from most of these ratings. `advance`
    is called after each iteration of ALS. Raises InputError if there is no positive.
    """
    return FittedItems(
        collaborative=fit_collaborative(ratings, settings, advance, start),
        sequential=fit_sequential(ratings, settings),
        trend=trend(ratings, settings.trend_half_life),
    )


def fold_in_users(
    fitted: FittedItems, ratings: Interactions, days_inactive: NDArray[np.float64], settings: Settings
) -> Model:
    """Return the model for users with these ratings; the movies may have been learned from others.

    `days_inactive` are (users,) the days from the last rating of each to the moment for which lists are made.
    """
    session_weight = 0.5 ** (days_inactive / settings.gap_half_life)
    # Weights below float32 epsilon become 0: after some weeks a vector has one part less.
    session_weight[session_weight < np.finfo(np.float32).eps] = 0
    has_order = fitted.sequential.item_factors.shape[1] > 0
    in_session = np.flatnonzero(session_weight * settings.next_weight * has_order)
    collaborative = fitted.collaborative.of_users(ratings)
    lately = fitted.sequential.of_users(ratings, in_session)
    weights = np.zeros((ratings.users, 2))
    weights[:, 0] = 1 / _spread(collaborative, fitted.collaborative.item_factors)
    weights[in_session, 1] = settings.next_weight * session_weight[in_session]
    weights[in_session, 1] /= _spread(lately, fitted.sequential.item_factors)
    sequential = np.zeros((ratings.users, lately.shape[1]), dtype=np.float32)
    sequential[in_session] = lately * weights[in_session, 1:]
    parts = [
        (collaborative * weights[:, :1]).astype(np.float32),
        sequential,
        (settings.trend_weight * (1 - session_weight[:, None])).astype(np.float32),
    ]
    return Model(
        user_factors=np.hstack(parts),
        item_factors=fitted.factors,
        parts=[part.shape[1] for part in parts],
        part_names=PART_NAMES,
        seen=ratings.unlistable,
        is_candidate=~ratings.is_hidden,
        losses=fitted.collaborative.losses,
        weights=weights,
    )


def with_seen(model: Model, users: NDArray[np.int32], items: NDArray[np.int32]) -> Model:
    """Return the same model, in which users have seen these movies too."""
    more = sparse.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=model.seen.shape)
    return replace(model, seen=model.seen + more) if len(users) else model


def _spread(users: NDArray[np.float32], items: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (users,), the standard deviation of the scores of each over all movies; 1 where all are alike.

    Divided by it, the parts of a score can be weighed against each other.
    """
    if not items.shape[1]:
        return np.ones(len(users))
    covariance = np.cov(items, rowvar=False, bias=True, dtype=np.float64).reshape(
        items.shape[1], items.shape[1]
    )
    spread = np.sqrt(np.maximum(np.einsum("uf,fg,ug->u", users, covariance, users, optimize=True), 0))
    return np.where(spread > 0, spread, 1.0)

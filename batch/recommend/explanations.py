"""Explanations: for every movie of a list, why it is there, and the movie of the history that explains it.

A score is a sum over the movies of the user's history, and beside it genres and trend. Nothing is estimated:
a score comes apart as it was put together. `batch.recommend.reasons` says which summand is the explanation.

**The collaborative part.** The vector of a user solves A u = sum over j of c_j y_j, with y the vectors of
movies, c_j = alpha times the weight of positive j, which falls with its age, and
A = Y'Y + lambda I + sum over j of (c_j - 1) y_j y_j'.
So positive j adds c_j y_i' inv(A) y_j to the score of movie i (Hu, Koren and Volinsky, ICDM 2008, section 5).
A differs from user to user by a little: with L L' = Y'Y + lambda I, the same for all, and z = inv(L) y, that
is c_j z_i' inv(B) z_j, where B = I + sum over j of (c_j - 1) z_j z_j' is near the unit matrix, and single
precision is enough for it.

**The sequential part and the personal trend.** The vector of a user is a weighted sum over the history, so
each movie adds its own product.

All are weighed as they are in the score. Genres and the popularity trend belong to no movie of the history.
"""

import logging
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from batch.data.interactions import Interactions
from batch.model.positives import confidences, is_positive, recency, step_weights
from batch.model.weighted_parts import FittedItems, Model
from batch.recommend.explained import COMMON, NEW, TRENDING, Block, Fitted, explain_block
from batch.recommend.reasons import Everybody, Explanations, is_of, likeness_of, usual_of
from batch.recommend.topn import Advance, TopN
from batch.runtime.threads import run_in_threads
from batch.settings import Settings

log = logging.getLogger("batch")

USERS_PER_BLOCK = 512
# A positive whose weight is below the epsilon of single precision explains nothing.
MIN_WEIGHT = float(np.finfo(np.float32).eps)


def explain(  # noqa: PLR0913, PLR0917 (all that a score is made of)
    fitted: FittedItems,
    model: Model,
    ratings: Interactions,
    lists: TopN,
    everybody: Everybody,
    settings: Settings,
    advance: Advance = lambda _users: None,
) -> Explanations:
    """Return, for each row of `lists`, why it is there, and the movie of the history that explains it.

    That is a positive, since nobody is drawn to anything by a disappointment, and not hidden. There is none
    if no such movie adds anything. Of equals it is the first in the order of items. `advance` is called with
    the number of users done since the last call. The result does not depend on the number of threads.
    """
    compact = _compact(fitted, model, ratings, everybody, settings)
    weights, usual = model.weights.astype(np.float32), usual_of(model)
    genres_and_trend = model.user_factors[:, is_of(model, "genres", "trend")]
    rating_ends = _ends(ratings.user_index, ratings.users)
    list_ends = _ends(lists.user_index, ratings.users)
    found = np.full(len(lists.item_index), -1, dtype=np.int32)
    reasons = np.zeros(len(found), dtype=np.int8)
    unsolved: list[int] = []

    def explain_users(first: int) -> int:
        last = min(first + USERS_PER_BLOCK, ratings.users)
        rows, places = (slice(ends[first], ends[last]) for ends in (rating_ends, list_ends))
        of_rows = settings.alpha * confidences(ratings, settings.taste_half_life, rows)
        is_kept = is_positive(ratings.weight[rows])
        user_index, ages = ratings.user_index[rows][is_kept] - first, ratings.age[rows][is_kept]
        positive_ends = _ends(user_index, last - first)
        is_explaining = (of_rows[is_kept] >= settings.alpha * MIN_WEIGHT) | (compact.next_weights[ages] > 0)
        is_explaining |= weights[first:last, 2][user_index] > 0
        # By user as before, but the newest first.
        newest = (positive_ends[:-1] + positive_ends[1:] - 1)[user_index] - np.arange(len(user_index))
        block = Block(
            positive_ends=positive_ends,
            items=ratings.item_index[rows][is_kept][newest],
            ages=ages[newest],
            confidences=of_rows[is_kept][newest],
            steps=step_weights(ratings, rows)[is_kept][newest],
            explaining=_explaining(is_explaining, user_index, positive_ends),
            list_ends=list_ends[first : last + 1] - list_ends[first],
            listed=lists.item_index[places],
            scores=lists.score[places],
            weights=weights[first:last],
            genres_and_trend=np.ascontiguousarray(genres_and_trend[first:last]),
            usual=usual[first:last],
        )
        unsolved.append(explain_block(compact, block, found[places], reasons[places]))
        return last - first

    blocks = range(0, ratings.users, USERS_PER_BLOCK)
    run_in_threads((partial(explain_users, first) for first in blocks), advance)
    if sum(unsolved):
        log.warning(
            "the lists of %s users have no explanations: their computation is not exact enough in single "
            "precision; use a higher --regularization or --alpha",
            f"{sum(unsolved):,}",
        )
    reasons[reasons == COMMON] = TRENDING
    reasons[everybody.is_new[lists.item_index] & (found < 0)] = NEW
    return Explanations(found, reasons)


def _compact(
    fitted: FittedItems, model: Model, ratings: Interactions, everybody: Everybody, settings: Settings
) -> Fitted:
    ages = np.arange(ratings.ratings_of_user.max(initial=0), dtype=np.int32)
    next_weights = recency(ages, settings.next_half_life)
    next_weights[next_weights < MIN_WEIGHT] = 0
    return Fitted(
        is_hidden=ratings.is_hidden,
        is_new=everybody.is_new,
        next_weights=next_weights,
        collaborative=_evened_out(
            fitted.collaborative.item_factors, settings.regularization, ratings.known_items
        ),
        next_items=fitted.sequential.item_factors,
        next_history=fitted.sequential.history_factors,
        personal_items=fitted.personal_trend.item_factors,
        personal_history=fitted.personal_trend.history_factors,
        genres_and_trend=np.ascontiguousarray(model.item_factors[:, is_of(model, "genres", "trend")]),
        everybody=everybody.personal_trend,
        likeness=likeness_of(fitted),
    )


def _explaining(
    is_explaining: NDArray[np.bool_], user_index: NDArray[np.int32], positive_ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return (users,), how many positives of each there are down to the oldest that explains anything."""
    oldest = positive_ends[1:].copy()
    found = np.flatnonzero(is_explaining)[::-1]
    oldest[user_index[found]] = found
    return np.asarray(positive_ends[1:] - oldest)


def _ends(user_index: NDArray[np.int32], users: int) -> NDArray[np.int64]:
    """Return (users + 1,), where the rows of each user begin, and those of the one before end."""
    return np.concatenate([[0], np.cumsum(np.bincount(user_index, minlength=users))])


def _evened_out(collaborative: NDArray[np.float32], regularization: float, known: int) -> NDArray[np.float32]:
    """Return (items, factors), the vectors z above; users are solved against the first items, the known."""
    vectors = collaborative.astype(np.float64)
    gram = vectors[:known].T @ vectors[:known]
    gram[np.diag_indices(len(gram))] += regularization
    lower = linalg.cholesky(gram, lower=True)
    return np.ascontiguousarray(linalg.solve_triangular(lower, vectors.T, lower=True).T, dtype=np.float32)

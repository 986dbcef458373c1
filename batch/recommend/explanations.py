"""Explanations: for every movie of a list, the movie of the user's history that adds most to its score.

A score is a sum over the movies of the user's history, and an explanation is its largest summand. Nothing is
estimated: a score comes apart as it was put together.

**The collaborative part.** The vector of a user solves A u = sum over j of c_j y_j, with y the vectors of
movies, c_j = alpha times the weight of positive j, which falls with its age, and
A = Y'Y + lambda I + sum over j of (c_j - 1) y_j y_j'.
So positive j adds c_j y_i' inv(A) y_j to the score of movie i (Hu, Koren and Volinsky, ICDM 2008, section 5).
A differs from user to user by a little: with L L' = Y'Y + lambda I, the same for all, and z = inv(L) y, that
is c_j z_i' inv(B) z_j, where B = I + sum over j of (c_j - 1) z_j z_j' is near the unit matrix, and single
precision is enough for it.

**The sequential part and the personal trend.** The vector of a user is a weighted sum over the history, so
each movie adds its own product.

All are weighed as they are in the score. Genres and the popularity trend belong to no movie.
"""

import logging
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from batch.data.interactions import Interactions
from batch.model.positives import confidences, is_positive, recency, step_weights
from batch.model.weighted_parts import FittedItems, Model
from batch.recommend.inverse import invert_positive
from batch.recommend.topn import Advance, TopN
from batch.runtime.jit import compiled, compiled_inside
from batch.runtime.threads import run_in_threads
from batch.settings import Settings

log = logging.getLogger("batch")

USERS_PER_BLOCK = 512
# A positive whose weight is below the epsilon of single precision explains nothing.
MIN_WEIGHT = float(np.finfo(np.float32).eps)


class _Model(NamedTuple):
    """All of the model that an explanation is found from, as compiled code takes it."""

    is_hidden: NDArray[np.bool_]  # (items,)
    next_weights: NDArray[np.float32]  # in the sequential part, by how many newer ratings there are
    collaborative: NDArray[np.float32]  # (items, factors), z above
    next_items: NDArray[np.float32]  # (items, factors), as the next movie
    next_history: NDArray[np.float32]  # (items, factors), as part of a history
    personal_items: NDArray[np.float32]  # (items, factors), the personal trend
    personal_history: NDArray[np.float32]  # (items, factors), the same, as part of a history


class _Block(NamedTuple):
    """Some users, their positives, oldest first, and their lists."""

    positive_ends: NDArray[np.int64]  # (users + 1,)
    items: NDArray[np.int32]  # of each positive
    ages: NDArray[np.int32]  # how many newer ratings there are
    confidences: NDArray[np.float32]  # c above
    steps: NDArray[np.float32]  # by what their weights in the two other parts are multiplied
    explaining: NDArray[np.int64]  # (users,), how many positives, the newest, can explain anything
    list_ends: NDArray[np.int64]  # (users + 1,)
    listed: NDArray[np.int32]  # the movies of the lists, by user and rank
    weights: NDArray[np.float32]  # (users, 3), those of `Model`


def explain(  # noqa: PLR0913, PLR0917 (all that a score is made of)
    fitted: FittedItems,
    model: Model,
    ratings: Interactions,
    lists: TopN,
    settings: Settings,
    advance: Advance = lambda _users: None,
) -> NDArray[np.int32]:
    """Return, for each row of `lists`, the movie of the history that adds most to the score; -1 for none.

    It is a positive, since nobody is drawn to anything by a disappointment, and not hidden. There is none if
    no such movie adds anything. Of equals it is the first in the order of items. `advance` is called with the
    number of users done since the last call. The result does not depend on the number of threads.
    """
    compact = _compact(fitted, ratings, settings)
    weights = model.weights.astype(np.float32)
    rating_ends = _ends(ratings.user_index, ratings.users)
    list_ends = _ends(lists.user_index, ratings.users)
    found = np.full(len(lists.item_index), -1, dtype=np.int32)
    unsolved: list[int] = []

    def explain_block(first: int) -> int:
        last = min(first + USERS_PER_BLOCK, ratings.users)
        rows, places = (slice(ends[first], ends[last]) for ends in (rating_ends, list_ends))
        of_rows = settings.alpha * confidences(ratings, settings.taste_half_life, rows)
        is_kept = is_positive(ratings.weight[rows])
        user_index, ages = ratings.user_index[rows][is_kept] - first, ratings.age[rows][is_kept]
        positive_ends = _ends(user_index, last - first)
        is_explaining = (of_rows[is_kept] >= settings.alpha * MIN_WEIGHT) | (compact.next_weights[ages] > 0)
        is_explaining |= weights[first:last, 2][user_index] > 0
        block = _Block(
            positive_ends=positive_ends,
            items=ratings.item_index[rows][is_kept],
            ages=ages,
            confidences=of_rows[is_kept],
            steps=step_weights(ratings, rows)[is_kept],
            explaining=_explaining(is_explaining, user_index, positive_ends),
            list_ends=list_ends[first : last + 1] - list_ends[first],
            listed=lists.item_index[places],
            weights=weights[first:last],
        )
        unsolved.append(_explain_block(compact, block, found[places]))
        return last - first

    blocks = range(0, ratings.users, USERS_PER_BLOCK)
    run_in_threads((partial(explain_block, first) for first in blocks), advance)
    if sum(unsolved):
        log.warning(
            "the lists of %s users have no explanations: their computation is not exact enough in single "
            "precision; use a higher --regularization or --alpha",
            f"{sum(unsolved):,}",
        )
    return found


def _compact(fitted: FittedItems, ratings: Interactions, settings: Settings) -> _Model:
    ages = np.arange(ratings.ratings_of_user.max(initial=0), dtype=np.int32)
    next_weights = recency(ages, settings.next_half_life)
    next_weights[next_weights < MIN_WEIGHT] = 0
    return _Model(
        is_hidden=ratings.is_hidden,
        next_weights=next_weights,
        collaborative=_evened_out(
            fitted.collaborative.item_factors, settings.regularization, ratings.known_items
        ),
        next_items=fitted.sequential.item_factors,
        next_history=fitted.sequential.history_factors,
        personal_items=fitted.personal_trend.item_factors,
        personal_history=fitted.personal_trend.history_factors,
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


@compiled
def _explain_block(model: _Model, block: _Block, found: NDArray[np.int32]) -> int:
    """Fill in `found`, as long as the lists and -1 so far.

    Returns how many users have no explanations since single precision is not enough for theirs.
    """
    unsolved = 0
    for user in range(len(block.weights)):
        begin, end = block.list_ends[user], block.list_ends[user + 1]
        explaining = block.explaining[user]
        if begin == end or explaining == 0:
            continue
        # Newest first: those that weigh anything come before the others.
        positives = slice(block.positive_ends[user], block.positive_ends[user + 1])
        items, ages = block.items[positives][::-1], block.ages[positives][::-1]
        confidences, steps = block.confidences[positives][::-1], block.steps[positives][::-1]
        listed, (of_collaborative, of_sequential, of_personal) = block.listed[begin:end], block.weights[user]
        added = np.zeros((explaining, len(listed)), dtype=np.float32)
        if of_collaborative > 0:
            added = _collaborative(model, items, confidences, explaining, of_collaborative, listed)
            if len(added) == 0:
                unsolved += 1
                continue
        if of_sequential > 0:
            _add_sequential(model, items[:explaining], ages, steps, of_sequential, listed, added)
        if of_personal > 0:
            _add_personal(model, items[:explaining], steps, of_personal, listed, added)
        _choose(items[:explaining], model.is_hidden, added, found[begin:end])
    return unsolved


@compiled_inside
def _collaborative(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    model: _Model,
    items: NDArray[np.int32],
    confidences: NDArray[np.float32],
    explaining: int,
    weight: np.float32,
    listed: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Return (explaining, listed), what positives add to the collaborative part; (0, listed) if unsolved."""
    factors = model.collaborative.shape[1]
    vectors = np.empty((len(items), factors), dtype=np.float32)
    weighted = np.empty((len(items), factors), dtype=np.float32)
    for row in range(len(items)):
        # A positive whose weight is zero in single precision is none: `batch.model.als` leaves it out, too.
        more = confidences[row] - np.float32(1) if confidences[row] > 0 else np.float32(0)
        vector = model.collaborative[items[row]]
        for column in range(factors):
            vectors[row, column] = vector[column]
            weighted[row, column] = vector[column] * more
    system = np.empty((factors, factors), dtype=np.float32)
    np.dot(vectors.T, weighted, system)
    for column in range(factors):
        system[column, column] += 1
    if not invert_positive(system):
        return np.empty((0, len(listed)), dtype=np.float32)
    for row in range(explaining):
        share = weight * confidences[row]
        for column in range(factors):
            weighted[row, column] = vectors[row, column] * share
    solved = np.dot(weighted[:explaining], system)  # c_j weight z_j' inv(B)
    added: NDArray[np.float32] = np.dot(solved, model.collaborative[listed].T)
    return added


@compiled_inside
def _add_sequential(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    model: _Model,
    items: NDArray[np.int32],
    ages: NDArray[np.int32],
    steps: NDArray[np.float32],
    weight: np.float32,
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (explaining, listed)
) -> None:
    """Add what positives add to the sequential part, to which only the newest add anything."""
    lately = 0
    while lately < len(items) and model.next_weights[ages[lately]] > 0:
        lately += 1
    follows = np.dot(model.next_history[items[:lately]], model.next_items[listed].T)
    for row in range(lately):
        share = weight * model.next_weights[ages[row]] * steps[row]
        adds, of_positive = added[row], follows[row]
        for place in range(len(listed)):
            adds[place] += share * of_positive[place]


@compiled_inside
def _add_personal(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    model: _Model,
    items: NDArray[np.int32],
    steps: NDArray[np.float32],
    weight: np.float32,
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (explaining, listed)
) -> None:
    """Add what positives add to the personal trend."""
    speaks = np.dot(model.personal_history[items], model.personal_items[listed].T)
    for row in range(len(items)):
        share = weight * steps[row]
        adds, of_positive = added[row], speaks[row]
        for place in range(len(listed)):
            adds[place] += share * of_positive[place]


@compiled_inside
def _choose(
    items: NDArray[np.int32],
    is_hidden: NDArray[np.bool_],
    added: NDArray[np.float32],  # (explaining, listed)
    found: NDArray[np.int32],  # (listed,), -1 so far
) -> None:
    """Fill in the movie that adds most to each score, if any of them adds something; of equals the first."""
    most = np.zeros(len(found), dtype=np.float32)
    for row in range(len(items)):
        item, adds = items[row], added[row]
        if not is_hidden[item]:
            # Without a branch, several places are looked at in one go.
            for place in range(len(found)):
                is_more = adds[place] > most[place]
                is_first = adds[place] == most[place] and item < found[place]
                found[place] = item if is_more or is_first else found[place]
                most[place] = max(most[place], adds[place])

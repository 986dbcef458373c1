"""Because: for every movie of a list, the movie of the user's history that speaks most for it.

A score is a sum over the movies of the user's history, and what one of them adds to it is what it says for
the recommended movie. Nothing is estimated: a score comes apart as it was put together.

**Taste.** The vector of a user solves A u = sum over j of c_j y_j, with y the vectors of movies, c_j = alpha
times the weight of like j, and A = Y'Y + lambda I + sum over j of (c_j - 1) y_j y_j'. So like j adds
c_j y_i' inv(A) y_j to the score of movie i (Hu, Koren and Volinsky, ICDM 2008, section 5). A differs from
user to user by a little: with L L' = Y'Y + lambda I, the same for all, and z = inv(L) y, that is
c_j z_i' inv(B) z_j, where B = I + sum over j of (c_j - 1) z_j z_j' is near the unit matrix, and single
precision is enough for it.

**Next.** The vector of a user is a weighted sum over the history, so each movie adds its own product.

Both are weighed as they are in the score. The trend belongs to no movie.

For each user that is four small steps: the sum B over all likes, its inverse, a product of those that weigh
anything with it and with the movies of the list, and the largest of each. They are taken in compiled code, by
blocks of users in threads.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from threadpoolctl import threadpool_limits

from batch.data.interactions import Interactions
from batch.model.embedding import FittedItems, Model
from batch.model.positives import is_positive, recency
from batch.recommend.inverse import invert_positive
from batch.recommend.topn import Advance, TopN, cores
from batch.runtime.jit import compiled, compiled_inside
from batch.settings import Settings

log = logging.getLogger("batch")

USERS_PER_BLOCK = 512
# What single precision can't tell from nothing is nothing: a like that weighs less is no reason.
MIN_WEIGHT = float(np.finfo(np.float32).eps)


class _Given(NamedTuple):
    """All that a reason is found from, as compiled code takes it."""

    list_ends: NDArray[np.int64]  # (users + 1,)
    list_items: NDArray[np.int32]  # of all lists, by user and rank
    rating_ends: NDArray[np.int64]  # (users + 1,)
    rating_items: NDArray[np.int32]  # of all ratings, by user and oldest first
    is_positive: NDArray[np.bool_]  # of all ratings
    is_hidden: NDArray[np.bool_]  # (items,)
    confidences: NDArray[np.float32]  # c above, by how many newer ratings there are
    least_confidence: np.float32
    next_weights: NDArray[np.float32]  # in the next part, by how many newer ratings there are
    weights: NDArray[np.float32]  # (users, 2), of taste and next
    collaborative: NDArray[np.float32]  # (items, factors), z above
    next_items: NDArray[np.float32]  # (items, factors), as the next movie
    next_history: NDArray[np.float32]  # (items, factors), as part of a history


def explain(  # noqa: PLR0913, PLR0917 (all that a score is made of)
    fitted: FittedItems,
    model: Model,
    ratings: Interactions,
    lists: TopN,
    settings: Settings,
    advance: Advance = lambda _users: None,
) -> NDArray[np.int32]:
    """Return, for each row of `lists`, the movie of the history that adds most to the score; -1 for none.

    It is a like, since nobody is drawn to anything by a disappointment, and not hidden. There is none where
    no such movie adds anything. Of equals it is the first in the order of items. `advance` is called with the
    number of users done since the last call. The result does not depend on the number of threads.
    """
    ages = np.arange(ratings.ratings_of_user.max(initial=0), dtype=np.int32)
    next_weights = recency(ages, settings.next_half_life)
    given = _Given(
        list_ends=_ends(lists.user_index, ratings.users),
        list_items=lists.item_index,
        rating_ends=_ends(ratings.user_index, ratings.users),
        rating_items=ratings.item_index,
        is_positive=is_positive(ratings.rating),
        is_hidden=ratings.is_hidden,
        confidences=(settings.alpha * recency(ages, settings.taste_half_life)).astype(np.float32),
        least_confidence=np.float32(settings.alpha * MIN_WEIGHT),
        next_weights=np.where(next_weights < MIN_WEIGHT, np.float32(0), next_weights),
        weights=model.weights.astype(np.float32),
        collaborative=_evened_out(fitted.collaborative.item_factors, settings.regularization),
        next_items=fitted.sequential.item_factors,
        next_history=fitted.sequential.history_factors,
    )
    found = np.full(len(lists.item_index), -1, dtype=np.int32)
    unsolved: list[int] = []

    def of_block(first: int) -> int:
        last = min(first + USERS_PER_BLOCK, ratings.users)
        longest = int(ratings.ratings_of_user[first:last].max())
        unsolved.append(_find(first, last, longest, given, found))
        return last - first

    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(cores()) as pool:
        try:
            for done in pool.map(of_block, range(0, ratings.users, USERS_PER_BLOCK)):
                advance(done)
        finally:
            pool.shutdown(cancel_futures=True)
    if sum(unsolved):
        log.warning(
            "%s users have lists without explanations: the sums behind them are too close to zero for "
            "single precision; a higher --regularization or --alpha gives them room",
            f"{sum(unsolved):,}",
        )
    return found


def _ends(user_index: NDArray[np.int32], users: int) -> NDArray[np.int64]:
    """Return (users + 1,), where the rows of each user begin, and those of the one before end."""
    return np.concatenate([[0], np.cumsum(np.bincount(user_index, minlength=users))])


def _evened_out(collaborative: NDArray[np.float32], regularization: float) -> NDArray[np.float32]:
    """Return (items, factors), the vectors z above."""
    vectors = collaborative.astype(np.float64)
    gram = vectors.T @ vectors
    gram[np.diag_indices(len(gram))] += regularization
    lower = linalg.cholesky(gram, lower=True)
    return np.ascontiguousarray(linalg.solve_triangular(lower, vectors.T, lower=True).T, dtype=np.float32)


@compiled
def _find(first_user: int, last_user: int, longest: int, given: _Given, found: NDArray[np.int32]) -> int:
    """Find the reasons of some users, one after the other; `found` is as long as the lists, and -1 so far.

    No user has more ratings than `longest`. Returns how many users have none since single precision is not
    enough for theirs.
    """
    unsolved = 0
    # Memory that is used again is in cache; memory that is asked for anew must be cleared first.
    items, ages = np.empty(longest, dtype=np.int32), np.empty(longest, dtype=np.int32)
    vectors = np.empty((longest, given.collaborative.shape[1]), dtype=np.float32)
    weighted = np.empty((longest, given.collaborative.shape[1]), dtype=np.float32)
    for user in range(first_user, last_user):
        first, last = given.list_ends[user], given.list_ends[user + 1]
        positives, explanations = _take_likes(user, given, items, ages)
        if first == last or explanations == 0:
            continue
        listed = given.list_items[first:last]
        added = _of_taste(
            given, items[:positives], ages[:positives], explanations, given.weights[user, 0],
            listed, vectors[:positives], weighted[:positives],
        )  # fmt: skip
        if len(added) == 0:
            unsolved += 1
            continue
        if given.weights[user, 1] > 0:
            _add_next(given, items[:explanations], ages[:explanations], given.weights[user, 1], listed, added)
        _choose(items[:explanations], given.is_hidden, added, found[first:last])
    return unsolved


@compiled_inside
def _take_likes(
    user: int, given: _Given, items: NDArray[np.int32], ages: NDArray[np.int32]
) -> tuple[int, int]:
    """Fill in what a user likes, newest first; return how many movies, and how many of them weigh anything.

    Those come first. A like whose weight is zero in single precision is none: `batch.model.als` leaves it
    out too.
    """
    positives, explanations = 0, 0
    newest = given.rating_ends[user + 1] - 1
    for row in range(newest, given.rating_ends[user] - 1, -1):
        age = newest - row
        if given.is_positive[row] and given.confidences[age] > 0:
            items[positives], ages[positives] = given.rating_items[row], age
            positives += 1
            if given.confidences[age] >= given.least_confidence or given.next_weights[age] > 0:
                explanations = positives
    return positives, explanations


@compiled_inside
def _of_taste(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    given: _Given,
    items: NDArray[np.int32],
    ages: NDArray[np.int32],
    explanations: int,
    weight: np.float32,
    listed: NDArray[np.int32],
    vectors: NDArray[np.float32],
    weighted: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return (reasons, listed), what each like adds to the taste part of each score; (0, listed) if unsolved.

    The last two are room, (likes, factors).
    """
    for like in range(len(items)):
        vector, more = given.collaborative[items[like]], given.confidences[ages[like]] - np.float32(1)
        for column in range(len(vector)):
            vectors[like, column] = vector[column]
            weighted[like, column] = vector[column] * more
    system = np.empty((vectors.shape[1], vectors.shape[1]), dtype=np.float32)
    np.dot(vectors.T, weighted, system)
    for column in range(len(system)):
        system[column, column] += 1
    for like in range(explanations):
        share = weight * given.confidences[ages[like]]
        for column in range(len(system)):
            weighted[like, column] = vectors[like, column] * share
    if not invert_positive(system):
        return np.empty((0, len(listed)), dtype=np.float32)
    of_likes = vectors[:explanations]  # from here on: c_j weight z_j' inv(B)
    np.dot(weighted[:explanations], system, of_likes)
    added = np.empty((explanations, len(listed)), dtype=np.float32)
    np.dot(of_likes, given.collaborative[listed].T, added)
    return added


@compiled_inside
def _add_next(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    given: _Given,
    items: NDArray[np.int32],
    ages: NDArray[np.int32],
    weight: np.float32,
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (reasons, listed)
) -> None:
    """Add what each like adds to the next part, to which only the newest add anything."""
    lately = 0
    while lately < len(items) and given.next_weights[ages[lately]] > 0:
        lately += 1
    follows = np.empty((lately, len(listed)), dtype=np.float32)
    np.dot(given.next_history[items[:lately]], given.next_items[listed].T, follows)
    for row in range(lately):
        share = weight * given.next_weights[ages[row]]
        for place in range(len(listed)):
            added[row, place] += share * follows[row, place]


@compiled_inside
def _choose(
    items: NDArray[np.int32],
    is_hidden: NDArray[np.bool_],
    added: NDArray[np.float32],  # (reasons, listed)
    found: NDArray[np.int32],  # (listed,), -1 so far
) -> None:
    """Fill in the movie that adds most to each score, if any of them adds something; of equals the first."""
    most = np.empty(len(found), dtype=np.float32)
    most[:] = 0
    for like in range(len(items)):
        item, of_like = items[like], added[like]
        if not is_hidden[item]:
            # Without a branch, several places are looked at in one go.
            for place in range(len(found)):
                is_more = of_like[place] > most[place]
                is_first = of_like[place] == most[place] and item < found[place]
                found[place] = item if is_more or is_first else found[place]
                most[place] = max(most[place], of_like[place])

"""Explained: the compiled code that finds reasons and explanations; `batch.recommend.reasons` says how.

All of it and its numbers are in this module, since compiled code is kept until its own module changes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.recommend.inverse import invert_positive
from batch.runtime.jit import compiled, compiled_here, compiled_inside

# By code. They begin with different letters, by which look-ups know them.
REASONS = ("people", "because", "genres", "trending", "new")
PEOPLE, BECAUSE, GENRES, TRENDING, NEW = range(len(REASONS))
# The history leads, but it is as usual: what has no other reason is trending.
COMMON = len(REASONS)

# What weighs an item of the history that has no genre in common; one with the same genres weighs 1 more.
WEIGHT_OF_OTHERS = np.float32(0.5)
# An item explains nothing if it adds less than this share of what another one adds.
MIN_OF_MOST = np.float32(1 / 3)
# Trending is what is watched so much more than the mean, in standard deviations.
MIN_TREND = np.float32(1)
# Less than what single precision can tell from nothing is nothing.
SMALLEST = np.float32(np.finfo(np.float32).tiny)
# Alike are items that have this share of their genres in common. An item that adds this share of all that the
# history adds needs no genres, if those of one of both are unknown.
MIN_ALIKE, MIN_SHARE = np.float32(1 / 3), np.float32(0.1)
# The same people like both, if the cosine of their vectors is as much.
MIN_COSINE = np.float32(0.2)
# Of so many places, one item explains at most so many where another adds nearly as much.
PLACES, MAX_TURNS, NEARLY = 10, 2, np.float32(0.8)


class Likeness(NamedTuple):
    """The genres of all items, of which one that is rare weighs more, and who likes them."""

    ends: NDArray[np.int32]  # (items + 1,), where the genres of each item begin and end
    genres: NDArray[np.int32]
    weights: NDArray[np.float32]  # (genres,)
    total: NDArray[np.float32]  # (items,), the sum of these weights; 0 if the genres are unknown
    people: NDArray[np.float32]  # (items, factors), the collaborative part, of length 1


class Fitted(NamedTuple):
    """All of the model that an explanation is found from, as compiled code takes it."""

    is_hidden: NDArray[np.bool_]  # (items,)
    is_new: NDArray[np.bool_]  # (items,)
    next_weights: NDArray[np.float32]  # in the sequential part, by how many newer ratings there are
    collaborative: NDArray[np.float32]  # (items, factors), z above
    next_items: NDArray[np.float32]  # (items, factors), as the next movie
    next_history: NDArray[np.float32]  # (items, factors), as part of a history
    personal_items: NDArray[np.float32]  # (items, factors), the personal trend
    personal_history: NDArray[np.float32]  # (items, factors), the same, as part of a history
    genres_and_trend: NDArray[np.float32]  # (items, genres + 1)
    everybody: NDArray[np.float32]  # (items,), what the personal trend adds for everybody
    likeness: Likeness


class Block(NamedTuple):
    """Some users, their positives, newest first, and their lists."""

    positive_ends: NDArray[np.int64]  # (users + 1,)
    items: NDArray[np.int32]  # of each positive
    ages: NDArray[np.int32]  # how many newer ratings there are
    confidences: NDArray[np.float32]  # c above
    steps: NDArray[np.float32]  # by what their weights in the two other parts are multiplied
    explaining: NDArray[np.int64]  # (users,), how many positives, the newest, can explain anything
    list_ends: NDArray[np.int64]  # (users + 1,)
    listed: NDArray[np.int32]  # the movies of the lists, by user and rank
    scores: NDArray[np.float32]  # of the same
    weights: NDArray[np.float32]  # (users, 3), those of `Model`
    genres_and_trend: NDArray[np.float32]  # (users, genres + 1), of the vectors of users
    usual: NDArray[np.float32]  # (users, 4), that of `usual_of`


@compiled
def explain_block(model: Fitted, block: Block, found: NDArray[np.int32], reasons: NDArray[np.int8]) -> int:
    """Fill in `found`, -1 so far, and `reasons`; both are as long as the lists.

    Returns how many users have no explanations since single precision is not enough for theirs.
    """
    unsolved = 0
    for user in range(len(block.weights)):
        begin, end = block.list_ends[user], block.list_ends[user + 1]
        listed, explaining = block.listed[begin:end], block.explaining[user]
        _add_leads(
            block.scores[begin:end],
            block.genres_and_trend[user],
            model.genres_and_trend,
            listed,
            block.usual[user],
            model.everybody,
            reasons[begin:end],
        )
        if begin == end or explaining == 0:
            continue
        first, last = block.positive_ends[user], block.positive_ends[user + 1]
        items = block.items[first:last]
        # Those that weigh anything come before the others.
        history = items[:explaining]
        added = np.zeros((explaining, len(listed)), dtype=np.float32)
        of_collaborative, of_sequential, of_personal = block.weights[user]
        if of_collaborative > 0 and not _set_collaborative(
            model, items, block.confidences[first:last], of_collaborative, listed, added
        ):
            unsolved += 1
            continue
        lately = _weigh_lately(model.next_weights, block.ages[first:last], block.steps[first:last], history)
        _add_products(model.next_history, model.next_items, history, lately, of_sequential, listed, added)
        steps = block.steps[first:last]
        _add_products(
            model.personal_history, model.personal_items, history, steps, of_personal, listed, added
        )
        _choose(model, history, listed, added, found[begin:end], reasons[begin:end])
    return unsolved


@compiled_inside
def _set_collaborative(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    model: Fitted,
    items: NDArray[np.int32],
    confidences: NDArray[np.float32],
    weight: np.float32,
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (explaining, listed)
) -> bool:
    """Fill in what positives add to the collaborative part, and return whether that could be solved."""
    factors = model.collaborative.shape[1]
    vectors = _rows(model.collaborative, items, len(items))
    weighted = np.empty((len(items), factors), dtype=np.float32)
    for row in range(len(items)):
        # A positive whose weight is zero in single precision is none: `batch.model.als` leaves it out, too.
        more = confidences[row] - np.float32(1) if confidences[row] > 0 else np.float32(0)
        for column in range(factors):
            weighted[row, column] = vectors[row, column] * more
    system = np.empty((factors, factors), dtype=np.float32)
    np.dot(vectors.T, weighted, system)
    for column in range(factors):
        system[column, column] += 1
    if not invert_positive(system):
        return False
    shares = np.empty((len(added), factors), dtype=np.float32)
    for row in range(len(added)):
        share = weight * confidences[row]
        for column in range(factors):
            shares[row, column] = vectors[row, column] * share
    # The system is symmetric. Each row is c_j weight z_j' inv(B).
    solved = np.empty((len(added), factors), dtype=np.float32)
    np.dot(shares, system.T, solved)
    np.dot(solved, _rows(model.collaborative, listed, len(listed)).T, added)
    return True


@compiled_inside
def _weigh_lately(
    next_weights: NDArray[np.float32],
    ages: NDArray[np.int32],
    steps: NDArray[np.float32],
    history: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Return what the newest positives weigh in the sequential part, to which no others add anything."""
    lately = 0
    while lately < len(history) and next_weights[ages[lately]] > 0:
        lately += 1
    weights = np.empty(lately, dtype=np.float32)
    for row in range(lately):
        weights[row] = next_weights[ages[row]] * steps[row]
    return weights


@compiled_here
def _add_products(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    of_history: NDArray[np.float32],  # (items, factors)
    of_items: NDArray[np.float32],  # (items, factors)
    history: NDArray[np.int32],
    weights: NDArray[np.float32],  # of the first of the history
    weight: np.float32,  # of the part
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (history, listed)
) -> None:
    """Add what the first of the history add to a part, if it weighs anything."""
    count = min(len(history), len(weights))
    if weight <= 0 or count == 0:
        return
    products = np.empty((count, len(listed)), dtype=np.float32)
    np.dot(_rows(of_history, history, count), _rows(of_items, listed, len(listed)).T, products)
    for row in range(count):
        share = weight * weights[row]
        adds, of_row = added[row], products[row]
        for place in range(len(listed)):
            adds[place] += share * of_row[place]


@compiled_here
def _rows(vectors: NDArray[np.float32], items: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """Return (count, factors), the vectors of the first of these items."""
    chosen = np.empty((count, vectors.shape[1]), dtype=np.float32)
    for row in range(count):
        there, vector = chosen[row], vectors[items[row]]
        for column in range(len(vector)):
            there[column] = vector[column]
    return chosen


@compiled_inside
def _add_leads(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    scores: NDArray[np.float32],  # (listed,)
    user: NDArray[np.float32],  # the genres of the user, and the weight of the trend
    items: NDArray[np.float32],  # (items, genres + 1), the same of all items
    listed: NDArray[np.int32],
    usual: NDArray[np.float32],  # (4,), a row of `usual_of`
    everybody: NDArray[np.float32],  # (items,), the personal trend of everybody
    reasons: NDArray[np.int8],  # (listed,)
) -> None:
    """Fill in the reason of each place: where the history leads, `people`, or COMMON.

    Nothing is trending that is not far above the mean, and nothing is of a genre that adds nothing.
    """
    last = len(user) - 1
    for place in range(len(listed)):
        item = items[listed[place]]
        genres = np.float32(0)
        for column in range(last):
            genres += user[column] * item[column]
        trend = user[last] * item[last]
        history = scores[place] - genres - trend - usual[0]
        is_trending = trend > 0 and item[last] > MIN_TREND
        is_of_genre = genres > 0
        genres -= usual[1]
        trend -= usual[2]
        reasons[place] = PEOPLE
        if history >= genres and history >= trend:
            if is_trending and history <= usual[3] * everybody[listed[place]]:
                reasons[place] = COMMON
        elif is_of_genre and genres >= trend:
            reasons[place] = GENRES
        elif is_trending:
            reasons[place] = TRENDING


@compiled_inside
def _choose(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    model: Fitted,
    items: NDArray[np.int32],  # (history,)
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (history, listed), what each item of the history adds to each score
    found: NDArray[np.int32],  # (listed,), -1 so far
    reasons: NDArray[np.int8],  # (listed,)
) -> None:
    """Fill in the item of the history that explains each place, if any adds something."""
    likeness = model.likeness
    best, rows = _best(likeness, items, model.is_hidden, listed, added)
    turns = np.zeros(len(items), dtype=np.int32)
    for place in range(len(listed)):
        if place % PLACES == 0:
            for row in range(len(items)):
                turns[row] = 0
        row = rows[place]
        if row < 0:
            continue
        if turns[row] >= MAX_TURNS:
            row = _another(likeness, items, listed, added, place, turns, row, best[place])
        turns[row] += 1
        found[place] = items[row]
        is_new = model.is_new[listed[place]]
        is_led = reasons[place] == PEOPLE or reasons[place] == COMMON
        if (is_new or is_led) and _is_clear(likeness, items[row], listed, added, place, row):
            reasons[place] = NEW if is_new else BECAUSE


@compiled_inside
def _best(
    likeness: Likeness,
    items: NDArray[np.int32],
    is_hidden: NDArray[np.bool_],
    listed: NDArray[np.int32],
    added: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return, for each place, the most that an item adds, weighed by likeness, and its row; -1 for none.

    What hidden items add is overwritten with 0.
    """
    least = np.zeros(len(listed), dtype=np.float32)
    for row in range(len(items)):
        adds = added[row]
        if is_hidden[items[row]]:
            for place in range(len(listed)):
                adds[place] = 0
        # Without a branch, several places are looked at in one go.
        for place in range(len(listed)):
            least[place] = max(least[place], adds[place])
    best = np.zeros(len(listed), dtype=np.float32)
    rows = np.full(len(listed), -1, dtype=np.int32)
    for place in range(len(listed)):
        least[place] = max(least[place] * MIN_OF_MOST, SMALLEST)
    for row in range(len(items)):
        item, adds = items[row], added[row]
        for place in range(len(listed)):
            if adds[place] >= least[place]:
                weighed = adds[place] * (WEIGHT_OF_OTHERS + _alike(likeness, item, listed[place]))
                if weighed > best[place] or (weighed == best[place] and item < items[rows[place]]):
                    best[place], rows[place] = weighed, row
    return best, rows


@compiled_inside
def _another(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    likeness: Likeness,
    items: NDArray[np.int32],
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (history, listed)
    place: int,
    turns: NDArray[np.int32],  # (history,), how often each explains one of the places before
    row: int,
    best: np.float32,
) -> int:
    """Return the row of the best other item that comes near and has a turn left; else the same row."""
    chosen, most = row, NEARLY * best
    for other in range(len(items)):
        adds = added[other, place]
        if turns[other] < MAX_TURNS and adds * (WEIGHT_OF_OTHERS + 1) >= most:
            weighed = adds * (WEIGHT_OF_OTHERS + _alike(likeness, items[other], listed[place]))
            is_first = weighed == most and (chosen == row or items[other] < items[chosen])
            if weighed > most or is_first:
                chosen, most = other, weighed
    return chosen


@compiled_here
def _alike(likeness: Likeness, item: np.int32, listed: np.int32) -> np.float32:
    """Return the share of their genres that two items have in common, from 0 to 1."""
    common = np.float32(0)
    for one in range(likeness.ends[item], likeness.ends[item + 1]):
        for other in range(likeness.ends[listed], likeness.ends[listed + 1]):
            if likeness.genres[one] == likeness.genres[other]:
                common += likeness.weights[likeness.genres[one]]
    either = likeness.total[item] + likeness.total[listed] - common
    return common / either if either > 0 else np.float32(0)


@compiled_inside
def _is_clear(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    likeness: Likeness,
    item: np.int32,
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (history, listed)
    place: int,
    row: int,
) -> bool:
    """Return whether an item of the history explains a listed one so that a reader sees it."""
    cosine = np.float32(0)
    for factor in range(likeness.people.shape[1]):
        cosine += likeness.people[item, factor] * likeness.people[listed[place], factor]
    if cosine < MIN_COSINE:
        return False
    if likeness.total[item] > 0 and likeness.total[listed[place]] > 0:
        return bool(_alike(likeness, item, listed[place]) >= MIN_ALIKE)
    total = np.float32(0)
    for other in range(len(added)):
        total += max(added[other, place], np.float32(0))
    return bool(added[row, place] >= MIN_SHARE * total)

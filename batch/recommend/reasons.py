"""Reasons: what leads the score of each item of a list, in one word, and the item of the history that fits.

A score is the sum of what the history adds, of the genres and of the popularity trend. Each is compared with
what it adds to a candidate in the mean, so a part that adds the same to every item leads nowhere. The one
that is most above its mean says why the item is listed:

- the history: `because` of an item of it, if that is of the same genres and the same people like both;
  else it is popular with `people` who have such a history, if these watch it more than everybody does. If
  they do not, it is `trending`, too;
- the genres: the user likes them;
- the popularity trend: it is `trending`.

An item that few people know, and these only lately, is `new`, whatever leads its score.

**Which item of the history.** Most items of a history add a little to a score, so the one that adds most is
often not one that a reader would name. What an item adds is weighed by how much it has in common with the
listed one: half, and the share of the genres that both have. A genre counts by how rare it is. Within ten
places, an item that is a reason twice already leaves its turn to another that comes near.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.model.trend import watched_lately
from batch.model.weighted_parts import FittedItems, Model
from batch.recommend.popular import HALF_LIFE
from batch.runtime.jit import compiled_inside

# By code. They begin with different letters, by which look-ups know them.
REASONS = ("people", "because", "genres", "trending", "new")
PEOPLE, BECAUSE, GENRES, TRENDING, NEW = range(len(REASONS))
# The history leads, but it is as usual: what has no other reason is trending.
COMMON = len(REASONS)

# What weighs an item of the history that has no genre in common; one with the same genres weighs 1 more.
WEIGHT_OF_OTHERS = np.float32(0.5)
# An item explains nothing if it adds less than this share of what another one adds.
MIN_OF_MOST = np.float32(1 / 3)
# Alike are items that have this share of their genres in common. An item that adds this share of all that the
# history adds needs no genres, if those of one of both are unknown.
MIN_ALIKE, MIN_SHARE = np.float32(1 / 3), np.float32(0.1)
# The same people like both, if the cosine of their vectors is as much.
MIN_COSINE = np.float32(0.2)
# Of so many places, one item explains at most so many where another adds nearly as much.
PLACES, MAX_TURNS, NEARLY = 10, 2, np.float32(0.8)
# New is what fewer people know.
KNOWN_BY = 5


@dataclass(frozen=True)
class Explanations:
    """Why each item of the lists is there, one element per place."""

    item_index: NDArray[np.int32]  # the item of the history; -1 for none
    reason: NDArray[np.int8]  # a place in REASONS


class Likeness(NamedTuple):
    """The genres of all items, of which one that is rare weighs more, and who likes them."""

    genres: NDArray[np.float32]  # (items, genres), the root of the weight of each genre of an item
    total: NDArray[np.float32]  # (items,), the sum of these weights; 0 if the genres are unknown
    people: NDArray[np.float32]  # (items, factors), the collaborative part, of length 1


@dataclass(frozen=True)
class Everybody:
    """What everybody watches."""

    is_new: NDArray[np.bool_]  # (items,), known to few, who have watched it lately
    personal_trend: NDArray[np.float32]  # (items,), what that part adds for somebody who likes what all like


def everybody(fitted: FittedItems, ratings: Interactions) -> Everybody:
    """Return what everybody watches."""
    return everybody_of(fitted, ratings.ratings_of_item, watched_lately(ratings, HALF_LIFE))


def everybody_of(
    fitted: FittedItems, ratings_of_item: NDArray[np.int64], lately: NDArray[np.float64]
) -> Everybody:
    """Return what everybody watches; `lately` is how often each item was watched, by a half-life of a tenth.

    Without times nothing is new.
    """
    part = fitted.personal_trend
    added = part.item_factors @ (ratings_of_item.astype(np.float32) @ part.history_factors)
    spread = float(added.std())
    is_new = (ratings_of_item < KNOWN_BY) & (lately >= ratings_of_item / 2)
    return Everybody(
        is_new=is_new if part.item_factors.shape[1] else np.zeros_like(is_new),
        personal_trend=((added - added.mean()) / (spread if spread > 0 else 1.0)).astype(np.float32),
    )


def likeness_of(fitted: FittedItems) -> Likeness:
    """Return what compares items."""
    has, people = fitted.genres.item_factors > 0, fitted.collaborative.item_factors
    rare = -np.log(np.maximum(has.mean(axis=0), 1 / max(len(has), 1)), dtype=np.float64)
    lengths = np.sqrt(np.einsum("if,if->i", people, people, dtype=np.float64))
    return Likeness(
        genres=np.ascontiguousarray(has * np.sqrt(rare), dtype=np.float32),
        total=(has @ rare).astype(np.float32),
        people=(people / np.where(lengths > 0, lengths, 1)[:, None]).astype(np.float32),
    )


def is_of(model: Model, *parts: str) -> NDArray[np.bool_]:
    """Return (factors,), which columns of the vectors are of these parts, by their names."""
    return np.isin(np.repeat(model.part_names, model.parts), parts)


def usual_of(model: Model) -> NDArray[np.float32]:
    """Return (users, 4), what the history, the genres and the trend add to a candidate in the mean.

    And the spread of what the personal trend adds to items.
    """
    usual = model.item_factors[model.is_candidate].mean(axis=0, dtype=np.float64)
    groups = (~is_of(model, "genres", "trend"), is_of(model, "genres"), is_of(model, "trend"))
    adds = [model.user_factors[:, group] @ usual[group].astype(np.float32) for group in groups]
    personal = is_of(model, "personal_trend")
    vectors, items = model.user_factors[:, personal], model.item_factors[:, personal]
    covariance = (items.T @ items) / len(items) - np.outer(items.mean(axis=0), items.mean(axis=0))
    spread = np.sqrt(np.maximum(np.einsum("uf,uf->u", vectors @ covariance, vectors), 0))
    return np.stack([*adds, spread], axis=1)


@compiled_inside
def add_leads(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    scores: NDArray[np.float32],  # (listed,)
    user: NDArray[np.float32],  # the genres of the user, and the weight of the trend
    items: NDArray[np.float32],  # (items, genres + 1), the same of all items
    listed: NDArray[np.int32],
    usual: NDArray[np.float32],  # (4,), a row of `usual_of`
    everybody: NDArray[np.float32],  # (items,), the personal trend of everybody
    reasons: NDArray[np.int8],  # (listed,)
) -> None:
    """Fill in the reason of each place: where the history leads, `people`, or COMMON."""
    last = len(user) - 1
    for place in range(len(listed)):
        item = items[listed[place]]
        genres = np.float32(0)
        for column in range(last):
            genres += user[column] * item[column]
        trend = user[last] * item[last]
        history = scores[place] - genres - trend - usual[0]
        genres -= usual[1]
        trend -= usual[2]
        if history >= genres and history >= trend:
            reasons[place] = PEOPLE if history > usual[3] * everybody[listed[place]] else COMMON
        else:
            reasons[place] = GENRES if genres >= trend else TRENDING


@compiled_inside
def choose(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    likeness: Likeness,
    items: NDArray[np.int32],  # (history,)
    is_hidden: NDArray[np.bool_],
    listed: NDArray[np.int32],
    added: NDArray[np.float32],  # (history, listed), what each item of the history adds to each score
    found: NDArray[np.int32],  # (listed,), -1 so far
    reasons: NDArray[np.int8],  # (listed,)
) -> None:
    """Fill in the item of the history that explains each place, if any adds something."""
    turns = np.zeros(len(items), dtype=np.int32)
    by_place = np.empty((len(listed), len(items)), dtype=np.float32)
    for row in range(len(items)):
        shown = np.float32(0) if is_hidden[items[row]] else np.float32(1)
        adds = added[row]
        for place in range(len(listed)):
            by_place[place, row] = max(shown * adds[place], np.float32(0))
    for place in range(len(listed)):
        if place % PLACES == 0:
            for row in range(len(items)):
                turns[row] = 0
        chosen = _chosen(likeness, items, listed[place], by_place[place], turns)
        if chosen >= 0:
            turns[chosen] += 1
            found[place] = items[chosen]
            is_led = reasons[place] == PEOPLE or reasons[place] == COMMON
            if is_led and _is_clear(likeness, items[chosen], listed[place], by_place[place], chosen):
                reasons[place] = BECAUSE


@compiled_inside
def _chosen(
    likeness: Likeness,
    items: NDArray[np.int32],
    listed: np.int32,
    adds: NDArray[np.float32],  # (history,), 0 for what may not explain
    turns: NDArray[np.int32],  # (history,), how often each explains one of the places before
) -> int:
    """Return which item of the history explains a listed one; -1 for none. Of equals it is the first."""
    most = np.float32(0)
    for row in range(len(items)):
        most = max(most, adds[row])
    best, best_left = np.float32(0), np.float32(0)
    chosen, left = -1, -1
    least = MIN_OF_MOST * most
    if most <= 0:
        return -1
    for row in range(len(items)):
        if adds[row] >= least:
            weighed = adds[row] * (WEIGHT_OF_OTHERS + _alike(likeness, items[row], listed))
            if weighed > best or (weighed == best and items[row] < items[chosen]):
                best, chosen = weighed, row
                least = max(least, NEARLY * best / (WEIGHT_OF_OTHERS + 1))
            if turns[row] < MAX_TURNS and (
                weighed > best_left or (weighed == best_left and items[row] < items[left])
            ):
                best_left, left = weighed, row
    return left if best_left >= NEARLY * best else chosen


@compiled_inside
def _alike(likeness: Likeness, item: np.int32, listed: np.int32) -> np.float32:
    """Return the share of their genres that two items have in common, from 0 to 1."""
    of_item, of_listed = likeness.genres[item], likeness.genres[listed]
    common = np.float32(0)
    for column in range(len(of_item)):
        common += of_item[column] * of_listed[column]
    either = likeness.total[item] + likeness.total[listed] - common
    return common / either if either > 0 else np.float32(0)


@compiled_inside
def _is_clear(
    likeness: Likeness, item: np.int32, listed: np.int32, adds: NDArray[np.float32], row: int
) -> bool:
    """Return whether an item of the history explains a listed one so that a reader sees it."""
    if np.dot(likeness.people[item], likeness.people[listed]) < MIN_COSINE:
        return False
    if likeness.total[item] > 0 and likeness.total[listed] > 0:
        return bool(_alike(likeness, item, listed) >= MIN_ALIKE)
    total = np.float32(0)
    for added in adds:
        total += added
    return bool(adds[row] >= MIN_SHARE * total)

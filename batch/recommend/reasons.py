"""Reasons: what leads the score of each item of a list, in one word, and the item of the history that fits.

A score is the sum of what the history adds, of the genres and of the popularity trend. Each is compared with
what it adds to a candidate in the mean, so a part that adds the same to every item leads nowhere. The one
that is most above its mean says why the item is listed:

- the history: `because` of an item of it, if that is of the same genres and the same people like both;
  else it is popular with `people` who have such a history, if these watch it more than everybody does. If
  they do not, it is `trending`, too;
- the genres: the user likes them;
- the popularity trend: it is `trending`.

What leads must add something: only genres that the user likes, and only a trend that is far above the mean.
An item that few people know, and these only lately, is `new` if it is not from years ago and an item of the
history is like it, whatever leads its score.

**Which item of the history.** Most items of a history add a little to a score, so the one that adds most is
often not one that a reader would name. What an item adds is weighed by how much it has in common with the
listed one: half, and the share of the genres that both have. A genre counts by how rare it is. Within ten
places, an item that is a reason twice already leaves its turn to another that comes near.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions, indexed
from batch.model.trend import watched_lately
from batch.model.weighted_parts import FittedItems, Model
from batch.recommend.explained import BECAUSE, Likeness
from batch.recommend.popular import HALF_LIFE

# New is what fewer people know.
KNOWN_BY = 5
# Older than so many years, the newest one counted, nothing is new.
RECENT_YEARS = 3


@dataclass(frozen=True)
class Explanations:
    """Why each item of the lists is there, one element per place."""

    item_index: NDArray[np.int32]  # the item of the history; -1 for none
    reason: NDArray[np.int8]  # a place in REASONS

    @property
    def because(self) -> int:
        """How many places have an item of the history as their reason."""
        return int(np.count_nonzero(self.reason == BECAUSE))


@dataclass(frozen=True)
class Everybody:
    """What everybody watches."""

    is_new: NDArray[np.bool_]  # (items,), known to few, who have watched it lately
    personal_trend: NDArray[np.float32]  # (items,), what that part adds for somebody who likes what all like


def everybody(fitted: FittedItems, ratings: Interactions, is_recent: NDArray[np.bool_]) -> Everybody:
    """Return what everybody watches; `is_recent` are (items,), whether each may be of the newest years."""
    lately = watched_lately(ratings, HALF_LIFE)
    return everybody_of(fitted, ratings.ratings_of_item, lately, is_recent[: ratings.items])


def read_is_recent(items: duckdb.DuckDBPyRelation) -> NDArray[np.bool_]:
    """Return (items,), whether the year of each is one of the newest three, or unknown."""
    years = indexed(items).project("cast(year as double) as year").fetchnumpy()["year"]
    years = np.ma.filled(years, np.nan)
    newest = years[~np.isnan(years)].max(initial=0)
    return np.asarray(np.isnan(years) | (years > newest - RECENT_YEARS))


def everybody_of(
    fitted: FittedItems,
    ratings_of_item: NDArray[np.int64],
    lately: NDArray[np.float64],
    is_recent: NDArray[np.bool_],
) -> Everybody:
    """Return what everybody watches; `lately` is how often each item was watched, by a half-life of a tenth.

    Without times nothing is new.
    """
    part = fitted.personal_trend
    added = part.item_factors @ (ratings_of_item.astype(np.float32) @ part.history_factors)
    spread = float(added.std())
    is_new = is_recent & (ratings_of_item < KNOWN_BY) & (lately >= ratings_of_item / 2)
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
        ends=fitted.genres.shares.indptr.astype(np.int32),
        genres=fitted.genres.shares.indices.astype(np.int32),
        weights=rare.astype(np.float32),
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

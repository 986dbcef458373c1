"""Shares: some of the users with all of their ratings, as the local run has all of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from scipy import sparse

from batch.data.interactions import Interactions, from_columns
from batch.data.meaning import STARS, Meaning

Batches = Iterator[pa.RecordBatch]

# The ratings of a cluster are a share of this size in each partition, about: what a worker holds at a time.
RATINGS_PER_SHARE = 500_000
# A worker computes with so many of them at a time, and those of one user more.
RATINGS_AT_A_TIME = 250_000
MICROSECONDS = 1e6


@dataclass(frozen=True)
class Catalogue:
    """The movies, in the order of their indices; the driver sends it to every worker."""

    item_ids: pa.StringArray
    is_hidden: NDArray[np.bool_]  # (items,)
    ratings_of_item: NDArray[np.int64]  # (items,), of all users
    meaning: Meaning = STARS
    unit: float = 1.0  # of weights, as that of `Interactions`
    genres: sparse.csr_matrix | None = None  # (items, genres), the same
    attributes: sparse.csr_matrix | None = None  # (items, columns), the same
    new_items: int = 0  # so many movies, the last ones, are new, the same

    @property
    def known_items(self) -> int:
        """How many movies come before the new ones."""
        return len(self.is_hidden) - self.new_items

    def without_new_items(self) -> "Catalogue":
        """Return the movies that somebody has rated, without attributes."""
        known = slice(self.known_items)
        return replace(
            self,
            item_ids=self.item_ids[known],
            is_hidden=self.is_hidden[known],
            ratings_of_item=self.ratings_of_item[known],
            genres=None if self.genres is None else self.genres[known],
            attributes=None,
            new_items=0,
        )


@dataclass(frozen=True)
class Share:
    """Some users who follow each other; their indices begin at 0, those of movies are of the catalogue."""

    user_ids: pa.StringArray  # (users,)
    ratings: Interactions
    rows: pa.Table  # the ratings as they were published, newest first


@dataclass(frozen=True)
class HeldOut:
    """What a model may not know: all from a moment on, or the newest positive of some users."""

    moment: float = math.inf
    drawn: frozenset[str] = frozenset()

    def of(self, share: Share) -> NDArray[np.bool_]:
        """Return which ratings are held out."""
        is_drawn = np.array([user_id in self.drawn for user_id in share.user_ids.to_pylist()], dtype=np.bool_)
        ratings = share.ratings
        # Without times nothing is the last, and all is held out.
        is_last = ratings.is_last_positive if ratings.has_times else ratings.age == 0
        return np.asarray((ratings.rated_at >= self.moment) | (is_last & is_drawn[ratings.user_index]))


NOTHING_HELD_OUT = HeldOut()


@dataclass(frozen=True)
class Known:
    """From what a model is learned."""

    ratings: DataFrame  # by user and newest first, each user in one partition
    users_of_share: NDArray[np.int64]  # (partitions,)
    catalogue: Catalogue
    ratings_of_item: NDArray[np.int64]  # (items,), without what is held out
    held_out: HeldOut = NOTHING_HELD_OUT


def shares(batches: Batches, catalogue: Catalogue) -> Iterator[Share]:
    """Yield the users of a partition with all of their ratings, some at a time."""
    for rows in _whole_users(batches):
        yield share_of(rows, catalogue)


def share_of(rows: pa.Table, catalogue: Catalogue) -> Share:
    """Return the users of some rows, which stand by user and newest first."""
    users = rows["user_id"].combine_chunks().dictionary_encode()
    columns = {
        "user_index": users.indices.to_numpy(),
        "item_index": pc.index_in(rows["item_id"], value_set=catalogue.item_ids).to_numpy(),
        "weight": _weights(rows, catalogue.meaning),
        "rated_at": _numbers(rows["rated_at"]) / MICROSECONDS,
        "line": rows["line"].to_numpy(),
    }
    ratings = from_columns(columns, catalogue.is_hidden, catalogue.meaning)
    ratings = replace(ratings, unit=catalogue.unit, genres=catalogue.genres)
    return Share(users.dictionary, ratings, rows)


def _weights(rows: pa.Table, meaning: Meaning) -> NDArray[np.float32]:
    """Return weights; as in `sql/train/interactions.sql`, stars that are no positive have -1."""
    weights = rows["weight"].to_numpy()
    is_disliked = (weights == 0) & pc.is_valid(rows["rating"]).to_numpy() & (not meaning.adds_up)
    return np.where(is_disliked, -1, weights).astype(np.float32)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return numbers, NaN where there are none."""
    return np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy())


def _whole_users(batches: Batches) -> Iterator[pa.Table]:
    """Gather batches until they are enough, and cut them where a user begins."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += len(batch)
        if rows >= RATINGS_AT_A_TIME:
            table = pa.Table.from_batches(waiting)
            last = pc.equal(table["user_id"], table["user_id"][-1])
            whole = pc.index(last, True).as_py()
            if whole:
                yield table.slice(0, whole).combine_chunks()
            rest = table.slice(whole).combine_chunks()
            waiting, rows = rest.to_batches(), len(rest)
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks()

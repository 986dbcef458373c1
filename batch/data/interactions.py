"""Interactions: the ratings as columns of numbers, which is what models learn from and are evaluated by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.attributes import read_item_attributes, read_user_attributes
from batch.data.clean import Cleaned
from batch.data.meaning import STARS, Meaning
from sql import statement

SECONDS_PER_DAY = 86_400
# So many users must have rated something at a moment or later, for it to be past.
USERS_AT_NOW = 3


@dataclass(frozen=True)
class Interactions:
    """One element per rating in every column; by user, and of each user oldest first.

    Indices of users and movies are those of vectors and matrices, from 0, in the order of ids as text.
    """

    user_index: NDArray[np.int32]
    item_index: NDArray[np.int32]
    weight: NDArray[np.float32]  # how much it says for the movie: below 0 a dislike, 0 seen and no more
    rated_at: NDArray[np.float64]  # seconds since 1970, UTC; NaN where the input has no times
    time_rank: NDArray[np.int32]  # rises with time over all users; equal times in the order of the file
    is_hidden: NDArray[np.bool_]  # (items,), movies that must be in no list
    users: int
    meaning: Meaning = STARS
    unit: float = 1.0  # the mean weight of positives where weights add up
    genres: sparse.csr_matrix | None = (
        None  # (items, genres), those of a movie have equal shares; None: unknown
    )
    attributes: sparse.csr_matrix | None = None  # (items, columns), what is known of movies; None: nothing
    user_attributes: sparse.csr_matrix | None = None  # (users, columns), the same of users
    new_items: int = 0  # so many movies, the last ones, have no interaction, and are new

    @property
    def items(self) -> int:
        """How many movies there are."""
        return len(self.is_hidden)

    @property
    def known_items(self) -> int:
        """How many movies come before the new ones."""
        return self.items - self.new_items

    def __len__(self) -> int:
        return len(self.user_index)

    @cached_property
    def ratings_of_user(self) -> NDArray[np.int64]:
        """Return (users,), how many movies each user has rated."""
        return np.bincount(self.user_index, minlength=self.users)

    @cached_property
    def ratings_of_item(self) -> NDArray[np.int64]:
        """Return (items,), how many users have rated each movie."""
        return np.bincount(self.item_index, minlength=self.items)

    @cached_property
    def has_times(self) -> bool:
        """Whether times are known. Without them no order is: exports are sorted by user and item."""
        return not bool(np.isnan(self.rated_at).any())

    @cached_property
    def age(self) -> NDArray[np.int32]:
        """Return, for each rating, how many newer ones its user has: 0 for the newest, or without times."""
        if not self.has_times:
            return np.zeros(len(self), dtype=np.int32)
        last = np.cumsum(self.ratings_of_user).astype(np.int32) - np.int32(1)
        return np.asarray(last[self.user_index] - np.arange(len(self), dtype=np.int32), dtype=np.int32)

    @cached_property
    def is_last(self) -> NDArray[np.bool_]:
        """Return which rating is the newest of its user; without times, one of each user by chance."""
        return self._last_of(np.ones(len(self), dtype=np.bool_))

    @cached_property
    def is_last_positive(self) -> NDArray[np.bool_]:
        """Return which positive is the newest of its user; without times, one of each user by chance."""
        return self._last_of(self.weight > 0)

    @cached_property
    def is_from_last_positive(self) -> NDArray[np.bool_]:
        """Return which are the last positive of their user, or newer; without times, that positive alone."""
        if not self.has_times:
            return self.is_last_positive
        place = np.full(self.users, len(self))
        place[self.user_index[self.is_last_positive]] = np.flatnonzero(self.is_last_positive)
        return np.asarray(np.arange(len(self)) >= place[self.user_index], dtype=np.bool_)

    def _last_of(self, eligible: NDArray[np.bool_]) -> NDArray[np.bool_]:
        place = np.arange(len(self))
        if not self.has_times:
            place = np.random.default_rng(len(self)).permutation(len(self))
        highest = np.full(self.users, -1)
        np.maximum.at(highest, self.user_index[eligible], place[eligible])
        return np.asarray(eligible & (place == highest[self.user_index]), dtype=np.bool_)

    @cached_property
    def last_rated_at(self) -> NDArray[np.float64]:
        """Return (users,), the time of each user's newest rating; NaN for who has none, or without times."""
        newest = np.full(self.users, np.nan)
        newest[self.user_index] = self.rated_at
        return newest

    def matrix(self, values: NDArray[np.float32]) -> sparse.csr_matrix:
        """Return one value per rating as a matrix (users, items), without the zeros among them."""
        entries = sparse.csr_matrix(
            (values.astype(np.float32), (self.user_index, self.item_index)), shape=(self.users, self.items)
        )
        entries.eliminate_zeros()
        return entries

    @cached_property
    def seen(self) -> sparse.csr_matrix:
        """Return (users, items), an entry of 1 for each rating."""
        return self.matrix(np.ones(len(self), dtype=np.float32))

    @cached_property
    def unlistable(self) -> sparse.csr_matrix:
        """Return (users, items), an entry for each movie that must not be in the list of a user."""
        if self.meaning.repeats:
            return self.matrix(np.zeros(len(self), dtype=np.float32))
        return self.seen

    @property
    def has_repeats(self) -> bool:
        """Whether several rows of one user and movie say more than the newest alone."""
        return self.meaning.adds_up or self.meaning.repeats

    @cached_property
    def now(self) -> float:
        """Return the moment for which lists are made, in seconds since 1970; NaN without times."""
        return now_of(self.last_rated_at)

    def days_inactive(self, moment: float | None = None) -> NDArray[np.float64]:
        """Return (users,), the days from each user's last rating to a moment in seconds since 1970.

        Without a moment: to `now`. Zeros for who has rated later, and where the input has no times.
        """
        until = self.now if moment is None else moment
        return np.maximum(np.nan_to_num((until - self.last_rated_at) / SECONDS_PER_DAY, nan=0.0), 0)

    def where(self, keep: NDArray[np.bool_]) -> "Interactions":
        """Return some of the ratings; users and movies keep their indices, also those without any left."""
        return replace(
            self,
            user_index=self.user_index[keep],
            item_index=self.item_index[keep],
            weight=self.weight[keep],
            rated_at=self.rated_at[keep],
            time_rank=self.time_rank[keep],
        )

    def without_new_items(self) -> "Interactions":
        """Return the same ratings without the movies that nobody has rated, and without attributes."""
        return replace(
            self,
            is_hidden=self.is_hidden[: self.known_items],
            genres=None if self.genres is None else self.genres[: self.known_items],
            attributes=None,
            new_items=0,
        )

    def of_users(self, users: NDArray[np.int32]) -> "Interactions":
        """Return the ratings of some users, in rising order; their new indices are their places there."""
        place = np.full(self.users, -1, dtype=np.int32)
        place[users] = np.arange(len(users), dtype=np.int32)
        theirs = self.where(place[self.user_index] >= 0)
        attributes = None if self.user_attributes is None else self.user_attributes[users]
        return replace(
            theirs, user_index=place[theirs.user_index], users=len(users), user_attributes=attributes
        )

    @cached_property
    def pair(self) -> NDArray[np.int64]:
        """Return, for each rating, a number that stands for its user and movie."""
        return self.user_index.astype(np.int64) * self.items + self.item_index

    def without_superseded(self) -> "Interactions":
        """Return the newest rating of each movie by each user; if weights add up, with the sum of all."""
        newest = np.zeros(len(self), dtype=np.bool_)
        newest[len(self) - 1 - np.unique(self.pair[::-1], return_index=True)[1]] = True
        kept = self.where(newest)
        if not self.meaning.adds_up:
            return kept
        weight = self._sums()[newest]
        return replace(kept, weight=weight, unit=unit_of(weight, self.meaning))

    def _sums(self) -> NDArray[np.float32]:
        """Return what the weights of each pair add up to, as `sql/clean/interactions.sql` adds them up.

        A negative weight takes back those that are not newer; without times, all.
        """
        pairs, place = np.unique(self.pair, return_inverse=True)
        cancelled_until = np.full(len(pairs), -np.inf)
        is_negative = self.weight < 0
        # Without times, nothing is newer than anything.
        times = np.nan_to_num(self.rated_at[is_negative], nan=np.inf)
        np.maximum.at(cancelled_until, place[is_negative], times)
        counts = (self.weight > 0) & (np.nan_to_num(self.rated_at, nan=0.0) > cancelled_until[place])
        sums = np.bincount(place, weights=np.where(counts, self.weight, 0), minlength=len(pairs))
        sums = np.log2(1 + sums) if self.meaning.is_logarithmic else sums
        return np.asarray(sums[place], dtype=np.float32)

    def compacted(self) -> tuple["Interactions", NDArray[np.int32], NDArray[np.int32]]:
        """Return the same ratings without the users and movies that have none: indices are given anew.

        With it (users,) and (items,), the new index by the old one; -1 for who or what has gone.
        """
        new_users = _renumbered(self.ratings_of_user > 0)
        new_items = _renumbered(self.ratings_of_item > 0)
        compact = replace(
            self,
            user_index=new_users[self.user_index],
            item_index=new_items[self.item_index],
            is_hidden=self.is_hidden[new_items >= 0],
            genres=None if self.genres is None else self.genres[new_items >= 0],
            attributes=None,
            new_items=0,
            user_attributes=None if self.user_attributes is None else self.user_attributes[new_users >= 0],
            users=int(new_users.max(initial=-1)) + 1,
        )
        return compact, new_users, new_items


def unit_of(weight: NDArray[np.float32], meaning: Meaning) -> float:
    """Return the mean of the positive weights where weights add up: what counts as 1; else 1."""
    positive = weight[weight > 0] if meaning.adds_up else weight[:0]
    return float(positive.mean(dtype=np.float64)) if len(positive) else 1.0


def now_of(last_rated_at: NDArray[np.float64]) -> float:
    """Return now, as the data have it: the last moment that USERS_AT_NOW users, or all, have reached.

    `last_rated_at` are (users,) the times of the newest rating of each. The newest rating of all may have a
    wrong time; another row of one user moves now no further than to the next such time.
    """
    times = np.sort(last_rated_at[~np.isnan(last_rated_at)])
    return float(times[-min(USERS_AT_NOW, len(times))]) if len(times) else np.nan


def _renumbered(kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)


def read_user_ids(cleaned: Cleaned) -> NDArray[np.object_]:
    """Return (users,), the ids in the order of indices."""
    return _column(cleaned.users.order("user_id"), "user_id").astype(np.object_)


def read_sampling_hashes(cleaned: Cleaned) -> NDArray[np.str_]:
    """Return (users,), a hash for each user that stays the same from night to night.

    The users whose ratings are held out are chosen by it, so that the quality of one night is compared with
    that of the next over the same users.
    """
    return _column(cleaned.users.order("user_id"), "md5(user_id)").astype(np.str_)


def read_item_ids(items: duckdb.DuckDBPyRelation) -> NDArray[np.object_]:
    """Return (items,), the ids of the movies in the order of indices: by id, and new ones at the end."""
    return _column(indexed(items), "item_id").astype(np.object_)


def read_users_of_item(items: duckdb.DuckDBPyRelation) -> NDArray[np.int64]:
    """Return (items,), how many users have rated each movie, in the order of indices."""
    return _column(indexed(items), "ratings").astype(np.int64)


def read_item_numbers(items: duckdb.DuckDBPyRelation) -> NDArray[np.int32]:
    """Return (items,), the number of each movie in look-ups, in the order of indices."""
    return _column(indexed(items), "number").astype(np.int32)


def read_hidden(items: duckdb.DuckDBPyRelation) -> NDArray[np.bool_]:
    """Return (items,), whether each movie must be in no list, in the order of indices."""
    return _column(indexed(items), "is_hidden").astype(np.bool_)


def read_genres(items: duckdb.DuckDBPyRelation) -> sparse.csr_matrix:
    """Return (items, genres), how much of each movie is of each genre: of n genres, each has 1/n."""
    of_item = _column(indexed(items), "genres")
    counts = np.array([len(genres) for genres in of_item], dtype=np.int64)
    _, genre = np.unique(np.concatenate([*of_item, []]).astype(np.str_), return_inverse=True)
    item = np.repeat(np.arange(len(of_item)), counts)
    shape = len(of_item), int(genre.max(initial=-1)) + 1
    return sparse.csr_matrix(((1 / counts[item]).astype(np.float32), (item, genre)), shape=shape)


def count_new_items(items: duckdb.DuckDBPyRelation) -> int:
    """Return how many movies are new; they are the last ones."""
    return len(items.filter("is_new"))


def indexed(items: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the movies that have an index, in its order: those with interactions, and the new ones."""
    return items.filter("ratings > 0 or is_new").order("is_new, item_id")


def _column(relation: duckdb.DuckDBPyRelation, expression: str) -> NDArray[Any]:
    return np.asarray(relation.project(f"{expression} as value").fetchnumpy()["value"])


def read_interactions(cleaned: Cleaned, *, as_given: bool = False) -> Interactions:
    """Return the interactions as columns.

    `as_given`: also those that a later one supersedes, or to which they were added, each with its own weight.
    Such interactions are to be learned from only after `without_superseded`.
    """
    columns = cleaned.connection.execute(statement("train/interactions"), {"as_given": as_given}).fetchnumpy()
    interactions = from_columns(columns, read_hidden(cleaned.items), cleaned.meaning)
    return replace(
        interactions,
        genres=read_genres(cleaned.items),
        attributes=read_item_attributes(indexed(cleaned.items)),
        new_items=count_new_items(cleaned.items),
        user_attributes=read_user_attributes(cleaned.users.order("user_id")),
    )


def read_only_seen(cleaned: Cleaned) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the indices of users and of movies that they have seen without an interaction that counts."""
    indices = "enum_code(user_id) as user_index, enum_code(item_id) as item_index"
    columns = cleaned.seen_items.order("user_id, item_id").project(indices).fetchnumpy()
    return np.asarray(columns["user_index"], np.int32), np.asarray(columns["item_index"], np.int32)


def other_way_round(ratings_of_user: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of ratings, by user, where those of each user come in the opposite order."""
    ends = np.cumsum(ratings_of_user)
    return np.asarray(np.repeat(2 * ends - ratings_of_user, ratings_of_user) - 1 - np.arange(ends[-1:].sum()))


def from_columns(
    columns: Mapping[str, Any], is_hidden: NDArray[np.bool_], meaning: Meaning = STARS
) -> Interactions:
    """Return ratings from the columns of `sql/train/interactions.sql`, by user and newest first."""
    users = np.asarray(columns["user_index"], dtype=np.int32)
    ratings_of_user = np.bincount(users)
    # They come newest first.
    oldest_first = other_way_round(ratings_of_user)
    rated_at = np.ma.filled(columns["rated_at"], np.nan).astype(np.float64)[oldest_first]
    in_time = np.lexsort((columns["line"][oldest_first], rated_at))
    time_rank = np.empty(len(users), dtype=np.int32)
    time_rank[in_time] = np.arange(len(users), dtype=np.int32)
    weight = np.asarray(columns["weight"], dtype=np.float32)[oldest_first]
    return Interactions(
        user_index=users,
        item_index=np.asarray(columns["item_index"], dtype=np.int32)[oldest_first],
        weight=weight,
        rated_at=rated_at,
        time_rank=time_rank,
        is_hidden=is_hidden,
        users=len(ratings_of_user),
        meaning=meaning,
        unit=unit_of(weight, meaning),
    )

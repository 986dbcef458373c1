"""Hold out on a cluster: who evaluates a run, and which ratings are held out, as the local run decides."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from batch.evaluation.holdout import (
    CUTS,
    MAX_EVALUATED_USERS,
    MIN_ROLLING_USERS,
    draw,
    hold_out_of,
    max_evaluated,
)
from batch.evaluation.splits import MIN_RATINGS, Split, entries
from batch.model.positives import is_positive
from batch.spark.shares import MICROSECONDS, Batches, Catalogue, HeldOut, Share, share_of, shares

# Of the moment of a cut; it may be a few ratings earlier or later.
QUANTILE_ERROR = 1e-4

# Returns which users of a share can be evaluated; it is given (users,), their sampling hashes.
Choose = Callable[[Share, NDArray[np.str_]], NDArray[np.integer]]


@dataclass(frozen=True)
class Sample:
    """Who evaluates a run, and what is held out for that."""

    split: Split
    held_out: HeldOut
    known_of_item: NDArray[np.int64]  # (items,), how many ratings of each movie are not held out


def hold_out(ratings: DataFrame, catalogue: Catalogue, users: int, now: float) -> Sample:
    """Hold out as `batch.evaluation.holdout` does: from the newest cut that is enough, or the last ratings.

    `now` is the moment for which lists are made, in seconds since 1970.
    """
    for cut in CUTS if np.isfinite(now) else ():
        (moment,) = ratings.approxQuantile("rated_at", [cut], QUANTILE_ERROR)
        held_out = HeldOut(moment / MICROSECONDS)
        known = _count_items(ratings, catalogue, held_out)
        drawn = _draw(ratings, catalogue, partial(_returning, held_out=held_out, known_of_item=known))
        if len(drawn) >= MIN_ROLLING_USERS:
            share = _histories(ratings, catalogue, drawn[:MAX_EVALUATED_USERS])
            return Sample(_split_at(share, held_out, known), held_out, known)
    most = max_evaluated(users)
    lowest = partial(_with_lowest_hashes, ratings_of_item=catalogue.ratings_of_item, most=most)
    share = _histories(ratings, catalogue, _draw(ratings, catalogue, lowest)[:most])
    everyone = np.arange(share.ratings.users, dtype=np.int32)
    split = hold_out_of(share.ratings, everyone, catalogue.ratings_of_item, share.ratings.days_inactive(now))
    last = HeldOut(drawn=frozenset(share.user_ids.take(pa.array(split.users)).to_pylist()))
    of_item = np.bincount(split.relevant.indices, minlength=split.relevant.shape[1])
    return Sample(split, last, catalogue.ratings_of_item - of_item)


def _split_at(share: Share, held_out: HeldOut, known_of_item: NDArray[np.int64]) -> Split:
    """Return what `by_moment` does of users who all came back; movies keep the indices of the catalogue."""
    is_known = ~held_out.of(share)
    train, later = share.ratings.where(is_known), share.ratings.where(~is_known)
    later = later.where(known_of_item[later.item_index] > 0)
    # A movie without a known rating can be in no list.
    train = replace(train, is_hidden=train.is_hidden | (known_of_item == 0))
    everyone = np.arange(train.users, dtype=np.int32)
    positive, shape = is_positive(later.weight), (train.users, train.items)
    return Split(
        name=f"time, from {held_out.moment:.0f} on",
        train=train,
        days_inactive=train.days_inactive(held_out.moment),
        users=everyone,
        relevant=entries(later.user_index[positive], later.item_index[positive], shape),
        disliked=entries(later.user_index[~positive], later.item_index[~positive], shape),
        unknown=np.zeros(train.users, dtype=np.int64),
        old_users=everyone.astype(np.intp),
        old_items=np.arange(train.items),
        is_tied=np.zeros(train.users, dtype=np.bool_),
    )


def _count_items(ratings: DataFrame, catalogue: Catalogue, held_out: HeldOut) -> NDArray[np.int64]:
    """Return (items,), how many ratings of each movie come before the moment from which all is held out."""
    known = ratings.where(ratings.rated_at < int(held_out.moment * MICROSECONDS))
    found = known.groupBy("item_id").count().toArrow()
    counts = np.zeros(len(catalogue.is_hidden), dtype=np.int64)
    counts[pc.index_in(found["item_id"], value_set=catalogue.item_ids).to_numpy()] = found["count"].to_numpy()
    return counts


def _histories(ratings: DataFrame, catalogue: Catalogue, user_ids: list[str]) -> Share:
    """Bring the ratings of some users to the driver."""
    wanted = pa.array(user_ids, pa.string())

    def of_users(batches: Batches) -> Batches:
        for batch in batches:
            yield batch.filter(pc.is_in(batch.column("user_id"), value_set=wanted))

    return share_of(ratings.mapInArrow(of_users, ratings.schema).toArrow().combine_chunks(), catalogue)


def _draw(ratings: DataFrame, catalogue: Catalogue, choose: Choose) -> list[str]:
    """Return the users who can be evaluated, the lowest sampling hash first."""

    def chosen(batches: Batches) -> Batches:
        for share in shares(batches, catalogue):
            # As `batch.data.interactions.read_sampling_hashes` does it.
            ids = (each.encode() for each in share.user_ids.to_pylist())
            hashes = np.array([hashlib.md5(each, usedforsecurity=False).hexdigest() for each in ids])
            users = choose(share, hashes)
            yield pa.RecordBatch.from_arrays(
                [pa.array(hashes[users].tolist(), pa.string()), share.user_ids.take(pa.array(users))],
                names=["sampling_hash", "user_id"],
            )

    drawn = ratings.mapInArrow(chosen, "sampling_hash string, user_id string").toArrow()
    return list(drawn.sort_by("sampling_hash")["user_id"].to_pylist())


def _with_lowest_hashes(
    share: Share, hashes: NDArray[np.str_], ratings_of_item: NDArray[np.int64], most: int
) -> NDArray[np.integer]:
    """Return the users whose last rating can be held out, up to `most` with the lowest hashes."""
    return draw(share.ratings, hashes, ratings_of_item, most)


def _returning(
    share: Share, _hashes: NDArray[np.str_], held_out: HeldOut, known_of_item: NDArray[np.int64]
) -> NDArray[np.integer]:
    """Return the users with enough known ratings, and a later positive of a known movie."""
    ratings, is_known = share.ratings, ~held_out.of(share)
    known = np.bincount(ratings.user_index[is_known], minlength=ratings.users)
    is_later = ~is_known & is_positive(ratings.weight)
    later = ratings.user_index[is_later & (known_of_item[ratings.item_index] > 0)]
    return np.flatnonzero((known >= MIN_RATINGS) & (np.bincount(later, minlength=ratings.users) > 0))

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
from scipy import sparse

from batch.evaluation.holdout import (
    CUTS,
    MAX_EVALUATED_USERS,
    MIN_ROLLING_USERS,
    draw,
    hold_out_of,
    max_evaluated,
)
from batch.evaluation.splits import MIN_RATINGS, Split
from batch.spark.shares import (
    MICROSECONDS,
    Batches,
    Catalogue,
    HeldOut,
    Share,
    share_of,
    shares,
)

# Of the moment of a cut; whether it is a few ratings earlier or later matters to nobody.
QUANTILE_ERROR = 1e-4


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
        sampling_hashes = _sampling_hashes(
            ratings, partial(_draw_returning, catalogue=catalogue, held_out=held_out, known_of_item=known)
        )
        if len(sampling_hashes) >= MIN_ROLLING_USERS:
            share = histories(ratings, catalogue, frozenset(sampling_hashes[:MAX_EVALUATED_USERS]))
            return Sample(_split_at(share, held_out, known), held_out, known)
    most = max_evaluated(users)
    sampling_hashes = _sampling_hashes(ratings, partial(_draw, catalogue=catalogue, most=most))
    share = histories(ratings, catalogue, frozenset(sampling_hashes[:most]))
    everyone = np.arange(share.ratings.users, dtype=np.int32)
    split = hold_out_of(share.ratings, everyone, catalogue.ratings_of_item, share.ratings.days_inactive(now))
    drawn = HeldOut(drawn=frozenset(share.user_ids.take(pa.array(split.users)).to_pylist()))
    of_item = np.bincount(split.relevant.indices, minlength=split.relevant.shape[1])
    return Sample(split, drawn, catalogue.ratings_of_item - of_item)


def _split_at(share: Share, held_out: HeldOut, known_of_item: NDArray[np.int64]) -> Split:
    """Return what `by_moment` does of users who all came back; movies keep the indices of the catalogue."""
    is_known = ~held_out.of(share)
    train, later = share.ratings.where(is_known), share.ratings.where(~is_known)
    later = later.where(known_of_item[later.item_index] > 0)
    # A movie that nobody knew can be in no list.
    train = replace(train, is_hidden=train.is_hidden | (known_of_item == 0))
    everyone = np.arange(train.users, dtype=np.int32)
    return Split(
        name=f"time, from {held_out.moment:.0f} on",
        train=train,
        days_inactive=train.days_inactive(held_out.moment),
        users=everyone,
        relevant=sparse.csr_matrix(
            (later.rating, (later.user_index, later.item_index)), shape=(train.users, train.items)
        ),
        unknown=np.zeros(train.users, dtype=np.int64),
        old_users=everyone.astype(np.intp),
        old_items=np.arange(train.items),
        is_tied=np.zeros(train.users, dtype=np.bool_),
    )


def _sampling_hashes(ratings: DataFrame, draw_users: Callable[[Batches], Batches]) -> list[str]:
    """Return the users that are drawn, the lowest hash first."""
    sampling_hashes = ratings.mapInArrow(draw_users, "sampling_hash string, user_id string").toArrow()
    return list(sampling_hashes.sort_by("sampling_hash")["user_id"].to_pylist())


def _count_items(ratings: DataFrame, catalogue: Catalogue, held_out: HeldOut) -> NDArray[np.int64]:
    """Return (items,), how many ratings of each movie come before the moment from which all is held out."""
    known = ratings.where(ratings.rated_at < int(held_out.moment * MICROSECONDS))
    found = known.groupBy("item_id").count().toArrow()
    counts = np.zeros(len(catalogue.is_hidden), dtype=np.int64)
    counts[pc.index_in(found["item_id"], value_set=catalogue.item_ids).to_numpy()] = found["count"].to_numpy()
    return counts


def histories(ratings: DataFrame, catalogue: Catalogue, user_ids: frozenset[str]) -> Share:
    """Bring the ratings of some users here."""
    rows = ratings.mapInArrow(partial(of_some_users, user_ids=user_ids), ratings.schema).toArrow()
    return share_of(rows.combine_chunks(), catalogue)


def _draw(batches: Batches, catalogue: Catalogue, most: int) -> Batches:
    """Return the users of a partition with the lowest hashes."""
    for share in shares(batches, catalogue):
        sampling_hashes = _sampling_hashes_of(share)
        drawn = draw(share.ratings, sampling_hashes, catalogue.ratings_of_item, most)
        yield pa.RecordBatch.from_arrays(
            [pa.array(sampling_hashes[drawn].tolist(), pa.string()), share.user_ids.take(pa.array(drawn))],
            names=["sampling_hash", "user_id"],
        )


def _draw_returning(
    batches: Batches, catalogue: Catalogue, held_out: HeldOut, known_of_item: NDArray[np.int64]
) -> Batches:
    """Return the users of a partition with enough known ratings, and a later one of a known movie."""
    for share in shares(batches, catalogue):
        ratings, is_known = share.ratings, ~held_out.of(share)
        known = np.bincount(ratings.user_index[is_known], minlength=ratings.users)
        comes_back = ratings.user_index[~is_known & (known_of_item[ratings.item_index] > 0)]
        users = np.flatnonzero(
            (known >= MIN_RATINGS) & (np.bincount(comes_back, minlength=ratings.users) > 0)
        )
        sampling_hashes = _sampling_hashes_of(share)[users]
        yield pa.RecordBatch.from_arrays(
            [pa.array(sampling_hashes.tolist(), pa.string()), share.user_ids.take(pa.array(users))],
            names=["sampling_hash", "user_id"],
        )


def _sampling_hashes_of(share: Share) -> NDArray[np.str_]:
    """Return (users,), the hashes of `sql/train/sampling_hashes.sql`."""
    ids = share.user_ids.to_pylist()
    return np.array([hashlib.md5(each.encode(), usedforsecurity=False).hexdigest() for each in ids])


def of_some_users(batches: Batches, user_ids: frozenset[str]) -> Batches:
    """Return the ratings of some users."""
    wanted = pa.array(sorted(user_ids), pa.string())
    for batch in batches:
        yield batch.filter(pc.is_in(batch.column("user_id"), value_set=wanted))

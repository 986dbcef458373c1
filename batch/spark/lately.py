"""Lately: sums over ratings in the order of time, and over people, for the trend and the popular lists."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql.functions import max as latest, sum as total

from batch.data.interactions import USERS_AT_NOW, now_of, other_way_round
from batch.evaluation.baselines import LATELY
from batch.model.trend import decay
from batch.recommend.popular import HALF_LIFE
from batch.settings import Settings
from batch.spark.known import Known
from batch.spark.shares import (
    MICROSECONDS,
    Batches,
    Catalogue,
    HeldOut,
    shares,
)


@dataclass(frozen=True)
class Lately:
    """What is counted of movies by when they were rated."""

    trend: NDArray[np.float64]  # (items,), of what is not held out
    popular: NDArray[np.float64]  # (kinds, items), of all; a row for each kind of people
    newest: dict[float, NDArray[np.int64]]  # (items,), of what is not held out, by share


def count_lately(known: Known, kind_of_user: dict[str, int], settings: Settings) -> Lately:
    """Count movies by how many ratings are newer: ratings are sorted by time, each worker counts its part."""
    ratings, catalogue = known.ratings, known.catalogue
    partitions = ratings.rdd.getNumPartitions()
    in_time = (
        ratings.mapInArrow(
            partial(_at_times, catalogue=catalogue, kind_of_user=kind_of_user, held_out=known.held_out),
            "rated_at double, line long, item int, kind int, is_known boolean",
        )
        .repartitionByRange(partitions, "rated_at", "line")
        .sortWithinPartitions("rated_at", "line")
        .persist()
    )
    try:
        found = in_time.mapInArrow(_count_known, "share int, ratings long, known long").toArrow()
        found = found.sort_by("share")
        ends = {name: np.cumsum(found[name].to_numpy()) for name in ("ratings", "known")}
        until = {
            share: (int(ends["ratings"][row]), int(ends["known"][row]))
            for row, share in enumerate(found["share"].to_pylist())
        }
        sums = [total(name).alias(name) for name in _SUMS]
        counted = (
            in_time.mapInArrow(
                partial(
                    _weigh, until=until, half_life=settings.trend_half_life, items=len(catalogue.is_hidden)
                ),
                "kind int, item int, " + ", ".join(f"{name} double" for name in _SUMS),
            )
            .groupBy("kind", "item")
            .agg(*sums)
            .toArrow()
        )
    finally:
        in_time.unpersist()
    kinds = max(kind_of_user.values(), default=-1) + 2
    found_sums = np.zeros((len(_SUMS), kinds, len(catalogue.is_hidden)))
    for row, name in enumerate(_SUMS):
        # The last kind is that of those of whom nothing is known.
        found_sums[row, counted["kind"].to_numpy(), counted["item"].to_numpy()] = counted[name].to_numpy()
    trend, popular, *newest = found_sums
    return Lately(
        trend=trend.sum(axis=0),
        popular=popular,
        newest={
            share: np.rint(each.sum(axis=0)).astype(np.int64)
            for share, each in zip(LATELY, newest, strict=True)
        },
    )


_SUMS = ("trend", "popular", *(f"newest_{place}" for place in range(len(LATELY))))


def count_people(ratings: DataFrame, kind_of_user: dict[str, int], kinds: int) -> NDArray[np.int64]:
    """Return (kinds,), how many users with a rating are of each kind."""
    if not kind_of_user:
        return np.zeros(kinds, np.int64)
    found = ratings.mapInArrow(
        partial(_people, kind_of_user=kind_of_user, kinds=kinds), "kind int, users long"
    ).toArrow()
    counted = np.bincount(found["kind"].to_numpy(), weights=found["users"].to_numpy(), minlength=kinds)
    return counted.astype(np.int64)


def now_there(ratings: DataFrame) -> float:
    """Return `Interactions.now` of ratings on the cluster."""
    of_users = ratings.groupBy("user_id").agg(latest("rated_at").alias("rated_at")).dropna()
    newest = of_users.orderBy(of_users.rated_at.desc()).limit(USERS_AT_NOW).toArrow()["rated_at"]
    return now_of(newest.to_numpy() / MICROSECONDS)


def _people(batches: Batches, kind_of_user: dict[str, int], kinds: int) -> Batches:
    users: set[str] = set()
    for batch in batches:
        users.update(batch.column("user_id").unique().to_pylist())
    of_kind = np.bincount([kind_of_user.get(user, kinds - 1) for user in users] or [0], minlength=kinds)
    if users:
        yield pa.RecordBatch.from_arrays(
            [pa.array(np.arange(kinds, dtype=np.int32)), pa.array(of_kind)], names=["kind", "users"]
        )


def _at_times(
    batches: Batches, catalogue: Catalogue, kind_of_user: dict[str, int], held_out: HeldOut
) -> Batches:
    """Return when each movie was rated, by which kind of people, and whether that is known to the model."""
    unknown = max(kind_of_user.values(), default=-1) + 1
    for share in shares(batches, catalogue):
        ratings = share.ratings
        kinds = np.array([kind_of_user.get(each, unknown) for each in share.user_ids.to_pylist()], np.int32)
        oldest_first = other_way_round(ratings.ratings_of_user)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(np.nan_to_num(ratings.rated_at)),
                pa.array(share.rows["line"].to_numpy()[oldest_first]),
                pa.array(ratings.item_index),
                pa.array(kinds[ratings.user_index]),
                pa.array(~held_out.of(share)),
            ],
            names=["rated_at", "line", "item", "kind", "is_known"],
        )


def _count_known(batches: Batches) -> Batches:
    known = [batch.column("is_known") for batch in batches]
    context = TaskContext.get()
    assert context
    counts = [context.partitionId(), sum(map(len, known)), sum(each.true_count for each in known)]
    yield pa.RecordBatch.from_arrays(
        [
            pa.array([count], kind)
            for count, kind in zip(counts, (pa.int32(), pa.int64(), pa.int64()), strict=True)
        ],
        names=["share", "ratings", "known"],
    )


def _weigh(batches: Batches, until: dict[int, tuple[int, int]], half_life: float, items: int) -> Batches:
    """Add up the weights of ratings that follow each other in time; `until` counts those up to their end."""
    rows = list(batches)
    if not sum(map(len, rows)):
        return
    context = TaskContext.get()
    assert context
    table = pa.Table.from_batches(rows)
    item, kind, is_known = (table[name].to_numpy() for name in ("item", "kind", "is_known"))
    last, last_known = until[context.partitionId()]
    all_ratings, all_known = until[max(until)]
    newer = all_ratings - last + np.arange(len(item))[::-1]
    known_newer = all_known - last_known + np.cumsum(is_known[::-1])[::-1] - 1
    place = all_known - 1 - known_newer
    weights = [
        np.where(is_known, decay(known_newer, all_known, half_life), 0),
        decay(newer, all_ratings, HALF_LIFE),
        *(np.where(is_known & (place >= int(all_known * (1 - share))), 1.0, 0.0) for share in LATELY),
    ]
    keys, row = np.unique(kind.astype(np.int64) * items + item, return_inverse=True)
    yield pa.RecordBatch.from_arrays(
        [
            pa.array((keys // items).astype(np.int32)),
            pa.array((keys % items).astype(np.int32)),
            *(pa.array(np.bincount(row, weights=each)) for each in weights),
        ],
        names=["kind", "item", *_SUMS],
    )

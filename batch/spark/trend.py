"""Trend: sums over ratings in the order of time, for the trend and the popular lists."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql.functions import avg, col, count, max as latest, spark_partition_id, sum as total

from batch.data.interactions import USERS_AT_NOW, now_of, other_way_round
from batch.evaluation.baselines import LATELY
from batch.model.trend import decay
from batch.recommend.popular import HALF_LIFE
from batch.settings import Settings
from batch.spark.segments import Kinds
from batch.spark.shares import MICROSECONDS, Batches, Catalogue, HeldOut, Known, shares

_SUMS = ("trend", "popular", *(f"newest_{position}" for position in range(len(LATELY))))


@dataclass(frozen=True)
class Lately:
    """What is counted of movies by when they were rated."""

    trend: NDArray[np.float64]  # (items,), of what is not held out
    popular: NDArray[np.float64]  # (kinds, items), of all
    newest: dict[float, NDArray[np.int64]]  # (items,), of what is not held out, by share


def count_lately(known: Known, kinds: Kinds, settings: Settings) -> Lately:
    """Count movies by how many ratings are newer: ratings are sorted by time, each worker counts its part."""
    ratings, catalogue = known.ratings, known.catalogue
    items = len(catalogue.is_hidden)
    in_time = (
        ratings.mapInArrow(
            partial(_at_times, catalogue=catalogue, kinds=kinds, held_out=known.held_out),
            "rated_at double, line long, item int, kind int, is_known boolean",
        )
        .repartitionByRange(ratings.rdd.getNumPartitions(), "rated_at", "line")
        .sortWithinPartitions("rated_at", "line")
        .persist()
    )
    try:
        is_known = col("is_known").cast("long")
        parts = (
            in_time.groupBy(spark_partition_id().alias("part"))
            .agg(count("*").alias("ratings"), total(is_known).alias("known"))
            .orderBy("part")
            .toArrow()
        )
        ends = zip(
            *(np.cumsum(parts[name].to_numpy()).tolist() for name in ("ratings", "known")), strict=True
        )
        until = dict(zip(parts["part"].to_pylist(), ends, strict=True))
        weigh = partial(_weigh, until=until, half_life=settings.trend_half_life, items=items)
        columns = ", ".join(f"{name} double" for name in _SUMS)
        counted = (
            in_time.mapInArrow(weigh, f"kind int, item int, {columns}")
            .groupBy("kind", "item")
            .agg(*(total(name).alias(name) for name in _SUMS))
            .toArrow()
        )
    finally:
        in_time.unpersist()
    sums = np.zeros((len(_SUMS), len(kinds), items))
    for row, name in enumerate(_SUMS):
        sums[row, counted["kind"].to_numpy(), counted["item"].to_numpy()] = counted[name].to_numpy()
    trend, popular, *newest = sums
    of_all = (np.rint(each.sum(axis=0)).astype(np.int64) for each in newest)
    return Lately(trend.sum(axis=0), popular, dict(zip(LATELY, of_all, strict=True)))


def unit_there(ratings: DataFrame) -> float:
    """Return the `unit` of interactions on the cluster, whose weights add up."""
    (mean,) = ratings.where("weight > 0").agg(avg("weight").alias("mean")).toArrow()["mean"].to_pylist()
    return 1.0 if mean is None else float(mean)


def now_there(ratings: DataFrame) -> float:
    """Return `Interactions.now` of ratings on the cluster."""
    of_users = ratings.groupBy("user_id").agg(latest("rated_at").alias("rated_at")).dropna()
    newest = of_users.orderBy(of_users.rated_at.desc()).limit(USERS_AT_NOW).toArrow()["rated_at"]
    return now_of(newest.to_numpy() / MICROSECONDS)


def _at_times(batches: Batches, catalogue: Catalogue, kinds: Kinds, held_out: HeldOut) -> Batches:
    """Return when each movie was rated, by which kind of people, and whether that is known to the model."""
    for share in shares(batches, catalogue):
        ratings = share.ratings
        oldest_first = other_way_round(ratings.ratings_of_user)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(np.nan_to_num(ratings.rated_at)),
                pa.array(share.rows["line"].to_numpy()[oldest_first]),
                pa.array(ratings.item_index),
                pa.array(kinds.of_users(share.user_ids)[ratings.user_index]),
                pa.array(~held_out.of(share)),
            ],
            names=["rated_at", "line", "item", "kind", "is_known"],
        )


def _weigh(batches: Batches, until: dict[int, tuple[int, int]], half_life: float, items: int) -> Batches:
    """Add up the weights of ratings that follow each other in time.

    `until` has, by partition, how many ratings there are up to its end, and how many of them are known.
    """
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
    rank = all_known - 1 - known_newer
    weights = [
        np.where(is_known, decay(known_newer, all_known, half_life), 0),
        decay(newer, all_ratings, HALF_LIFE),
        *(np.where(is_known & (rank >= int(all_known * (1 - share))), 1.0, 0.0) for share in LATELY),
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

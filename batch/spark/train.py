"""Train on a cluster: Spark's own ALS for taste, and sums over shares of users for the other parts.

Taste is learned as in `batch.model.als`, from the same likes and weights. Spark's ALS differs in three
ways. Confidence is 1 + alpha r there, and alpha r in implicit. It pulls a vector towards zero in proportion
to how many likes it has (Zhou, Wilkinson, Schreiber and Pan, AAIM 2008, section 3.1), where implicit pulls
all alike: the setting is divided by the mean number of likes of a movie, so that movies as a whole are pulled
alike. And it tells no loss.

What follows what is a sum over pairs of ratings of one user, and the trend a sum over ratings: workers add up
their shares, Spark adds up the sums, and the driver solves what is left, which has the size of the catalogue.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame

from batch.evaluation.holdout import (
    Candidate,
)
from batch.evaluation.splits import Everybody
from batch.model.als import Collaborative, collaborative_of, no_positives
from batch.model.embedding import FittedItems
from batch.model.positives import is_positive, recency
from batch.model.sequential import Sequential, core_of, count_pairs, solve_sequential
from batch.model.trend import popularity_trend
from batch.settings import Settings
from batch.spark.holdout import Sample
from batch.spark.known import Known
from batch.spark.lately import Lately
from batch.spark.shares import (
    Batches,
    Catalogue,
    HeldOut,
    shares,
)


def candidate_of(fitted: FittedItems, sample: Sample, known: Known, lately: Lately) -> Candidate:
    """Return the movies for evaluation, with what is counted over all ratings that are not held out."""
    everybody = Everybody(sum(known.users_of_share), known.ratings_of_item, lately.newest)
    return Candidate(fitted, replace(sample.split, everybody=everybody))


def fit_items(
    known: Known, lately: Lately, settings: Settings, tell: Callable[[str], None] = lambda _part: None
) -> FittedItems:
    """Learn what `batch.model.embedding.fit_items` learns, without what is held out.

    `tell` is called with what is learned next. Raises InputError if nobody likes anything.
    """
    tell("taste is learned by Spark's ALS")
    collaborative = fit_collaborative(known, settings)
    tell("what follows what is counted")
    sequential = fit_sequential(known, core_of(known.ratings_of_item), settings)
    return FittedItems(collaborative, sequential, trend=popularity_trend(lately.trend, known.ratings_of_item))


def fit_collaborative(known: Known, settings: Settings) -> Collaborative:
    """Learn the vectors of movies from who likes them."""
    ratings, catalogue = known.ratings, known.catalogue
    first_user = np.concatenate([[0], np.cumsum(known.users_of_share)[:-1]]).tolist()
    positives = ratings.mapInArrow(
        partial(
            _likes, catalogue=catalogue, settings=settings, first_user=first_user, held_out=known.held_out
        ),
        "user int, item int, like float",
    ).persist()
    try:
        liked = positives.groupBy("item").count().toArrow()
        if not len(liked):
            raise no_positives()
        mean_likes = float(np.mean(liked["count"].to_numpy()))
        blocks = max(2, ratings.sparkSession.sparkContext.defaultParallelism)
        als = ALS(
            rank=settings.factors,
            maxIter=settings.iterations,
            regParam=settings.regularization / mean_likes,
            implicitPrefs=True,
            alpha=1.0,
            userCol="user",
            itemCol="item",
            ratingCol="like",
            seed=settings.seed,
            numUserBlocks=blocks,
            numItemBlocks=blocks,
        )
        found = als.fit(positives).itemFactors.toArrow()
    finally:
        positives.unpersist()
    factors = np.zeros((len(catalogue.is_hidden), settings.factors), dtype=np.float32)
    factors[found["id"].to_numpy()] = np.stack(found["features"].to_numpy())
    collaborative = collaborative_of(factors, settings)
    return Collaborative(**{**vars(collaborative), "mean": _mean_taste(ratings, catalogue, collaborative)})


def fit_sequential(known: Known, core: NDArray[np.intp], settings: Settings) -> Sequential:
    """Learn what follows what: pairs are counted by the workers, one matrix for each core of the cluster."""
    ratings, catalogue, size = known.ratings, known.catalogue, len(core)
    counted = (
        ratings.coalesce(ratings.sparkSession.sparkContext.defaultParallelism)
        .mapInArrow(
            partial(
                _pairs,
                catalogue=catalogue,
                core=core,
                half_life=settings.next_half_life,
                held_out=known.held_out,
            ),
            PAIRS,
        )
        .groupBy("first")
        .applyInArrow(_added_up, PAIRS)
        .toArrow()
    )
    gram, target = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for first, of_gram, of_target in zip(*(counted[name] for name in counted.column_names), strict=True):
        band = slice(first.as_py(), first.as_py() + BAND)
        gram[band] = np.frombuffer(of_gram.as_buffer(), np.float32).reshape(-1, size)
        target[band] = np.frombuffer(of_target.as_buffer(), np.float32).reshape(-1, size)
    del counted
    return solve_sequential(gram, target, core, len(catalogue.is_hidden), settings)


# The matrices travel in bands of so many rows, the first of which is told.
BAND = 64
PAIRS = "first int, gram binary, target binary"
_PAIRS = pa.schema([("first", pa.int32()), ("gram", pa.binary()), ("target", pa.binary())])


def _mean_taste(
    ratings: DataFrame, catalogue: Catalogue, collaborative: Collaborative
) -> NDArray[np.float64]:
    """Return the mean taste of those who like anything."""
    found = ratings.mapInArrow(
        partial(_add_taste, catalogue=catalogue, collaborative=collaborative),
        "users long, taste array<double>",
    ).toArrow()
    sums = np.stack(found["taste"].to_numpy())
    return np.asarray(sums.sum(axis=0) / max(1, found["users"].to_numpy().sum()))


def _likes(
    batches: Batches, catalogue: Catalogue, settings: Settings, first_user: list[int], held_out: HeldOut
) -> Batches:
    """Return likes with their weights, users and movies as the numbers that Spark's ALS takes."""
    context = TaskContext.get()
    assert context
    first = first_user[context.partitionId()]
    for share in shares(batches, catalogue):
        ratings = share.ratings.where(~held_out.of(share))
        weights = is_positive(ratings.rating) * recency(ratings.age, settings.item_half_life)
        liked = weights > 0
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(ratings.user_index[liked] + np.int32(first)),
                pa.array(ratings.item_index[liked]),
                pa.array((settings.alpha * weights[liked]).astype(np.float32)),
            ],
            names=["user", "item", "like"],
        )
        first += share.ratings.users


def _add_taste(batches: Batches, catalogue: Catalogue, collaborative: Collaborative) -> Batches:
    for share in shares(batches, catalogue):
        positives = is_positive(share.ratings.rating)
        some = share.ratings.where(np.isin(share.ratings.user_index, share.ratings.user_index[positives]))
        users = np.unique(some.user_index)
        factors = collaborative.of_users(some)[users]
        yield pa.RecordBatch.from_arrays(
            [pa.array([len(users)], pa.int64()), pa.array([factors.sum(axis=0, dtype=np.float64).tolist()])],
            names=["users", "taste"],
        )


def _pairs(
    batches: Batches,
    catalogue: Catalogue,
    core: NDArray[np.intp],
    half_life: float,
    held_out: HeldOut,
) -> Batches:
    """Count the pairs of a partition; one row per band of the matrices."""
    sums: list[NDArray[np.float32]] = []
    for share in shares(batches, catalogue):
        counted = count_pairs(share.ratings.where(~held_out.of(share)), core, half_life)
        for place, matrix in enumerate(counted):
            if place < len(sums):
                sums[place] += matrix
            else:
                sums.append(matrix)
    if sums:
        gram, target = sums
        for first in range(0, len(core), BAND):
            band = slice(first, first + BAND)
            row = {"first": [first], "gram": [gram[band].tobytes()], "target": [target[band].tobytes()]}
            yield pa.RecordBatch.from_pydict(row, schema=_PAIRS)


def _added_up(rows: pa.Table) -> pa.Table:
    """Add up what was counted of one band."""
    added = [
        np.sum([np.frombuffer(each.as_buffer(), np.float32) for each in rows[name]], axis=0).tobytes()
        for name in ("gram", "target")
    ]
    return pa.table([rows["first"][:1].combine_chunks(), [added[0]], [added[1]]], schema=_PAIRS)

"""Train on a cluster: Spark's own ALS for the collaborative factors, and sums over users for the rest.

The factors are learned as in `batch.model.als`, from the same positives and weights. Spark's ALS differs in
three ways. Confidence is 1 + alpha r there, and alpha r in implicit. It pulls a vector towards zero in
proportion to how many positives it has (Zhou, Wilkinson, Schreiber and Pan, AAIM 2008, section 3.1), where
implicit pulls all alike: the setting is divided by the mean number of positives of a movie, so that movies as
a whole are pulled alike. And it reports no loss.

The sequential part is a sum over pairs of ratings of one user, and the trend a sum over ratings: workers add
up their shares, Spark adds up the sums, and the driver solves what is left, which has the size of the
catalogue.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.ml.recommendation import ALS
from pyspark.sql.functions import min as earliest

from batch.data.interactions import Interactions
from batch.evaluation.holdout import Candidate
from batch.evaluation.splits import Popularity
from batch.model.als import Collaborative, collaborative_of, no_positives
from batch.model.attributes import LATELY, NewItems, foresee_new_items
from batch.model.beginnings import MAX_USERS, Beginnings, share_known
from batch.model.genres import Genres, usual_genres
from batch.model.personal_trend import HALF_LIFE, PersonalTrend, count_lately_liked, solve_personal_trend
from batch.model.positives import confidences, is_positive
from batch.model.ridge import core_of
from batch.model.sequential import Sequential, count_pairs, solve_sequential
from batch.model.trend import popularity_trend
from batch.model.weighted_parts import PART_NAMES, FittedItems, marked_tastes, positives_of, unit_vectors
from batch.settings import Settings
from batch.spark.holdout import Sample
from batch.spark.shares import MICROSECONDS, Batches, Catalogue, HeldOut, Known, shares
from batch.spark.trend import Lately

# By these shares of all ratings, times become weights.
SHARES_OF_TIME = np.linspace(0, 1, 1_001)
QUANTILE_ERROR = 5e-4
# A moment that no time stamp reaches, in seconds since 1970.
LAST = 1e12
# The matrices of pairs travel in bands of so many rows; `first` is the first row of a band.
BAND = 64
_BANDS = "first int, gram binary, target binary"
_BANDS_SCHEMA = pa.schema([("first", pa.int32()), ("gram", pa.binary()), ("target", pa.binary())])


def candidate_of(fitted: FittedItems, sample: Sample, known: Known, lately: Lately) -> Candidate:
    """Return the movies for evaluation, with what is counted over all ratings that are not held out."""
    popularity = Popularity(int(known.users_of_share.sum()), known.ratings_of_item, lately.newest)
    return Candidate(fitted, replace(sample.split, popularity=popularity))


def fit_items(
    known: Known, lately: Lately, settings: Settings, say: Callable[[str], None] = lambda _part: None
) -> FittedItems:
    """Learn what `batch.model.weighted_parts.fit_items` learns, without what is held out.

    `say` is called with what is learned next. Raises InputError if no rating is positive.
    """
    say("taste is learned by Spark's ALS")
    collaborative = fit_collaborative(known, settings)
    say("what follows what is counted")
    core = core_of(known.ratings_of_item)
    sequential = fit_sequential(known, core, settings)
    say("what is watched lately is counted")
    fitted = FittedItems(
        collaborative,
        sequential,
        personal_trend=fit_personal_trend(known, core, settings),
        genres=fit_genres(known),
        trend=popularity_trend(lately.trend, known.ratings_of_item),
    )
    return replace(fitted, beginnings=fit_beginnings(known, fitted))


def fit_beginnings(known: Known, fitted: FittedItems) -> Beginnings:
    """Learn what users as a whole are like from some of each share; attributes of users stay unused."""
    some = -(-MAX_USERS // max(1, len(known.users_of_share)))
    widths = [fitted.columns[name] for name in PART_NAMES[:3]]

    def sums(ratings: Interactions) -> NDArray[np.float64]:
        theirs = ratings.of_users(np.arange(min(some, ratings.users), dtype=np.int32))
        weights = share_known(positives_of(theirs))
        vectors = np.hstack([*unit_vectors(fitted, theirs).values()])
        return np.concatenate([[weights.sum()], weights @ vectors])

    total, *_ = found = _sum(known, sums)
    means = np.split((found[1:] / max(total, 1.0)).astype(np.float32)[None], np.cumsum(widths)[:-1], axis=1)
    return Beginnings(dict(zip(PART_NAMES, means, strict=False)))


def fit_new_items(known: Known, fitted: FittedItems, catalogue: Catalogue, settings: Settings) -> NewItems:
    """Learn what `batch.model.attributes.fit_new_items` learns; `catalogue` has the new movies, too."""
    is_lately = np.ones(catalogue.known_items, dtype=np.bool_)
    times = known.ratings.approxQuantile("rated_at", [1 - LATELY], QUANTILE_ERROR)
    if not settings.new_share:
        catalogue = catalogue.without_new_items()
    if times and catalogue.new_items:
        first = known.ratings.groupBy("item_id").agg(earliest("rated_at").alias("first")).toArrow()
        item = pc.index_in(first["item_id"], value_set=catalogue.item_ids).to_numpy()
        is_lately[item] = first["first"].to_numpy() >= times[0]
    return foresee_new_items(fitted, catalogue, known.ratings_of_item, is_lately)


def fit_collaborative(known: Known, settings: Settings) -> Collaborative:
    """Learn the vectors of movies from positive ratings."""
    ratings, catalogue = known.ratings, known.catalogue
    first_user = np.concatenate([[0], np.cumsum(known.users_of_share)[:-1]]).tolist()
    positives = ratings.mapInArrow(
        partial(
            _positives, catalogue=catalogue, settings=settings, first_user=first_user, held_out=known.held_out
        ),
        "user int, item int, weight float",
    ).persist()
    try:
        of_item = positives.groupBy("item").count().toArrow()["count"].to_numpy()
        if not len(of_item):
            raise no_positives()
        blocks = max(2, ratings.sparkSession.sparkContext.defaultParallelism)
        als = ALS(
            rank=settings.factors,
            maxIter=settings.iterations,
            regParam=settings.regularization / float(np.mean(of_item)),
            implicitPrefs=True,
            alpha=1.0,
            userCol="user",
            itemCol="item",
            ratingCol="weight",
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
    add_up = partial(_add_factors, catalogue=catalogue, collaborative=collaborative)
    sums = ratings.mapInArrow(add_up, "users long, factors array<double>").toArrow()
    mean = np.stack(sums["factors"].to_numpy()).sum(axis=0) / max(1, sums["users"].to_numpy().sum())
    return replace(collaborative, mean=mean)


def fit_sequential(known: Known, core: NDArray[np.intp], settings: Settings) -> Sequential:
    """Learn what is watched after what."""
    count = partial(count_pairs, core=core, half_life=settings.next_half_life)
    gram, target = _add_up(known, len(core), count)
    return solve_sequential(gram, target, core, len(known.catalogue.is_hidden), settings)


def fit_personal_trend(known: Known, core: NDArray[np.intp], settings: Settings) -> PersonalTrend:
    """Learn what people who like the same have watched lately; when that is, thousandths of ratings say."""
    items = len(known.catalogue.is_hidden)
    before = known.ratings.where(known.ratings.rated_at < min(known.held_out.moment, LAST) * MICROSECONDS)
    times = before.approxQuantile("rated_at", SHARES_OF_TIME.tolist(), QUANTILE_ERROR)
    if not times:
        nothing = np.zeros((items, 0), dtype=np.float32)
        return PersonalTrend(nothing, nothing)
    count = partial(_count_lately_liked, core=core, times=np.array(times) / MICROSECONDS)
    gram, target = _add_up(known, len(core), count)
    return solve_personal_trend(gram, target, core, items, settings)


def _count_lately_liked(
    ratings: Interactions, core: NDArray[np.intp], times: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    newer = 1 - np.interp(ratings.rated_at, times, SHARES_OF_TIME)
    return count_lately_liked(ratings, core, 0.5 ** (newer / HALF_LIFE))


def fit_genres(known: Known) -> Genres:
    """Count what genres are usual, and how marked tastes are."""
    catalogue = known.catalogue

    def positives(ratings: Interactions) -> NDArray[np.float64]:
        items = ratings.item_index[is_positive(ratings.weight)]
        return np.bincount(items, minlength=ratings.items).astype(np.float64)

    genres = usual_genres(catalogue.genres, _sum(known, positives).astype(np.int64))
    spread, users = _sum(known, lambda ratings: np.array(marked_tastes(genres, ratings), np.float64))
    return replace(genres, usual_spread=spread / users if users else 1.0)


def _sum(known: Known, count: Callable[[Interactions], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the sum over all users of what is counted of some."""
    catalogue, held_out = known.catalogue, known.held_out

    def counted(batches: Batches) -> Batches:
        for share in shares(batches, catalogue):
            number = count(share.ratings.where(~held_out.of(share)))
            yield pa.RecordBatch.from_arrays([pa.array([number.tobytes()], pa.binary())], names=["sums"])

    sums = known.ratings.mapInArrow(counted, "sums binary").toArrow()["sums"].to_pylist()
    return np.asarray(np.sum([np.frombuffer(each) for each in sums], axis=0), np.float64)


def _add_up(
    known: Known, size: int, count: Callable[[Interactions], tuple[NDArray[np.float32], NDArray[np.float32]]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Add up two matrices (size, size) of all users: each core of the cluster has one of each."""
    ratings = known.ratings
    counted = (
        ratings.coalesce(ratings.sparkSession.sparkContext.defaultParallelism)
        .mapInArrow(
            partial(_matrices, catalogue=known.catalogue, count=count, held_out=known.held_out), _BANDS
        )
        .groupBy("first")
        .applyInArrow(_added_up, _BANDS)
        .toArrow()
    )
    gram, target = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for row, first in enumerate(counted["first"].to_pylist()):
        for name, matrix in (("gram", gram), ("target", target)):
            band = np.frombuffer(counted[name][row].as_buffer(), np.float32)
            matrix[first : first + BAND] = band.reshape(-1, size)
    return gram, target


def _positives(
    batches: Batches, catalogue: Catalogue, settings: Settings, first_user: list[int], held_out: HeldOut
) -> Batches:
    """Return positive ratings with their weights, users and movies as the numbers that Spark's ALS takes."""
    context = TaskContext.get()
    assert context
    first = first_user[context.partitionId()]
    for share in shares(batches, catalogue):
        ratings = share.ratings.where(~held_out.of(share))
        weights = confidences(ratings, settings.item_half_life)
        some = weights > 0
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(ratings.user_index[some] + np.int32(first)),
                pa.array(ratings.item_index[some]),
                pa.array((settings.alpha * weights[some]).astype(np.float32)),
            ],
            names=["user", "item", "weight"],
        )
        first += share.ratings.users


def _add_factors(batches: Batches, catalogue: Catalogue, collaborative: Collaborative) -> Batches:
    """Add up the factors of users with a positive rating."""
    for share in shares(batches, catalogue):
        positives = is_positive(share.ratings.weight)
        some = share.ratings.where(np.isin(share.ratings.user_index, share.ratings.user_index[positives]))
        users = np.unique(some.user_index).astype(np.intp)
        factors = collaborative.of_users(some, users)
        yield pa.RecordBatch.from_arrays(
            [pa.array([len(users)], pa.int64()), pa.array([factors.sum(axis=0, dtype=np.float64).tolist()])],
            names=["users", "factors"],
        )


def _matrices(
    batches: Batches,
    catalogue: Catalogue,
    count: Callable[[Interactions], tuple[NDArray[np.float32], NDArray[np.float32]]],
    held_out: HeldOut,
) -> Batches:
    """Count over a partition; one row per band of the matrices."""
    sums: list[NDArray[np.float32]] = []
    for share in shares(batches, catalogue):
        counted = count(share.ratings.where(~held_out.of(share)))
        if sums:
            for whole, matrix in zip(sums, counted, strict=True):
                np.add(whole, matrix, out=whole)
        else:
            sums = [*counted]
    if sums:
        gram, target = sums
        for first in range(0, len(gram), BAND):
            band = slice(first, first + BAND)
            row = {"first": [first], "gram": [gram[band].tobytes()], "target": [target[band].tobytes()]}
            yield pa.RecordBatch.from_pydict(row, schema=_BANDS_SCHEMA)


def _added_up(rows: pa.Table) -> pa.Table:
    """Add up what was counted of one band."""
    gram, target = (
        np.sum([np.frombuffer(each.as_buffer(), np.float32) for each in rows[name]], axis=0).tobytes()
        for name in ("gram", "target")
    )
    row = {"first": [rows["first"][0].as_py()], "gram": [gram], "target": [target]}
    return pa.Table.from_pydict(row, schema=_BANDS_SCHEMA)

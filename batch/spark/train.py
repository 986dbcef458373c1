"""Train on a cluster: Spark's own ALS for taste, and sums over shares of users for the other parts.

Taste is learned as in `batch.model.als`, from the same likes and weights. Spark's ALS differs in three
ways. Confidence is 1 + alpha r there, and alpha r in implicit. It pulls a vector towards zero in proportion
to how many likes it has (Zhou, Wilkinson, Schreiber and Pan, AAIM 2008, section 3.1), where implicit pulls
all alike: the setting is divided by the mean number of likes of a movie, so that movies as a whole are pulled
alike. And it tells no loss.

What follows what is a sum over pairs of ratings of one user, and the trend a sum over ratings: workers add up
their shares, Spark adds up the sums, and the driver solves what is left, which has the size of the catalogue.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql.functions import max as latest, sum as total
from scipy import sparse

from batch.data.interactions import USERS_AT_NOW, now_of, other_way_round
from batch.evaluation.baselines import LATELY
from batch.evaluation.holdout import (
    CUTS,
    MAX_EVALUATED_USERS,
    MIN_ROLLING_USERS,
    Candidate,
    draw,
    hold_out_of,
    max_evaluated,
)
from batch.evaluation.splits import MIN_RATINGS, Everybody, Split
from batch.model.als import Collaborative, collaborative_of, no_positives
from batch.model.embedding import FittedItems
from batch.model.positives import is_positive, recency
from batch.model.sequential import Sequential, core_of, count_pairs, solve_sequential
from batch.model.trend import decay, popularity_trend
from batch.recommend.popular import HALF_LIFE
from batch.settings import Settings
from batch.spark.shares import (
    MICROSECONDS,
    NOTHING_HELD_OUT,
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
class Known:
    """From what a model is learned."""

    ratings: DataFrame  # by user and newest first, each user in one partition
    users_of_share: list[int]  # by partition
    catalogue: Catalogue
    ratings_of_item: NDArray[np.int64]  # (items,), without what is held out
    held_out: HeldOut = NOTHING_HELD_OUT


@dataclass(frozen=True)
class Lately:
    """What is counted of movies by when they were rated."""

    trend: NDArray[np.float64]  # (items,), of what is not held out
    popular: NDArray[np.float64]  # (kinds, items), of all; a row for each kind of people
    newest: dict[float, NDArray[np.int64]]  # (items,), of what is not held out, by share


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
        sampling_hashes = _lots(
            ratings, partial(_draw_returning, catalogue=catalogue, held_out=held_out, known_of_item=known)
        )
        if len(sampling_hashes) >= MIN_ROLLING_USERS:
            share = _histories(ratings, catalogue, frozenset(sampling_hashes[:MAX_EVALUATED_USERS]))
            return Sample(_split_at(share, held_out, known), held_out, known)
    most = max_evaluated(users)
    sampling_hashes = _lots(ratings, partial(_draw, catalogue=catalogue, most=most))
    share = _histories(ratings, catalogue, frozenset(sampling_hashes[:most]))
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


def _lots(ratings: DataFrame, draw_users: Callable[[Batches], Batches]) -> list[str]:
    """Return the users that are drawn, the lowest lot first."""
    sampling_hashes = ratings.mapInArrow(draw_users, "lot string, user_id string").toArrow()
    return list(sampling_hashes.sort_by("lot")["user_id"].to_pylist())


def _count_items(ratings: DataFrame, catalogue: Catalogue, held_out: HeldOut) -> NDArray[np.int64]:
    """Return (items,), how many ratings of each movie come before the moment from which all is held out."""
    known = ratings.where(ratings.rated_at < int(held_out.moment * MICROSECONDS))
    found = known.groupBy("item_id").count().toArrow()
    counts = np.zeros(len(catalogue.is_hidden), dtype=np.int64)
    counts[pc.index_in(found["item_id"], value_set=catalogue.item_ids).to_numpy()] = found["count"].to_numpy()
    return counts


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


def _histories(ratings: DataFrame, catalogue: Catalogue, user_ids: frozenset[str]) -> Share:
    """Bring the ratings of some users here."""
    rows = ratings.mapInArrow(partial(_of_users, user_ids=user_ids), ratings.schema).toArrow()
    return share_of(rows.combine_chunks(), catalogue)


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


def _draw(batches: Batches, catalogue: Catalogue, most: int) -> Batches:
    """Return the users of a partition with the lowest lots."""
    for share in shares(batches, catalogue):
        sampling_hashes = _lots_of(share)
        drawn = draw(share.ratings, sampling_hashes, catalogue.ratings_of_item, most)
        yield pa.RecordBatch.from_arrays(
            [pa.array(sampling_hashes[drawn].tolist(), pa.string()), share.user_ids.take(pa.array(drawn))],
            names=["lot", "user_id"],
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
        sampling_hashes = _lots_of(share)[users]
        yield pa.RecordBatch.from_arrays(
            [pa.array(sampling_hashes.tolist(), pa.string()), share.user_ids.take(pa.array(users))],
            names=["lot", "user_id"],
        )


def _lots_of(share: Share) -> NDArray[np.str_]:
    """Return (users,), the lots of `sql/train/sampling_hashes.sql`."""
    ids = share.user_ids.to_pylist()
    return np.array([hashlib.md5(each.encode(), usedforsecurity=False).hexdigest() for each in ids])


def _of_users(batches: Batches, user_ids: frozenset[str]) -> Batches:
    """Return the ratings of some users."""
    wanted = pa.array(sorted(user_ids), pa.string())
    for batch in batches:
        yield batch.filter(pc.is_in(batch.column("user_id"), value_set=wanted))


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

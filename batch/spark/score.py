"""Score on a cluster: every worker has the movies, and makes the lists of its users from their own ratings.

The functions are those of the local run. No pair of user and movie leaves the worker that made it, but for
the lists, which go to a file.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from batch.generation.lookups import texts
from batch.model.embedding import FittedItems, fold_in_users
from batch.recommend.explanations import explain
from batch.recommend.topn import TopN, score
from batch.settings import Settings
from batch.spark.shares import Batches, Catalogue, Share, shares


@dataclass(frozen=True)
class Given:
    """All that lists are made from, beside the ratings of a user."""

    fitted: FittedItems
    catalogue: Catalogue
    numbers: NDArray[np.object_]  # (items + 1,), of movies in look-ups; the last one is empty
    now: float  # in seconds since 1970; NaN without times
    segments: list[str]  # their names
    segment_of_kind: NDArray[np.int32]  # (kinds + 1,), -1: none
    kind_of_user: dict[str, int]
    settings: Settings


def score_users(spark: SparkSession, ratings: DataFrame, given: Given, folder: Path) -> list[str]:
    """Write one row per user, and return the files in the order of users."""
    shared = spark.sparkContext.broadcast(given)
    rows = ratings.mapInArrow(partial(_write_users, given=shared), _schema(given))
    rows.write.parquet(folder.resolve().as_uri())
    # Spark numbers the files by partition, and the partitions are in the order of users.
    return sorted(map(str, folder.glob("part-*.parquet")))


def _schema(given: Given) -> str:
    columns = (
        "user_id string, watched array<string>, stars array<double>, watched_at array<long>, "
        "listed array<string>, scores array<float>, reasons array<string>, recommendations string, "
        "because string, history string, segment string"
    )
    return ", ".join([columns, *(f"factor_{place} float" for place in range(given.fitted.factors.shape[1]))])


def _write_users(batches: Batches, given: "object") -> Batches:
    values: Given = given.value  # type: ignore[attr-defined]
    for share in shares(batches, values.catalogue):
        yield from _rows(share, values).to_batches()


def _rows(share: Share, given: Given) -> pa.Table:
    """Return one row per user: what is known, what is recommended and why, look-ups and vector."""
    ratings, settings = share.ratings, given.settings
    model = fold_in_users(given.fitted, ratings, ratings.days_inactive(given.now), settings)
    lists = score(model, settings.top_n)
    explanations = explain(given.fitted, model, ratings, lists, settings)
    item_ids = given.catalogue.item_ids
    of_user = pa.array(np.concatenate([[0], np.cumsum(ratings.ratings_of_user)]), pa.int32())
    places = pa.array(_ends(lists, ratings.users), pa.int32())
    # Histories are published newest first, and ratings are learned from oldest first.
    newest_first = np.lexsort((ratings.age, ratings.user_index))
    watched = ratings.item_index[newest_first]
    kinds = [
        given.kind_of_user.get(each, len(given.segment_of_kind) - 1) for each in share.user_ids.to_pylist()
    ]
    segments = pa.array([*given.segments, None], pa.string())
    columns = {
        "user_id": share.user_ids,
        "watched": _listed(of_user, item_ids.take(pa.array(watched))),
        "stars": _listed(of_user, share.rows["rating"].combine_chunks()),
        "watched_at": _listed(of_user, share.rows["rated_at"].combine_chunks()),
        "listed": _listed(places, item_ids.take(pa.array(lists.item_index))),
        "scores": _listed(places, pa.array(lists.score)),
        "reasons": _listed(places, item_ids.take(pa.array(explanations, mask=explanations < 0))),
        "recommendations": _text(lists.user_index, lists.item_index, ratings.users, given.numbers),
        "because": _text(lists.user_index, explanations, ratings.users, given.numbers),
        "history": _text(ratings.user_index[newest_first], watched, ratings.users, given.numbers),
        "segment": segments.take(pa.array(given.segment_of_kind[kinds] % len(segments))),
        **{f"factor_{place}": pa.array(column) for place, column in enumerate(model.user_factors.T)},
    }
    return pa.table(columns)


def _ends(lists: TopN, users: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(lists.user_index, minlength=users))])


def _listed(ends: pa.Array, values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(ends, values)


def _text(
    user_index: NDArray[np.int32], item_index: NDArray[np.int32], users: int, numbers: NDArray[np.object_]
) -> pa.Array:
    return pa.array(texts(user_index, item_index, users, numbers).tolist(), pa.string())

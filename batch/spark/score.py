"""Score on a cluster: every worker has the movies, and makes the lists of its users from their own ratings.

The functions are those of the local run. No pair of user and movie leaves the worker that made it, but for
the lists, which go to a file.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from batch.generation.lookups import letters, texts
from batch.model.attributes import NewItems
from batch.model.weighted_parts import FittedItems, fold_in_users, with_seen
from batch.recommend.explained import REASONS
from batch.recommend.explanations import explain
from batch.recommend.new_items import score_with_new
from batch.recommend.reasons import Everybody
from batch.settings import Settings
from batch.spark.segments import Kinds
from batch.spark.shares import Batches, Catalogue, Share, shares

if TYPE_CHECKING:
    from pyspark import Broadcast

_LISTED = (
    "user_id string, watched array<string>, stars array<double>, weights array<double>, "
    "watched_at array<long>, listed array<string>, "
    "scores array<float>, because_items array<string>, reason_of array<string>, recommendations string, "
    "because string, reasons string, history string, segment string, seen string"
)


@dataclass(frozen=True)
class Given:
    """All that lists are made from, beside the ratings of a user."""

    fitted: FittedItems
    new: NewItems
    catalogue: Catalogue  # without new movies
    everybody: Everybody  # with them
    item_ids: pa.StringArray  # (items,), new ones at the end
    numbers: NDArray[np.object_]  # (items + 1,), of movies in look-ups; the last one is empty
    now: float  # in seconds since 1970; NaN without times
    kinds: Kinds
    only_seen: pa.Table  # user_id, item_id: seen without a rating that counts
    segment_of_kind: NDArray[np.object_]  # (kinds,), names; None without a segment
    settings: Settings


def score_users(spark: SparkSession, ratings: DataFrame, given: Given, folder: Path) -> list[str]:
    """Write one row per user, and return the files in the order of users."""
    factors = ", ".join(f"factor_{number} float" for number in range(given.fitted.factors.shape[1]))
    shared = spark.sparkContext.broadcast(given)
    rows = ratings.mapInArrow(partial(_write_users, shared=shared), f"{_LISTED}, {factors}")
    rows.write.parquet(folder.resolve().as_uri())
    # Spark numbers the files by partition, and the partitions are in the order of users.
    return sorted(map(str, folder.glob("part-*.parquet")))


def _write_users(batches: Batches, shared: "Broadcast[Given]") -> Batches:
    for share in shares(batches, shared.value.catalogue):
        yield from _rows(share, shared.value).to_batches()


def _rows(share: Share, given: Given) -> pa.Table:
    """Return one row per user: what is known, what is recommended and why, look-ups and vector."""
    ratings, settings = share.ratings, given.settings
    model = fold_in_users(given.fitted, ratings, ratings.days_inactive(given.now), settings)
    seen = given.only_seen.filter(pc.is_in(given.only_seen["user_id"], share.user_ids))
    users = pc.index_in(seen["user_id"], share.user_ids).to_numpy()
    items = pc.index_in(seen["item_id"], given.catalogue.item_ids).to_numpy()
    model = with_seen(model, users, items)
    by_user = np.argsort(users, kind="stable")
    fitted = given.new.added_to(given.fitted)
    lists = score_with_new(given.new.offered_by(model, fitted), settings.top_n, settings.new_share)
    explanations = explain(fitted, model, ratings, lists, given.everybody, settings)
    because = explanations.item_index
    item_ids = given.item_ids
    rated = _ends(ratings.ratings_of_user)
    listed = _ends(np.bincount(lists.user_index, minlength=ratings.users))
    # Histories are published newest first, and ratings are learned from oldest first.
    newest_first = np.lexsort((ratings.age, ratings.user_index))
    watched = ratings.item_index[newest_first]

    def text(user_index: NDArray[np.int32], item_index: NDArray[np.int32]) -> pa.Array:
        return pa.array(texts(user_index, item_index, ratings.users, given.numbers).tolist(), pa.string())

    lists_of = pa.ListArray.from_arrays
    columns = {
        "user_id": share.user_ids,
        "watched": lists_of(rated, item_ids.take(pa.array(watched))),
        "stars": lists_of(rated, share.rows["rating"].combine_chunks()),
        "weights": lists_of(rated, share.rows["weight"].combine_chunks()),
        "watched_at": lists_of(rated, share.rows["rated_at"].combine_chunks()),
        "listed": lists_of(listed, item_ids.take(pa.array(lists.item_index))),
        "scores": lists_of(listed, pa.array(lists.score)),
        "because_items": lists_of(listed, item_ids.take(pa.array(because, mask=because < 0))),
        "reason_of": lists_of(listed, pa.array(REASONS, pa.string()).take(pa.array(explanations.reason))),
        "recommendations": text(lists.user_index, lists.item_index),
        "because": text(lists.user_index, because),
        "reasons": pa.array(
            letters(lists.user_index, explanations.reason, ratings.users).tolist(), pa.string()
        ),
        "history": text(ratings.user_index[newest_first], watched),
        "segment": pa.array(given.segment_of_kind[given.kinds.of_users(share.user_ids)], pa.string()),
        "seen": text(users[by_user], items[by_user]),
        **{f"factor_{number}": pa.array(column) for number, column in enumerate(model.user_factors.T)},
    }
    return pa.table(columns)


def _ends(counts: NDArray[np.int64]) -> pa.Array:
    """Return where lists of these lengths begin and end in one array of all values."""
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())

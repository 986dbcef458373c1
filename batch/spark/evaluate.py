"""Evaluate on a cluster: the model learned by Spark is measured as the local one is.

The driver reads and splits the ratings, Spark learns the movies, and the driver folds in the users and
evaluates their lists: what is measured is the effect of Spark's learning, on data that one machine can hold.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from batch.data.interactions import Interactions
from batch.evaluation.evaluate import Learn
from batch.model.weighted_parts import FittedItems
from batch.settings import Settings
from batch.spark.segments import NOTHING_KNOWN, count_users
from batch.spark.session import connected
from batch.spark.shares import MICROSECONDS, RATINGS_PER_SHARE, Catalogue, Known
from batch.spark.train import fit_items
from batch.spark.trend import count_lately


@contextmanager
def learning(settings: Settings) -> Iterator[Learn]:
    """Connect to a cluster for the body, and give what learns the items of the model there."""
    with tempfile.TemporaryDirectory() as work, connected(settings.master, Path(work)) as spark:
        # Spark's ALS begins with random vectors.
        yield lambda ratings, settings, _start: learn_from(spark, ratings, settings)


def learn_from(spark: SparkSession, ratings: Interactions, settings: Settings) -> FittedItems:
    """Learn the movies from ratings of the driver."""
    catalogue, there = hand_over(spark, ratings)
    users_of_share = count_users(there, NOTHING_KNOWN).sum(axis=1)
    known = Known(there, users_of_share, catalogue, catalogue.ratings_of_item)
    return fit_items(known, count_lately(known, NOTHING_KNOWN, settings), settings)


def hand_over(spark: SparkSession, ratings: Interactions) -> tuple[Catalogue, DataFrame]:
    """Hand ratings over to a cluster, as cleaning would leave them; made-up ids are in order of indices."""
    item_ids = pa.array([f"{item:010d}" for item in range(ratings.items)], pa.string())
    user_ids = pa.array([f"{user:010d}" for user in range(ratings.users)], pa.string())
    rated_at = pa.array(np.nan_to_num(ratings.rated_at) * MICROSECONDS, mask=np.isnan(ratings.rated_at))
    table = pa.table(
        {
            "user_id": user_ids.take(pa.array(ratings.user_index)),
            "item_id": item_ids.take(pa.array(ratings.item_index)),
            "rating": pa.nulls(len(ratings), pa.float64()),
            "weight": pa.array(ratings.weight.astype(np.float64)),
            "rated_at": rated_at.cast(pa.int64(), safe=False),
            "line": pa.array(ratings.time_rank.astype(np.int64)),
        }
    )
    shares = max(spark.sparkContext.defaultParallelism, -(-len(ratings) // RATINGS_PER_SHARE))
    rows = spark.createDataFrame(table).repartitionByRange(shares, "user_id")
    there = rows.sortWithinPartitions(rows.user_id, rows.line.desc()).checkpoint()
    of_items = item_ids, ratings.is_hidden, ratings.ratings_of_item
    return Catalogue(*of_items, ratings.meaning, ratings.unit, ratings.genres), there

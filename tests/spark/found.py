"""What is found in an input, by a cluster and by the local run: the same words for the same facts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import SparkSession

from batch.data.clean import clean as clean_here
from batch.data.exclusions import NO_EXCLUSIONS
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.spark.clean import Driver, clean, read
from batch.spark.tables import find_tables

TABLES = {
    "rejected": "select file, line, rule, raw, user_id from rejected_rows order by all",
    "repaired": "select file, line, rule, raw, user_id from repaired_rows order by all",
    "rating_counts": "select stage, rating, rows from rating_counts order by all",
    "files": "from input_files order by all",
    "items": (
        "select item_id, title, year, genres, attributes::varchar, ratings, round(mean_rating, 9) from items "
        "order by all"
    ),
    "users": (
        "select user_id, gender, age_group, occupation, attributes::varchar, rule from validated_users "
        "order by all"
    ),
    "seen": "select user_id::varchar, item_id::varchar from seen_items order by all",
}


def found_there(spark: SparkSession, data: Path, work: Path) -> dict[str, Any]:
    """Return what a cluster finds."""
    work.mkdir()
    with duckdb.connect() as connection:
        driver = Driver(spark, connection, work)
        tables = find_tables(spark, data, work)
        cleaned = clean(driver, read(driver, tables), 1, datetime.now(UTC), NO_EXCLUSIONS)
        ratings = cleaned.ratings.select("user_id", "item_id", "rating", "weight", "rated_at").toArrow()
        return {
            "spec": tables.spec,
            "counts of rows": cleaned.counts,
            "ratings": sorted(map(str, ratings.to_pylist())),
            **{name: connection.execute(query).fetchall() for name, query in TABLES.items()},
        }


def found_here(data: Path, work: Path) -> dict[str, Any]:
    """Return what the local run finds."""
    work.mkdir()
    with duckdb.connect() as connection:
        inputs = find_inputs(data)
        counts = clean_here(load(connection, inputs.snapshot(), work), 1, datetime.now(UTC)).counts
        ratings = connection.sql(
            "select user_id::varchar as user_id, item_id::varchar as item_id, rating, weight, "
            "epoch_us(rated_at) as rated_at from interactions"
        ).to_arrow_table()
        return {
            "spec": inputs.spec,
            "counts of rows": counts,
            "ratings": sorted(map(str, ratings.to_pylist())),
            **{name: connection.execute(query).fetchall() for name, query in TABLES.items()},
        }

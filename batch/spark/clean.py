"""Clean on a cluster: the rules of the local run, applied to pieces of files and to shares of users.

The input is read twice. First each piece tells its length and what its rows without a user id stand between,
which is little; from that the driver finds whose they are, by the statement of the local run. Then the
rows are validated where they are, and what is kept goes to the worker that has its user, which finds the
ratings that a later one supersedes. If anything was rejected or repaired, a third reading looks up raw text.

Only what was rejected, repaired or counted comes to the driver, beside what is known of movies.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import avg, count

from batch.data.clean import (
    Counts,
    latest_time,
    look_up_raw_text,
    raw_of_line,
    remedy_of_values,
    stop_at_unknown_events,
    stop_if_nothing_is_left,
    stop_if_too_many_are_rejected,
    validate_others,
    warn_of_unknown_hidden,
)
from batch.data.exclusions import Exclusions
from batch.data.forgotten import hold_out_forgotten
from batch.data.input_spec import InputSpec
from batch.data.load import (
    Loaded,
    load_others,
    load_ratings,
    loaded as all_loaded,
    prepare,
    without_rows,
)
from batch.data.meaning import STARS, Meaning, meaning_of
from batch.data.readers import Source
from batch.errors import InputError
from batch.spark.pieces import LOOKED, RAW, VALIDATED, Place, look, raw, validate
from batch.spark.segments import Kinds, count_users, read_kinds
from batch.spark.shares import RATINGS_PER_SHARE, Batches
from batch.spark.tables import Tables, bring, rows_of
from sql import statement

_ORDERED = (
    "user_id string, item_id string, rating double, weight double, rated_at long, line long, outcome string"
)


@dataclass(frozen=True)
class Read:
    """The input, and how its lines follow each other."""

    tables: Tables
    loaded: Loaded  # of the driver: all but the ratings
    lines_before: dict[Place, int]  # of each piece of the ratings
    brought: dict[str, dict[str, int]]  # lines before each part of the other tables, by name
    repairs: pa.Table  # a line among all and its user id, where that was missing and is found; by line


@dataclass(frozen=True)
class Cleaned:
    """What cleaning leaves on the cluster; the rest is in the database of the driver."""

    ratings: DataFrame  # by user and newest first, each user in one partition
    counts: Counts
    kinds: Kinds
    users: NDArray[np.int64]  # (partitions, kinds), how many there are
    meaning: Meaning


@dataclass(frozen=True)
class Driver:
    """Where the driver works: its cluster, its database, and a folder that workers can write to."""

    spark: SparkSession
    connection: duckdb.DuckDBPyConnection
    work: Path

    def execute(self, name: str, **values: object) -> duckdb.DuckDBPyConnection:
        """Execute a statement in the database."""
        return self.connection.execute(statement(name), values)

    def bring(self, rows: DataFrame, name: str) -> None:
        """Make a table of the database from rows on the cluster; the workers write them into files."""
        rows.write.parquet((self.work / name).resolve().as_uri())
        self.connection.read_parquet(f"{self.work / name}/*.parquet").create(name)


def read(driver: Driver, tables: Tables) -> Read:
    """Read everything once: lines are counted, and missing ids found. Raises InputError as `load` does."""
    spark, connection, work, table = driver.spark, driver.connection, driver.work, tables.ratings
    prepare(connection, tables.spec)
    look_at_pieces = partial(look, table=table, spec=tables.spec)
    looked = rows_of(spark, table).mapInArrow(look_at_pieces, LOOKED).toArrow()
    kinds = looked["kind"].to_pylist()
    if "fault" in kinds:
        raise InputError(looked["text"][kinds.index("fault")].as_py())
    connection.register("looked_rows", looked)
    driver.execute("spark/pieces", file=table.name)
    connection.unregister("looked_rows")
    pieces = connection.table("pieces").fetchall()
    if not pieces:
        raise without_rows(table.name)
    driver.execute("clean/repaired_users", file=table.name)
    repairs = connection.table("repaired_users").order("line").to_arrow_table()
    connection.execute("delete from rating_rows; delete from repaired_users; delete from blank_lines")
    brought = {each.name: bring(spark, each, work) for each in tables.all()[1:]}
    movies, users, hidden = (
        each.at(each.local_path(work)) if each else None
        for each in (tables.movies, tables.users, tables.hidden)
    )
    others = load_others(connection, tables.spec, (movies, users, hidden), work, {})
    sources = (_source_of_ratings(tables, work), *others)
    return Read(
        tables=tables,
        loaded=all_loaded(connection, tables.spec, sources),
        lines_before={Place(file, start): lines for file, start, lines in pieces},
        brought=brought,
        repairs=repairs,
    )


def _source_of_ratings(tables: Tables, work: Path) -> Source:
    """Return the ratings as a source without copies, which has the columns that mean nothing."""
    with duckdb.connect() as connection:
        prepare(connection, tables.spec)
        sample = load_ratings(connection, tables.spec, tables.ratings.given, work, {})
    return replace(sample, paths=(work,), is_text=False, parts=())


def clean(
    driver: Driver, found: Read, max_rejected: float, started_at: datetime, exclusions: Exclusions
) -> Cleaned:
    """Make what the local `clean` makes; the ratings stay on the cluster. Raises InputError as it does."""
    connection, loaded = driver.connection, found.loaded
    file, hidden = loaded.ratings.name, loaded.hidden.name if loaded.hidden else "hide"
    of_pieces = partial(
        validate,
        table=found.tables.ratings,
        spec=found.tables.spec,
        lines_before=found.lines_before,
        repairs=found.repairs,
        latest=latest_time(started_at),
        exclusions=exclusions,
    )
    validated = rows_of(driver.spark, found.tables.ratings).mapInArrow(of_pieces, VALIDATED).persist()
    driver.bring(validated.where("kind not in ('kept', 'seen')"), "validated")
    stop_at_unknown_events(driver.execute("spark/unknown_events").fetchall(), found.tables.ratings.name)
    # Of the forgotten in the other files; workers have excluded those in the ratings.
    hold_out_forgotten(connection, loaded.ratings, loaded.users, exclusions)
    driver.execute("exclude/hidden_items", item_ids=list(exclusions.hidden))
    driver.execute("spark/validated_lines")
    validate_others(loaded)
    driver.execute("clean/recorded_rows")
    ratings_as_read = connection.table("validated").filter("kind = 'counted'")
    stop_if_too_many_are_rejected(
        connection,
        max_rejected,
        lambda file, line: _raw_of_line(driver, found, file, line),
        lambda: remedy_of_values(ratings_as_read.project("rating, unnest(range(rows))"), found.tables.spec),
    )
    ratings = _by_user(driver, file, validated, found.tables.spec)
    warn_of_unknown_hidden(connection, hidden)
    _look_up_raw_text(driver, found)
    spec = found.tables.spec
    segments = spec.users.segments if spec.users else ()
    kinds = read_kinds(connection, segments)
    users = count_users(ratings, kinds)
    counted = driver.execute("spark/counts", file=file)
    (row,) = counted.fetchall()
    names = [column[0] for column in counted.description or ()]
    counts = Counts(**dict(zip(names, row, strict=True)), users=int(users.sum()))
    given = found.tables
    name = given.hidden.name if given.hidden else hidden
    stop_if_nothing_is_left(counts, connection.table("items"), given.ratings.name, name)
    return Cleaned(ratings, counts, kinds, users, meaning_of(spec))


def _by_user(driver: Driver, file: str, validated: DataFrame, spec: InputSpec) -> DataFrame:
    """Return the ratings that count by user, and make the tables of movies, of rating counts and of lines."""
    meaning = meaning_of(spec)
    columns = ("line", "user_id", "item_id", "rating", "weight", "rated_at")
    kept = validated.where("kind = 'kept'").select(*columns)
    shares = max(driver.spark.sparkContext.defaultParallelism, -(-kept.count() // RATINGS_PER_SHARE))
    ordered = (
        kept.repartitionByRange(shares, "user_id")
        .mapInArrow(partial(supersede, meaning=meaning, max_per_user=spec.max_per_user), _ORDERED)
        .checkpoint()
    )
    ratings = ordered.where("outcome = 'kept'")
    capped = ordered.where("outcome = 'capped'")
    seen = capped.select("user_id", "item_id").unionAll(
        validated.where("kind = 'seen'").select("user_id", "item_id")
    )
    driver.bring(_only_seen(seen, ratings), "seen_items")
    driver.bring(seen.select("item_id").distinct(), "named_items")
    validated.unpersist()
    driver.bring(ordered.where("outcome = 'superseded'").select("line", "user_id"), "superseded")
    driver.bring(capped.select("line", "user_id"), "capped_ratings")
    driver.bring(ratings.groupBy("rating").agg(count("*").alias("rows")), "kept_ratings")
    of_item = count("*").alias("ratings"), avg("rating").alias("mean_rating")
    driver.bring(ratings.groupBy("item_id").agg(*of_item), "rated_items")
    driver.execute("clean/meaning", adds_up=meaning.adds_up, is_logarithmic=meaning.is_logarithmic)
    driver.execute("spark/cleaned_lines", file=file)
    driver.execute("clean/items")
    driver.execute("spark/rating_counts", file=file)
    return ratings


def _only_seen(named: DataFrame, ratings: DataFrame) -> DataFrame:
    """Return pairs of user and movie that are in no rating, of users and movies that are."""
    pairs = named.select("user_id", "item_id").distinct()
    if pairs.isEmpty():
        return pairs
    for column in ("user_id", "item_id"):
        pairs = pairs.join(ratings.select(column).distinct(), column, "left_semi")
    return pairs.join(ratings, ["user_id", "item_id"], "left_anti")


def supersede(batches: Batches, meaning: Meaning = STARS, max_per_user: int | None = None) -> Batches:
    """Find what becomes of the ratings of a share of users; by user, newest first."""
    found = list(batches)
    if not sum(map(len, found)):
        return
    rows = pa.Table.from_batches(found)
    place = rows.schema.get_field_index("rated_at")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register(
            "given_ratings", rows.set_column(place, "rated_at", rows["rated_at"].cast(pa.timestamp("us")))
        )
        connection.execute("create view valid_ratings as from given_ratings")
        connection.execute(statement("clean/capped_ratings"), {"max_per_user": max_per_user or len(rows)})
        connection.execute(
            "create or replace view valid_ratings as from given_ratings anti join capped_ratings using (line)"
        )
        values = {"adds_up": meaning.adds_up, "is_logarithmic": meaning.is_logarithmic}
        connection.execute(statement("clean/meaning"), values)
        connection.execute(statement("clean/id_types"))
        connection.execute(statement("clean/added_interactions" if meaning.adds_up else "clean/interactions"))
        ordered = connection.sql(statement("spark/all_interactions")).to_arrow_table()
    yield from ordered.to_batches()


def _look_up_raw_text(driver: Driver, found: Read) -> None:
    """Make the tables of rejected and repaired rows, with their text and the parts that they are from."""
    wanted = driver.execute("spark/lines_to_look_up", file=found.loaded.ratings.name).fetchnumpy()["line"]
    # If every line is valid, the input need not be read again.
    lines = np.asarray(wanted, np.int64)
    rows = _raw_rows(driver, found, lines) if len(lines) else driver.spark.createDataFrame([], RAW)
    driver.bring(rows, "raw_rows")
    driver.execute("spark/looked_up_rows")
    for source in found.loaded.sources()[1:]:
        look_up_raw_text(driver.connection, "clean/rejected_rows", source)
    if found.loaded.users:
        look_up_raw_text(driver.connection, "clean/repaired_user_rows", found.loaded.users)
    parts = []
    for table in found.tables.all():
        # A part without rows, as Spark writes them, has no piece.
        lines_before = found.brought.get(table.name) or {
            place.file: lines for place, lines in reversed(found.lines_before.items())
        }
        parts += [
            {
                "table_name": table.name,
                "name": table.part(file),
                "lines_before": before,
                "content": table.content,
            }
            for file, before in lines_before.items()
        ]
    driver.connection.register("parts_read", pa.Table.from_pylist(parts))
    driver.execute("clean/named_parts")


def _raw_rows(driver: Driver, found: Read, lines: NDArray[np.int64]) -> DataFrame:
    table = found.tables.ratings
    spec = found.tables.spec
    of_pieces = partial(raw, table=table, spec=spec, lines_before=found.lines_before, wanted=lines)
    return rows_of(driver.spark, table).mapInArrow(of_pieces, RAW)


def _raw_of_line(driver: Driver, found: Read, file: str, line: int) -> str:
    """Return the raw text of one rejected line, for a message."""
    if file == found.loaded.ratings.name:
        return str(_raw_rows(driver, found, np.array([line])).toArrow()["raw"][0])
    (source,) = (each for each in found.loaded.sources() if each.name == file)
    return raw_of_line(driver.connection, source, line)

"""Clean on a cluster: the rules of the local run, applied to pieces of files and to shares of users.

The input is read twice. First each piece tells its length and what its rows without a user id stand between,
which is little; from that the driver finds whose they are, by the statement of the local run. Then the
rows are judged where they are, and what is kept goes to the worker that has its user: there it is told which
rating a later one supersedes. A third reading, if anything was rejected or repaired, looks up raw text.

Only what was rejected, repaired or counted comes to the driver, beside what is known of movies.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import avg, count

from batch.data.clean import (
    Counts,
    latest_time,
    look_up_raw_text,
    raw_of_line,
    stop_if_nothing_is_left,
    stop_if_too_many_are_rejected,
    validate_others,
    warn_of_unknown_hidden,
)
from batch.data.exclusions import Exclusions
from batch.data.forgotten import hold_out_forgotten
from batch.data.load import (
    Loaded,
    Source,
    ignored,
    known_names,
    load_others,
    loaded as all_loaded,
    prepare,
    without_rows,
)
from batch.errors import InputError
from batch.spark.pieces import JUDGED, LOOK, RAW, Batches, Place, Repairs, judge, look, raw
from batch.spark.tables import Tables, bring, header_of, rows_of
from sql import statement

# A share of users is so many ratings, about: what a worker holds at a time.
RATINGS_PER_SHARE = 500_000
GIVEN = "user_id string, item_id string, rating double, rated_at long, line long, is_superseded boolean"


@dataclass(frozen=True)
class Read:
    """The input, and how its lines follow each other."""

    tables: Tables
    loaded: Loaded  # of the driver: all but the ratings
    before: dict[Place, int]  # lines before each piece of the ratings
    brought: dict[str, dict[str, int]]  # lines before each part of the other tables, by name
    repairs: Repairs


@dataclass(frozen=True)
class Cleaned:
    """What cleaning leaves on the cluster; the rest is in the database of the driver."""

    ratings: DataFrame  # by user and newest first, each user in one partition
    counts: Counts
    users_of_share: list[int]  # by partition


def read(spark: SparkSession, connection: duckdb.DuckDBPyConnection, tables: Tables, work: Path) -> Read:
    """Read everything once: lines are counted, and missing ids found. Raises InputError as `load` does."""
    prepare(connection)
    table = tables.ratings
    seen = rows_of(spark, table).mapInArrow(partial(look, table=table), LOOK).toArrow()
    for fault in _of_kind(seen, "fault")["text"].to_pylist():
        raise InputError(fault)
    before, lines = _line_up(_of_kind(seen, "piece"))
    if lines == 0:
        raise without_rows(table.name)
    connection.execute(statement("spark/found_rows"))
    connection.register("near", _numbered(_of_kind(seen, "near"), before))
    connection.register("blank", _numbered(_of_kind(seen, "blank"), before))
    connection.execute(statement("spark/neighbours_of_all"))
    connection.execute(statement("spark/blank_lines"), {"file": table.local_name})
    connection.unregister("near")
    connection.unregister("blank")
    connection.execute(statement("clean/repaired_users"), {"file": table.local_name})
    repairs = connection.execute("select line, user_id from repaired_users order by line").fetchnumpy()
    connection.execute("delete from rating_rows; delete from repaired_users; delete from blank_lines")
    brought = {each.name: bring(spark, each, work) for each in tables.all()[1:]}
    users, hidden = (work / each.local_name if each else None for each in (tables.users, tables.hidden))
    others = load_others(connection, work / tables.movies.local_name, users, hidden, work)
    header = header_of(spark, table)
    names = known_names(Path(table.name), header, table.columns)
    ratings = Source(table.local_name, work, is_text=False, ignored=ignored(header, names))
    return Read(
        tables=tables,
        loaded=all_loaded(connection, (ratings, *others), has_rating=True, has_timestamp=True),
        before=before,
        brought=brought,
        repairs=Repairs(
            np.asarray(repairs["line"], np.int64), np.asarray(np.ma.filled(repairs["user_id"], ""), object)
        ),
    )


def clean(  # noqa: PLR0913, PLR0917 (where the rows are, and what is done with them)
    spark: SparkSession,
    connection: duckdb.DuckDBPyConnection,
    found: Read,
    max_rejected: float,
    started_at: datetime,
    exclusions: Exclusions,
    work: Path,
) -> Cleaned:
    """Make what the local `clean` makes; the ratings stay on the cluster. Raises InputError as it does."""
    table, loaded = found.tables.ratings, found.loaded
    by_judge = partial(
        judge,
        table=table,
        before=found.before,
        repairs=found.repairs,
        latest=latest_time(started_at),
        exclusions=exclusions,
    )
    evaluated = rows_of(spark, table).mapInArrow(by_judge, JUDGED).persist()
    connection.execute(
        statement("spark/validated"), {"path": written(evaluated.where("kind <> 'kept'"), work / "judged")}
    )
    # Of the forgotten in the other files; those in the ratings are held out.
    hold_out_forgotten(connection, loaded.ratings, loaded.users, exclusions)
    connection.execute(statement("exclude/hidden_items"), {"item_ids": list(exclusions.hidden)})
    ((rows_read, rows_held_out),) = connection.execute(statement("spark/counted_rows")).fetchall()
    _stop_if_too_many_are_rejected(spark, connection, found, rows_read, max_rejected)
    kept = evaluated.where("kind = 'kept'").select("line", "user_id", "item_id", "rating", "rated_at")
    shares = max(spark.sparkContext.defaultParallelism, -(-kept.count() // RATINGS_PER_SHARE))
    ratings = kept.repartitionByRange(shares, "user_id").mapInArrow(supersede, GIVEN).checkpoint()
    evaluated.unpersist()
    counting = ratings.where("not is_superseded")
    _describe(connection, loaded.ratings.name, ratings, counting, work)
    warn_of_unknown_hidden(connection, loaded.hidden.name if loaded.hidden else "hidden.csv")
    _look_up_raw_text(spark, connection, found, work / "raw")
    of_share = users_of_shares(counting)
    ((rejected, replaced, repaired, items),) = connection.execute(
        statement("spark/counts"), {"file": loaded.ratings.name}
    ).fetchall()
    counts = Counts(
        rows_read=rows_read,
        rows_kept=counting.count(),
        rows_repaired=repaired,
        rows_rejected=rejected,
        rows_superseded=replaced,
        rows_held_out=rows_held_out,
        users=sum(of_share),
        items=items,
    )
    hidden = found.tables.hidden.name if found.tables.hidden else "hidden.csv"
    stop_if_nothing_is_left(counts, connection.table("items"), table.name, hidden)
    return Cleaned(counting, counts, of_share)


def _stop_if_too_many_are_rejected(
    spark: SparkSession,
    connection: duckdb.DuckDBPyConnection,
    found: Read,
    rows_read: int,
    max_rejected: float,
) -> None:
    loaded, file = found.loaded, found.loaded.ratings.name
    connection.execute(statement("load/rows_of_file"), {"file": file, "rows": rows_read})
    connection.execute(statement("spark/rejected_lines"), {"file": file})
    validate_others(loaded)
    connection.execute(statement("clean/recorded_rows"))
    sources = {source.name: source for source in loaded.sources()[1:]}

    def raw_text(name: str, line: int) -> str:
        if name == file:
            return str(_raw_rows(spark, found, np.array([line])).toArrow()["raw"][0])
        return raw_of_line(connection, sources[name], line)

    stop_if_too_many_are_rejected(connection, max_rejected, raw_text)


def _describe(
    connection: duckdb.DuckDBPyConnection, file: str, ratings: DataFrame, counting: DataFrame, work: Path
) -> None:
    """Make the tables of movies, of how often each rating is given, and of lines that are superseded."""

    def execute(name: str, **values: str) -> None:
        connection.execute(statement(name), values)

    of_items = counting.groupBy("item_id").agg(
        count("*").alias("ratings"), avg("rating").alias("mean_rating")
    )
    execute("spark/rated_items", path=written(of_items, work / "rated_items"))
    superseded = ratings.where("is_superseded").select("line", "user_id")
    execute("spark/superseded_lines", file=file, path=written(superseded, work / "superseded"))
    execute("spark/repaired_lines", file=file)
    execute("clean/items")
    stars = counting.groupBy("rating").agg(count("*").alias("rows"))
    execute("spark/rating_counts", file=file, path=written(stars, work / "rating_counts"))


def _look_up_raw_text(
    spark: SparkSession, connection: duckdb.DuckDBPyConnection, found: Read, folder: Path
) -> None:
    """Make the tables of rejected and repaired rows, with their text and the parts that they are from."""
    file = found.loaded.ratings.name
    lines = connection.execute(statement("spark/lines_to_look_up"), {"file": file}).fetchnumpy()["line"]
    # Where every line is sound, the input need not be read again.
    rows = (
        _raw_rows(spark, found, np.asarray(lines, np.int64)) if len(lines) else spark.createDataFrame([], RAW)
    )
    path = written(rows, folder)
    connection.execute(statement("spark/rejected_rows"), {"file": file, "path": path})
    connection.execute(statement("spark/repaired_rows"), {"file": file, "path": path})
    for source in found.loaded.sources()[1:]:
        look_up_raw_text(connection, "clean/rejected_rows", source)
    _name_parts(connection, found)


def _raw_rows(spark: SparkSession, found: Read, lines: NDArray[np.int64]) -> DataFrame:
    table = found.tables.ratings
    return rows_of(spark, table).mapInArrow(partial(raw, table=table, before=found.before, wanted=lines), RAW)


def supersede(batches: Batches) -> Batches:
    """Tell which ratings of a share of users a later one supersedes; by user, newest first."""
    rows = list(batches)
    if not sum(map(len, rows)):
        return
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("sound_ratings_here", pa.Table.from_batches(rows))
        for name in (
            "spark/valid_ratings", "clean/interactions",
        ):  # fmt: skip
            connection.execute(statement(name))
        given = connection.sql(statement("spark/all_interactions")).to_arrow_table()
    yield from given.to_batches()


def users_of_shares(ratings: DataFrame) -> list[int]:
    """Return how many users each partition has."""
    counted = ratings.mapInArrow(count_share, "share int, users long").toArrow()
    found = dict(zip(counted["share"].to_pylist(), counted["users"].to_pylist(), strict=True))
    return [found.get(share, 0) for share in range(ratings.rdd.getNumPartitions())]


def count_share(batches: Batches) -> Batches:
    """Count the users of a share."""
    users, last = 0, None
    for batch in batches:
        ids = batch.column("user_id").dictionary_encode().dictionary
        if len(ids):
            # The users of a batch follow those of the one before, and may share one.
            users += len(ids) - (ids[0].as_py() == last)
            last = ids[-1].as_py()
    context = TaskContext.get()
    assert context
    yield pa.RecordBatch.from_pylist(
        [{"share": context.partitionId(), "users": users}],
        schema=pa.schema([("share", pa.int32()), ("users", pa.int64())]),
    )


def written(rows: DataFrame, folder: Path) -> str:
    """Write rows as Parquet by the workers, and return the pattern of the files."""
    rows.write.parquet(folder.resolve().as_uri())
    return f"{folder}/*.parquet"


def _of_kind(seen: pa.Table, kind: str) -> pa.Table:
    return seen.filter(pc.equal(seen["kind"], kind))


def _line_up(told: pa.Table) -> tuple[dict[Place, int], int]:
    """Return how many lines come before each piece, and how many there are."""
    before: dict[Place, int] = {}
    lines = 0
    for each in told.sort_by([("file", "ascending"), ("start", "ascending")]).to_pylist():
        before[Place(each["file"], each["start"])] = lines
        lines += each["line"]
    return before, lines


def _numbered(rows: pa.Table, before: dict[Place, int]) -> pa.Table:
    """Return lines counted among all."""
    places = zip(rows["file"].to_pylist(), rows["start"].to_pylist(), strict=True)
    offsets = np.array([before[Place(*place)] for place in places], np.int64)
    return rows.set_column(
        rows.schema.get_field_index("line"), "line", pa.array(rows["line"].to_numpy() + offsets)
    )


def _name_parts(connection: duckdb.DuckDBPyConnection, found: Read) -> None:
    """Name each row that was rejected or repaired by the part that it is from, and its line there."""
    parts: list[tuple[str, str, int]] = []
    for table in found.tables.all():
        # A part without rows, as Spark writes them, has no piece.
        lines_before = found.brought.get(table.name) or {
            place.file: lines for place, lines in reversed(found.before.items())
        }
        parts += [(table.local_name, table.part(file), lines) for file, lines in lines_before.items()]
    columns = zip(("tables", "names", "lines_before"), zip(*parts, strict=True), strict=True)
    connection.execute(statement("spark/parts"), {name: list(values) for name, values in columns})
    connection.execute(statement("spark/named_rejected_rows"))
    connection.execute(statement("spark/named_repaired_rows"))

"""Tables: the input as Spark finds it, a file or a folder of parts for each, wherever it can read."""

import csv
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import parquet
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

from batch.data.columns import HIDDEN, MOVIES, RATINGS, USERS, Columns
from batch.data.inputs import ENDINGS, changed, missing, twice
from batch.errors import InputError

# Blank lines may stand before a header; so many lines are looked at.
LINES_BEFORE_HEADER = 1_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Table:
    """One table of the input: the local run reads it from a single file of the same name."""

    name: str  # ratings.csv
    columns: Columns
    files: tuple[str, ...]  # in order of their names, which is the order of the rows
    header: bytes = b""  # of a text file, and then of every part

    @property
    def is_text(self) -> bool:
        """Whether it is CSV; else it is Parquet."""
        return not self.name.lower().endswith(".parquet")

    @property
    def local_name(self) -> str:
        """Return the name of a piece of it in the folder of a worker."""
        return re.sub(r"\.gz$", "", self.name, flags=re.IGNORECASE)

    def part(self, file: str) -> str:
        """Return the name of one of its files in messages."""
        name = PurePosixPath(unquote(urlsplit(file).path)).name
        return self.name if name == self.name else f"{self.name}/{name}"


class File(NamedTuple):
    """A file of the input folder."""

    name: str  # its path in the folder
    size: int
    changed_at: float  # seconds since 1970
    url: str


@dataclass(frozen=True)
class Tables:
    """The tables of one run."""

    ratings: Table
    movies: Table
    users: Table | None
    hidden: Table | None
    files: tuple[File, ...]  # of the folder, whether a table has them or not

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names, sizes and times of change."""
        facts = [(file.name, file.size, file.changed_at) for file in self.files]
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def all(self) -> list[Table]:
        """Every table there is, in a fixed order."""
        return [each for each in (self.ratings, self.movies, self.users, self.hidden) if each is not None]


def find_tables(spark: SparkSession, folder: Path) -> Tables:
    """Find the tables in a folder. Raises InputError as the local run does.

    Unlike the local run, it compares names, sizes and times of change: to read all of the input only to see
    that nothing has changed would cost a good part of the run.
    """
    address = _address(folder)
    files = _files(spark, address)
    ratings, movies, users, hidden = (
        _table(spark, address, files, name, columns)
        for name, columns in (("ratings", RATINGS), ("movies", MOVIES), ("users", USERS), ("hidden", HIDDEN))
    )
    if ratings is None:
        raise missing(address, "ratings")
    if movies is None:
        raise missing(address, "movies")
    return Tables(ratings, movies, users, hidden, tuple(files))


def stop_if_written(spark: SparkSession, folder: Path, tables: Tables) -> None:
    """Raise InputError if a file of the folder is not as it was when the tables were found."""
    for file in sorted({*_files(spark, _address(folder))}.symmetric_difference(tables.files)):
        raise changed(file.name)


def _files(spark: SparkSession, address: str) -> list[File]:
    """Return every file of a folder, by path."""
    try:
        found = (
            spark.read.format("binaryFile")
            .option("recursiveFileLookup", "true")
            .load(address)
            .select("path", "length", col("modificationTime").cast("double").alias("changed_at"))
            .toArrow()
        )
    except AnalysisException as error:
        raise InputError(
            f"{address}: no such folder; name the one with ratings.csv and movies.csv by --data"
        ) from error
    root = urlsplit(address).path.strip("/")
    files = []
    for url, size, changed_at in (row.values() for row in found.sort_by("path").to_pylist()):
        inside = urlsplit(url).path.strip("/").removeprefix(root).strip("/")
        files.append(File(unquote(inside), size, changed_at, url))
    return files


def _table(spark: SparkSession, address: str, files: list[File], name: str, columns: Columns) -> Table | None:
    """Return the table of that name; None if there is none."""
    wanted = {f"{name}{ending}" for ending in ENDINGS}
    of_name: dict[str, list[str]] = {}
    for file in files:
        entry = file.name.split("/")[0]
        if file.size and entry.lower() in wanted:
            of_name.setdefault(entry, []).append(file.url)
    if not of_name:
        return None
    if len(of_name) > 1:
        raise twice(address, sorted(of_name))
    ((entry, urls),) = of_name.items()
    table = Table(entry, columns, tuple(sorted(urls)))
    return replace(table, header=_header(spark, table)) if table.is_text else table


def bring(spark: SparkSession, table: Table, work: Path) -> dict[str, int]:
    """Bring a table that is small beside the ratings to the driver, row by row, as one file in `work`.

    Return how many lines of it come before each part.
    """
    target = work / table.local_name
    if not table.is_text:
        place = [col("_metadata.file_path").alias("__file"), col("_metadata.row_index").alias("__row")]
        found = spark.read.parquet(*table.files).select("*", *place).toArrow()
        # Spark takes large files first.
        found = found.sort_by([("__file", "ascending"), ("__row", "ascending")])
        parquet.write_table(found.drop_columns(["__file", "__row"]), target)
        of_file = dict(Counter(found["__file"].to_pylist()))
        ends = accumulate(of_file.get(file, 0) for file in table.files)
        return dict(zip(table.files, [0, *ends], strict=False))
    before, lines = {}, 0
    with target.open("wb") as stream:
        for file in table.files:
            before[file] = lines
            is_header = bool(lines)
            for (line,) in spark.read.text(file).select(col("value").cast("binary")).toLocalIterator():
                # A blank line in the place of the header of a later part keeps lines in their places.
                stream.write((b"" if is_header else bytes(line)) + b"\n")
                is_header = is_header and not without_mark(bytes(line))
                lines += 1
    return before


def _address(folder: Path) -> str:
    """Return a folder as Spark takes it: `Path` has made one slash of the two of `s3a://bucket`."""
    text = str(folder)
    if re.match(r"[a-z][a-z0-9+.-]+:/", text):
        return re.sub(r"^([a-z0-9+.-]+):/+", r"\1:///" if text.startswith("file:") else r"\1://", text)
    return folder.resolve().as_uri()


def _header(spark: SparkSession, table: Table) -> bytes:
    """Return the header line of the first part."""
    lines = spark.read.text(table.files[0]).select(col("value").cast("binary")).take(LINES_BEFORE_HEADER)
    for (line,) in lines:
        if header := without_mark(bytes(line)):
            return header
    raise InputError(
        f"{table.name}: is empty; expected a header line with {','.join(table.columns.required)}"
    )


def without_mark(line: bytes) -> bytes:
    """Return a line without a byte order mark and spaces around it."""
    return line.removeprefix(BYTE_ORDER_MARK).strip()


def columns_of(header: bytes) -> list[str]:
    """Return the names in a header."""
    return next(csv.reader([header.decode(errors="replace")]))


def header_of(spark: SparkSession, table: Table) -> list[str]:
    """Return the names of the columns of a table."""
    if table.is_text:
        return [name.strip() for name in columns_of(table.header)]
    return spark.read.parquet(*table.files).columns


def rows_of(spark: SparkSession, table: Table) -> DataFrame:
    """Return the rows of a table, each with its file and its place there.

    Text stays bytes: the local reader finds what is no UTF-8.
    """
    place = [col("_metadata.file_path").alias("__file"), col("_metadata.file_block_start").alias("__start")]
    if table.is_text:
        return spark.read.text(list(table.files)).select(*place, col("value").cast("binary").alias("__line"))
    rows = spark.read.parquet(*table.files)
    return rows.select(*place, col("_metadata.row_index").alias("__row"), *rows.columns)


def arrow_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the columns of the table itself."""
    return batch.select([name for name in batch.schema.names if not name.startswith("__")])

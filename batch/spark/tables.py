"""Tables: the input as Spark finds it, a file or a folder of parts for each, wherever it can read."""

import gzip
import hashlib
import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import parquet
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

from batch.data.input_spec import FILE, InputSpec
from batch.data.inputs import Inputs, InputTable, changed, find_inputs
from batch.data.inspection.tables_of_folder import group_of
from batch.data.text import fields_of
from batch.errors import InputError

# So many rows at the beginning of a file are looked at to understand it.
ROWS_OF_SAMPLE = 5_000
# So many files of the folder itself are looked at; of those that may be parts of one table, then the first.
MAX_SAMPLED_FILES = 50
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ENDING_OF_PIECE = {"csv": ".csv", "json": ".jsonl", "parquet": ".parquet"}


@dataclass(frozen=True)
class Table:
    """One table of the input."""

    content: str  # interactions, items, users or hidden
    given: InputTable  # as it was found among the samples of the files
    files: tuple[str, ...]  # addresses, in order of their names, which is the order of the rows
    header: bytes = b""  # of separated text, and then of every part; of positions where it has none

    @property
    def name(self) -> str:
        """Return its name in messages."""
        return self.given.name

    @property
    def is_text(self) -> bool:
        """Whether it has lines; else it is Parquet."""
        return self.given.format != "parquet"

    def local_path(self, folder: Path) -> Path:
        """Return where a piece of it, or all of it, lies in a folder of a worker or of the driver."""
        return folder / f"{self.content}{ENDING_OF_PIECE[self.given.format]}"

    def at(self, path: Path) -> InputTable:
        """Return the table of which all is in one file."""
        return InputTable(self.given.name, self.given.files, (path,), (self.given.name,))

    def piece(self, path: Path) -> InputTable:
        """Return the table of which a piece is in a file, below the header."""
        piece = self.at(path)
        if self.given.format != "csv":
            return piece
        return replace(piece, files=piece.files.model_copy(update={"header": True}))

    def part(self, file: str) -> str:
        """Return the name of one of its files in messages."""
        return self.given.names[self.files.index(file)]


class File(NamedTuple):
    """A file of the input folder."""

    name: str  # its path in the folder
    size: int
    changed_at: float  # seconds since 1970
    url: str


@dataclass(frozen=True)
class Tables:
    """The tables of one run, and what their columns mean."""

    spec: InputSpec
    findings: tuple[str, ...]  # what was found by looking
    ratings: Table
    movies: Table | None
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


def find_tables(spark: SparkSession, folder: Path, work: Path) -> Tables:
    """Find the tables in a folder, by samples of its files in `work`. Raises InputError as a local run does.

    Unlike the local run, it compares names, sizes and times of change: to read all of the input only to see
    that nothing has changed would cost a good part of the run.
    """
    address = _address(folder)
    files = _files(spark, address)
    samples = work / "samples"
    shutil.rmtree(samples, ignore_errors=True)
    _write_samples(spark, files, samples)
    try:
        inputs = find_inputs(samples)
    except InputError as error:
        if of_zstandard := [file.name for file in files if file.name.lower().endswith(".zst")]:
            raise _not_read(of_zstandard[0]) from None
        raise InputError(str(error).replace(str(samples), address)) from None
    _stop_if_local_only(inputs)
    urls = {file.name: file.url for file in files}

    def table(content: str, given: InputTable | None) -> Table | None:
        return _table(content, given, urls) if given else None

    return Tables(
        spec=inputs.spec,
        findings=inputs.findings,
        ratings=_table("interactions", inputs.ratings, urls),
        movies=table("items", inputs.movies),
        users=table("users", inputs.users),
        hidden=table("hidden", inputs.hidden),
        files=tuple(files),
    )


def _table(content: str, given: InputTable, urls: dict[str, str]) -> Table:
    files = tuple(urls[name] for name in given.names)
    if given.format != "csv":
        return Table(content, given, files)
    text = given.paths[0].read_bytes()
    if given.paths[0].suffix.lower() == ".gz":
        text = gzip.decompress(text)
    header = without_mark(next((line for line in text.splitlines() if without_mark(line)), b""))
    if not given.has_header:
        # A piece may begin with a damaged line: the first of all says how many columns there are.
        columns = len(columns_of(header, given))
        header = given.files.separator.join(map(str, range(1, columns + 1))).encode()
    return Table(content, given, files, header)


def _write_samples(spark: SparkSession, files: list[File], samples: Path) -> None:
    """Write the first rows of each file of a folder into files of the same names."""
    first_of_kind: dict[tuple[str, str, str], Path] = {}
    sampled = 0
    for file in files:
        path = samples / file.name
        if not file.size or path.name[0] in "._":
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        is_in_folder = "/" in file.name
        kind = (*group_of(file.name), path.suffix.lower())
        if kind in first_of_kind and (is_in_folder or sampled >= MAX_SAMPLED_FILES):
            os.link(first_of_kind[kind], path)
            continue
        sampled += 1
        first_of_kind.setdefault(kind, path)
        _write_sample(spark, file, path)


def _write_sample(spark: SparkSession, file: File, path: Path) -> None:
    if path.suffix.lower() == ".parquet":
        parquet.write_table(spark.read.parquet(file.url).limit(ROWS_OF_SAMPLE).toArrow(), path)
        return
    if path.suffix.lower() == ".zst":
        # Spark can't look into it; its name is enough for a message.
        path.write_bytes(b"-")
        return
    rows = spark.read.text(file.url).select(col("value").cast("binary")).take(ROWS_OF_SAMPLE)
    text = b"".join(bytes(line) + b"\n" for (line,) in rows)
    path.write_bytes(gzip.compress(text) if path.suffix.lower() == ".gz" else text)


def _stop_if_local_only(inputs: Inputs) -> None:
    """Raise InputError if something is declared that only the local run can read."""
    for table in inputs.tables():
        if table.files.query:
            raise InputError(f"{FILE}: a query needs --engine local; on Spark, name files")
        encoding = table.files.encoding.lower().replace("_", "-")
        if encoding.startswith(("utf-16", "utf-32", "utf16", "utf32")):
            raise InputError(
                f"{table.name}: is {encoding}, which Spark can't split; convert it to UTF-8, "
                "or use --engine local"
            )
        for name in table.names:
            if name.lower().endswith(".zst"):
                raise _not_read(name)


def _not_read(name: str) -> InputError:
    return InputError(f"{name}: Spark reads no .zst; compress it by gzip, or use --engine local")


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
            f"{address}: no such folder; name the one with the interactions by --data"
        ) from error
    root = urlsplit(address).path.strip("/")
    files = []
    for url, size, changed_at in (row.values() for row in found.sort_by("path").to_pylist()):
        inside = urlsplit(url).path.strip("/").removeprefix(root).strip("/")
        files.append(File(unquote(inside), size, changed_at, url))
    return files


def bring(spark: SparkSession, table: Table, work: Path) -> dict[str, int]:
    """Bring a table that is small beside the ratings to the driver, row by row, as one file in `work`.

    Return how many lines of it come before each part.
    """
    target = table.local_path(work)
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
            is_header = bool(lines) and table.given.has_header
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


def without_mark(line: bytes) -> bytes:
    """Return a line without a byte order mark and spaces around it."""
    return line.removeprefix(BYTE_ORDER_MARK).strip()


def columns_of(header: bytes, table: InputTable) -> list[str]:
    """Return the names in a header."""
    files = table.files
    return fields_of(header.decode(files.encoding, errors="replace"), files.separator, files.quote)


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

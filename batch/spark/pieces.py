"""Pieces: what one worker reads of a file, loaded and judged there by the rules of the local run.

Spark splits files into blocks. The rows of each come here, are written into a file of its own, with the
header before them, and go through `batch.data.load` and `sql/clean/` in a small database. Nothing is said
twice of what a row means. Lines are counted in the piece, and how many lines come before it is added.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from batch.data.exclusions import Exclusions
from batch.data.forgotten import hold_out_forgotten
from batch.data.inputs import changed
from batch.data.load import Source, load_file, prepare
from batch.data.text import copy_as_text
from batch.errors import InputError
from batch.spark.tables import Table, arrow_rows, columns_of, without_mark
from sql import statement

Batches = Iterator[pa.RecordBatch]

LOOK = "kind string, file string, start long, line long, text string"
JUDGED = (
    "kind string, line long, user_id string, item_id string, rating double, rated_at long, rule string, "
    "rows long"
)
RAW = "line long, raw string"


@dataclass(frozen=True)
class Place:
    """Where a piece is from: a file, and what stands in it where the piece begins."""

    file: str
    start: int  # bytes of text, rows of Parquet


@dataclass(frozen=True)
class Piece:
    """Rows that stand one after the other in a file."""

    place: Place
    path: Path  # the same rows as a file
    lines: int
    header_line: int  # of the file; 0 where the header is before the piece

    @property
    def shift(self) -> int:
        """Return by how much lines are counted too high: a header was put before them."""
        return 0 if self.header_line or self.path.suffix == ".parquet" else 1


@dataclass(frozen=True)
class Repairs:
    """Whose the rows without a user id are, where that can be told."""

    lines: NDArray[np.int64]  # among all, rising
    user_ids: NDArray[np.object_]


def pieces(batches: Batches, table: Table, work: Path) -> Iterator[Piece]:
    """Yield the pieces that rows are from, one after the other; each takes the place of the one before."""
    runs = (run for batch in batches for run in _runs(batch))
    for place, of_piece in groupby(runs, key=itemgetter(0)):
        rows = (rows for _, rows in of_piece)
        yield (
            _text_piece(place, rows, table, work)
            if table.is_text
            else _parquet_piece(place, rows, table, work)
        )


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[Place, pa.RecordBatch]]:
    """Yield the parts of a batch that are from one block of one file."""
    files, starts = batch.column("__file").dictionary_encode(), batch.column("__start").to_numpy()
    kind = files.indices.to_numpy()
    ends = np.flatnonzero((np.diff(kind) != 0) | (np.diff(starts) != 0)) + 1
    for first, last in zip([0, *ends], [*ends, len(batch)], strict=True):
        if last > first:
            place = Place(files.dictionary[int(kind[first])].as_py(), int(starts[first]))
            yield place, batch.slice(first, last - first)


def _text_piece(place: Place, runs: Batches, table: Table, work: Path) -> Piece:
    path = work / table.local_name
    lines = header_line = 0
    with path.open("wb") as stream:
        if place.start:
            stream.write(table.header + b"\n")
        for rows in runs:
            texts = rows.column("__line").to_pylist()
            if not place.start and not header_line:
                found = _header_line(texts, table, place.file)
                header_line = lines + found if found else 0
            stream.write(b"\n".join(texts) + b"\n")
            lines += len(texts)
    return Piece(place, path, lines, header_line)


def _parquet_piece(place: Place, runs: Batches, table: Table, work: Path) -> Piece:
    path = work / table.local_name
    first = next(runs)
    lines = 0
    with parquet.ParquetWriter(path, arrow_rows(first).schema) as writer:
        for rows in chain([first], runs):
            writer.write_batch(arrow_rows(rows))
            lines += len(rows)
    return Piece(Place(place.file, first.column("__row")[0].as_py()), path, lines, 0)


def _header_line(texts: list[bytes], table: Table, file: str) -> int:
    """Return the line of the header. Raises InputError if it is not that of the first part."""
    for number, text in enumerate(texts, 1):
        if header := without_mark(text):
            if columns_of(header) != columns_of(table.header):
                raise InputError(
                    f"{table.part(file)}: begins with {header[:100].decode(errors='replace')!r}, and "
                    f"{table.part(table.files[0])} with {table.header[:100].decode(errors='replace')!r}; "
                    "give every part the same header"
                )
            return number
    return 0


@contextmanager
def _loaded(piece: Piece, table: Table) -> Iterator[tuple[duckdb.DuckDBPyConnection, Source, set[str]]]:
    with duckdb.connect(config={"threads": 1, "temp_directory": str(piece.path.parent)}) as connection:
        prepare(connection)
        source, known = load_file(
            connection, piece.path, table.columns, piece.path.parent, "load/rating_rows"
        )
        yield connection, source, known


def look(batches: Batches, table: Table) -> Batches:
    """Tell of each piece how many lines it has, and what its rows without a user id stand between.

    What is wrong with a file comes as a fault, since Spark would wrap an error in its own.
    """
    with tempfile.TemporaryDirectory() as work:
        try:
            for piece in pieces(batches, table, Path(work)):
                yield from _told(piece, table)
        except InputError as error:
            yield _looked("fault", Place("", 0), [0], [str(error)])


def _told(piece: Piece, table: Table) -> Batches:
    yield _looked("piece", piece.place, [piece.lines], [None])
    with _loaded(piece, table) as (connection, _, _):
        near = connection.execute(statement("spark/neighbours")).fetchall()
        blank = connection.execute("select line from blank_lines where line > $header", {
            "header": piece.shift,
        }).fetchall()  # fmt: skip
    yield _looked(
        "near", piece.place, [line - piece.shift for line, _ in near], [user_id for _, user_id in near]
    )
    # The header of a part is no row either.
    lines = [*range(1, piece.header_line + 1), *(line - piece.shift for (line,) in blank)]
    yield _looked("blank", piece.place, lines, [None] * len(lines))


def _looked(kind: str, place: Place, lines: list[int], texts: list[str | None]) -> pa.RecordBatch:
    count = len(lines)
    return pa.RecordBatch.from_arrays(
        [
            pa.array([kind] * count, pa.string()),
            pa.array([place.file] * count, pa.string()),
            pa.array([place.start] * count, pa.int64()),
            pa.array(lines, pa.int64()),
            pa.array(texts, pa.string()),
        ],
        names=["kind", "file", "start", "line", "text"],
    )


def judge(  # noqa: PLR0913, PLR0917 (what the rows are, and by what they are judged)
    batches: Batches,
    table: Table,
    before: dict[Place, int],
    repairs: Repairs,
    latest: datetime,
    exclusions: Exclusions,
) -> Batches:
    """Judge the rows of each piece, without those of who is forgotten; `before` has the lines before each.

    `latest` is the latest time that a row may have, in UTC.
    """
    with tempfile.TemporaryDirectory() as work:
        for piece in pieces(batches, table, Path(work)):
            offset = _lines_before(piece, before)
            with _loaded(piece, table) as (connection, source, known):
                first, last = np.searchsorted(repairs.lines, [offset + 1, offset + piece.lines + 1])
                connection.execute(
                    statement("spark/ordered_repairs"),
                    {
                        "lines": (repairs.lines[first:last] - offset + piece.shift).tolist(),
                        "user_ids": repairs.user_ids[first:last].tolist(),
                    },
                )
                connection.execute(statement("load/no_rows"))
                connection.execute(statement("spark/no_superseded_ratings"))
                hold_out_forgotten(connection, source, None, exclusions)
                connection.execute(
                    statement("clean/rejected_ratings"),
                    {
                        "has_rating": "rating" in known,
                        "has_timestamp": "timestamp" in known,
                        "latest": latest,
                    },
                )
                connection.execute(statement("clean/rejected_rating_lines"), {"file": source.name})
                connection.execute(statement("clean/valid_ratings"))
                connection.execute(statement("clean/repaired_lines"))
                evaluated = connection.sql(
                    statement("spark/validated_rows"), params={"before": offset - piece.shift}
                )
                yield from evaluated.to_arrow_table().to_batches()


def raw(batches: Batches, table: Table, before: dict[Place, int], wanted: NDArray[np.int64]) -> Batches:
    """Look up the raw text of these lines, which are counted among all and rise."""
    with tempfile.TemporaryDirectory() as work:
        for piece in pieces(batches, table, Path(work)):
            offset = _lines_before(piece, before)
            first, last = np.searchsorted(wanted, [offset + 1, offset + piece.lines + 1])
            if first < last:
                lines = (wanted[first:last] - offset + piece.shift).tolist()
                found = _raw_of_piece(piece, table, lines)
                shifted = pa.array(np.asarray(found["line"]) + offset - piece.shift, pa.int64())
                yield from found.set_column(0, "line", shifted).to_batches()


def _raw_of_piece(piece: Piece, table: Table, lines: list[int]) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as connection:
        prepare(connection)
        path, name = piece.path, "spark/raw_of_parquet"
        if table.is_text:
            path, name = piece.path.with_suffix(".text"), "spark/raw_of_text"
            copy_as_text(piece.path, path, table.columns.required)
        return connection.sql(statement(name), params={"path": str(path), "lines": lines}).to_arrow_table()


def _lines_before(piece: Piece, before: dict[Place, int]) -> int:
    try:
        return before[piece.place]
    except KeyError:
        raise changed(piece.place.file) from None

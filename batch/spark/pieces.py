"""Pieces: what one worker reads of a file, loaded and validated there by the rules of the local run.

Spark splits files into blocks. The rows of each are written into a file of its own, with the header before
them, and go through `batch.data.load` and `sql/clean/` in a small database. No rule about rows is repeated.
Lines are counted in the piece; an offset makes them lines among all.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from batch.data.exclusions import Exclusions
from batch.data.forgotten import hold_out_forgotten
from batch.data.input_spec import InputSpec
from batch.data.inputs import changed
from batch.data.load import load_ratings, prepare
from batch.data.readers import Source
from batch.data.text import copy_as_text
from batch.errors import InputError
from batch.spark.shares import Batches
from batch.spark.tables import Table, arrow_rows, columns_of, without_mark
from sql import statement

LOOKED = "kind string, file string, start long, line long, text string"
VALIDATED = (
    "kind string, file string, line long, user_id string, item_id string, rating double, weight double, "
    "rated_at long, rule string, rows long"
)
RAW = "file string, line long, raw string"


class Place(NamedTuple):
    """Where a piece is from: a file, and what stands in it where the piece begins."""

    file: str
    start: int  # bytes of text, rows of Parquet


@dataclass(frozen=True)
class Piece:
    """Rows that stand one after the other in a file."""

    place: Place
    path: Path  # the same rows as a file
    lines: int
    header_line: int  # of the file; 0 without a header, or where it is before the piece
    shift: int  # how many lines were put before the rows: a header, if they have none

    def offset(self, lines_before: dict[Place, int]) -> int:
        """Return what makes a line of the piece one among all. Raises InputError if the file has changed."""
        try:
            return lines_before[self.place] - self.shift
        except KeyError:
            raise changed(self.place.file) from None

    def part_of(self, lines: NDArray[np.int64], offset: int) -> slice:
        """Return which of these lines among all, in rising order, are in the piece."""
        first = offset + self.shift + 1
        return slice(*np.searchsorted(lines, [first, first + self.lines]))


def pieces(batches: Batches, table: Table, work: Path) -> Iterator[Piece]:
    """Yield the pieces that rows are from, one after the other; each overwrites the file of the last."""
    runs = (run for batch in batches for run in _runs(batch))
    write = _text_piece if table.is_text else _parquet_piece
    for place, of_piece in groupby(runs, key=itemgetter(0)):
        yield write(place, (rows for _, rows in of_piece), table, table.local_path(work))


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[Place, pa.RecordBatch]]:
    """Yield the parts of a batch that are from one block of one file."""
    files, starts = batch.column("__file").dictionary_encode(), batch.column("__start").to_numpy()
    kind = files.indices.to_numpy()
    ends = np.flatnonzero((np.diff(kind) != 0) | (np.diff(starts) != 0)) + 1
    for first, last in zip([0, *ends], [*ends, len(batch)], strict=True):
        if last > first:
            place = Place(files.dictionary[int(kind[first])].as_py(), int(starts[first]))
            yield place, batch.slice(first, last - first)


def _text_piece(place: Place, runs: Batches, table: Table, path: Path) -> Piece:
    lines = header_line = 0
    has_header = table.given.has_header
    with path.open("wb") as stream:
        if table.header and (place.start or not has_header):
            stream.write(table.header + b"\n")
        for rows in runs:
            texts = rows.column("__line").to_pylist()
            if has_header and not place.start and not header_line:
                found = _header_line(texts, table, place.file)
                header_line = lines + found if found else 0
            stream.write(b"\n".join(texts) + b"\n")
            lines += len(texts)
    return Piece(place, path, lines, header_line, shift=1 if table.header and not header_line else 0)


def _parquet_piece(place: Place, runs: Batches, _table: Table, path: Path) -> Piece:
    first = next(runs)
    lines = 0
    with parquet.ParquetWriter(path, arrow_rows(first).schema) as writer:
        for rows in chain([first], runs):
            writer.write_batch(arrow_rows(rows))
            lines += len(rows)
    return Piece(Place(place.file, first.column("__row")[0].as_py()), path, lines, header_line=0, shift=0)


def _header_line(texts: list[bytes], table: Table, file: str) -> int:
    """Return the line of the header, 0 without one. Raises InputError if it is not that of the first part."""
    for number, text in enumerate(texts, 1):
        if header := without_mark(text):
            if columns_of(header, table.given) != columns_of(table.header, table.given):
                raise InputError(
                    f"{table.part(file)}: begins with {header[:100].decode(errors='replace')!r}, and "
                    f"{table.part(table.files[0])} with {table.header[:100].decode(errors='replace')!r}; "
                    "give every part the same header"
                )
            return number
    return 0


@contextmanager
def _loaded(
    piece: Piece, table: Table, spec: InputSpec
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Source]]:
    work = piece.path.parent
    with duckdb.connect(config={"threads": 1, "temp_directory": str(work)}) as connection:
        prepare(connection, spec)
        yield connection, load_ratings(connection, spec, table.piece(piece.path), work, {})


def look(batches: Batches, table: Table, spec: InputSpec) -> Batches:
    """Return of each piece how many lines it has, and the rows by which missing user ids are found.

    An error of a file is returned as a row of the kind `fault`: Spark would wrap it in an error of its own.
    """
    with tempfile.TemporaryDirectory() as work:
        try:
            for piece in pieces(batches, table, Path(work)):
                with _loaded(piece, table, spec) as (connection, _):
                    values = {
                        "file": piece.place.file,
                        "start": piece.place.start,
                        "lines": piece.lines,
                        "header_line": piece.header_line,
                        "shift": piece.shift,
                    }
                    found = connection.sql(statement("spark/looked_rows"), params=values)
                    yield from found.to_arrow_table().to_batches()
        except InputError as error:
            names = ["kind", "file", "start", "line", "text"]
            yield pa.RecordBatch.from_arrays([["fault"], [""], [0], [0], [str(error)]], names=names)


def validate(  # noqa: PLR0913, PLR0917 (the rows, and what validates them)
    batches: Batches,
    table: Table,
    spec: InputSpec,
    lines_before: dict[Place, int],
    repairs: pa.Table,
    latest: datetime,
    exclusions: Exclusions,
) -> Batches:
    """Validate the rows of each piece, without those of forgotten users.

    `repairs` has a row for each line among all whose missing user id was found, by line; `latest` is the
    latest time that a row may have, in UTC.
    """
    with tempfile.TemporaryDirectory() as work:
        for piece in pieces(batches, table, Path(work)):
            offset = piece.offset(lines_before)
            with _loaded(piece, table, spec) as (connection, source):
                lines = repairs["line"].to_numpy()
                part = piece.part_of(lines, offset)
                found = pa.table({"line": lines[part] - offset, "user_id": repairs["user_id"][part]})
                connection.from_arrow(found).create("repaired_users")
                hold_out_forgotten(connection, source, None, exclusions)
                connection.execute(statement("clean/rejected_ratings"), {"latest": latest})
                connection.execute(statement("clean/rejected_rating_lines"), {"file": source.name})
                connection.execute(statement("clean/valid_ratings"))
                validated = connection.sql(statement("spark/validated_rows"), params={"offset": offset})
                yield from validated.to_arrow_table().to_batches()


def raw(
    batches: Batches,
    table: Table,
    spec: InputSpec,
    lines_before: dict[Place, int],
    wanted: NDArray[np.int64],
) -> Batches:
    """Look up the raw text of these lines among all, which are in rising order."""
    with tempfile.TemporaryDirectory() as work:
        for piece in pieces(batches, table, Path(work)):
            offset = piece.offset(lines_before)
            lines = wanted[piece.part_of(wanted, offset)] - offset
            if len(lines):
                path, raw_lines = piece.path, "json_lines_of"
                if table.is_text:
                    path, raw_lines = path.with_suffix(".text"), "text_lines_of"
                    copy_as_text(table.piece(piece.path), path, {})
                values = {"file": table.name, "lines": lines.tolist(), "offset": offset}
                with duckdb.connect(config={"threads": 1}) as connection:
                    prepare(connection, spec)
                    connection.table_function(raw_lines, [str(path)]).create_view("raw_lines")
                    found = connection.sql(statement("spark/raw_rows"), params=values).to_arrow_table()
                yield from found.to_batches()

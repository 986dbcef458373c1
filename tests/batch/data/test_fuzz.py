"""Small files written in many ways: each is bad input, or every id that is kept is one of the file."""

import csv
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings, strategies as st

from batch.data.clean import clean
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.errors import InputError
from sql.ids import id_of

HEADERS = (
    ("user", "item", "rating", "time"),
    ("customer_id", "sku", "qty", "ordered_at"),
    ("a", "b", "c", "d"),
)
IDS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.integers(0, 999).map(lambda number: f"{number}.0"),
    st.uuids().map(str),
    st.text("abcÄé-_. 0123456789", min_size=1, max_size=8),
    st.sampled_from(["NULL", "", "1e+05", "1.58292E+18", "00042", "١٢"]),
)
VALUES = (
    st.integers(1, 5).map(str),
    st.integers(1, 10).map(lambda half: f"{half / 2}"),
    st.integers(-1, 12).map(str),
    st.sampled_from(["5", "1", "NULL", "abc", "99"]),
)
TIMES = (
    st.integers(10**9, 17 * 10**8).map(str),
    st.integers(10**12, 17 * 10**11).map(str),
    st.datetimes(datetime(2001, 1, 1), datetime(2025, 1, 1)).map(str),  # noqa: DTZ001 (times without a zone)
)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, str, list[list[str]]]:
    """Return the bytes of a file, its ending, and its rows: user, item, value and time."""
    ids = draw(st.lists(IDS, min_size=2, max_size=6)), draw(st.lists(IDS, min_size=2, max_size=6))
    values, times = draw(st.sampled_from(VALUES)), draw(st.sampled_from(TIMES))
    row = st.tuples(st.sampled_from(ids[0]), st.sampled_from(ids[1]), values, times)
    rows = [list(each) for each in draw(st.lists(row, min_size=1, max_size=30))]
    header = draw(st.sampled_from([HEADERS[0], *HEADERS, None]))
    lines = ([list(header)] if header else []) + rows
    separator = draw(st.sampled_from([",", ";", "\t", "|", "::"]))
    if separator == "::":
        text = "".join("::".join(line) + "\n" for line in lines)
    else:
        stream = io.StringIO()
        dialect = draw(
            st.sampled_from(["unix", "excel"])
        )  # with quotes around everything, or what needs them
        csv.writer(stream, dialect, delimiter=separator, lineterminator="\n").writerows(lines)
        text = stream.getvalue()
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]))
    ending = draw(st.sampled_from(["csv", "tsv", "dat", "txt"]))
    return text.encode(encoding, errors="ignore"), ending, rows


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(file=files())
def test_a_file_is_bad_input_or_its_ids_are_those_that_are_kept(
    file: tuple[bytes, str, list[list[str]]],
) -> None:
    content, ending, rows = file
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        work, data = Path(name), Path(name) / "data"
        data.mkdir()
        (data / f"export.{ending}").write_bytes(content)
        try:
            loaded = load(connection, find_inputs(data).snapshot(), work)
            counts = clean(loaded, 1, datetime.now(UTC)).counts
        except InputError:
            return
        kept = connection.execute("select user_id::varchar, item_id::varchar from interactions").fetchall()
    # Letters that an encoding lacks were left out of the file.
    encodable = {id_of(letters) for row in rows for value in row for letters in _encodings(value)}
    assert {each for row in kept for each in row} <= encodable
    assert (
        counts.rows_kept + counts.rows_rejected + counts.rows_superseded + counts.rows_merged
        == counts.rows_read
    )


def _encodings(text: str) -> set[str]:
    return {text.encode(name, errors="ignore").decode(name) for name in ("utf-8", "latin-1", "cp1252")}

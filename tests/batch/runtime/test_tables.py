"""Tables on a terminal: whatever its width and whatever the values, each value that is printed is whole."""

import csv
import io
import json
import math
import re
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings, strategies as st
from rich.cells import cell_len
from rich.console import Console

from batch.commands.printing import print_table, shown
from batch.generation.output_folder import Output
from batch.generation.publish import MACROS
from batch.generation.query import Answer, query, saved_queries
from batch.runtime.tables import Cell, bare_table, escaped, print_whole
from tests.comebacks import write_world
from tests.commands import invoke, invoke_on_terminal
from tests.conftest import publish
from tests.printed import ESCAPE, read_back

WIDTHS = (60, 80, 120, 200)
TITLES = [
    "千と千尋の神隠し、またの名を千と千尋の冒険と湯屋の神々 (2001)",
    "Ame\u0301lie et le fabuleux destin d'Ame\u0301lie Poulain qui n'en finit pas (2001)",
    "\x1b[31mRed\x1b[0m \x1b]0;owned\x07 title (1999)",
    "דרך ארוכה הביתה, סרט ישראלי (1998)",
    "👨‍👩‍👧 The Emoji Movie ❤️ (2017)",
    "Donaudampfschiffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft (1955)",
    "\u202eGnissorc eht\u202c [bold]not a style[/bold] (2003)",
]
CALLS = {
    "recommend": "recommend('18')",
    "similar": "similar('1')",
    "watched": "watched('18')",
    "why": "why('18', (select item_id from recommendations where user_id = '18' and rank = 1))",
}

Print = Callable[[Answer, int], str]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """Two generations of dirty rows, with titles that are hard to print."""
    folder = tmp_path_factory.mktemp("tables")
    data = folder / "data"
    write_world(data)
    head, *movies = csv.reader((data / "movies.csv").read_text(encoding="utf-8").splitlines())
    for movie, title in zip(movies, TITLES, strict=False):
        movie[1] = title
    with (data / "movies.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *movies])
    ratings = data / "ratings.csv"
    rows = re.sub("^2,", ",", ratings.read_text(encoding="utf-8"), flags=re.MULTILINE)
    dirty = f"9999,1,6,1\n9999,1,{'x' * 300},1260759144\n9999,1,5,1260759144\n"
    ratings.write_text(rows + dirty, encoding="utf-8")
    (data / "hidden.csv").write_text("movieId\n8\nnowhere\n", encoding="utf-8")
    for seed in (0, 1):
        publish(data, folder / "output", seed=seed)
    return Output(folder / "output")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Print:
    """Return a function that prints rows on a terminal of a width."""

    def show(answer: Answer, width: int) -> str:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(width))
        print_table(answer)
        return capsys.readouterr().out

    return show


def _assert_whole(answer: Answer, shown_table: str, width: int) -> None:
    assert max(cell_len(line) for line in ESCAPE.sub("", shown_table).splitlines()) <= width
    numbers = {
        name
        for place, name in enumerate(answer.columns)
        if any(isinstance(row[place], (int, float)) for row in answer.rows)
    }
    table = read_back(shown_table, numbers)
    if table.columns == ["column", "value"] != answer.columns:
        (row,) = answer.rows
        assert [name for name, _ in table.rows] == answer.columns
        for (_, cell), value in zip(table.rows, row, strict=True):
            _assert_is(cell, value)
        return
    assert table.columns + table.left_out == answer.columns
    assert len(table.rows) == len(answer.rows)
    for cells, row in zip(table.rows, answer.rows, strict=True):
        for cell, value in zip(cells, row, strict=False):
            _assert_is(cell, value)


def _assert_is(cell: str, value: Any) -> None:
    """Assert that a cell says all of a value, of a float what is left when it is rounded."""
    if isinstance(value, float) and math.isfinite(value):
        assert float(cell) == pytest.approx(value, abs=5e-5, rel=5e-3 if abs(value) < 1e-4 else 1e-12)
    elif not isinstance(value, dict):
        text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        assert cell == " ".join(escaped(text).split())
    else:
        names = re.findall(r"(\w+)=", cell)
        assert names == list(value)
        assert cell == ", ".join(f"{key}={shown(each)}" for key, each in value.items())


@pytest.mark.parametrize("name", [*saved_queries(), *MACROS])
def test_every_value_of_a_saved_query_or_macro_is_whole(real: Output, printed: Print, name: str) -> None:
    older, newer = real.generations()
    asked = f"from {CALLS[name]}" if name in MACROS and name != "quality" else name
    values = {"title": "movie"} if name in {"who_gets", "find_films"} else {}
    answer = query(real.file(newer), asked, values, real.file(older))
    # Both generations are of the same data: nobody came back. And no two users have the same list.
    assert bool(answer.rows) == (name not in {"last_night", "same_lists"})
    for width in WIDTHS:
        _assert_whole(answer, printed(answer, width), width)


def test_hard_titles_are_printed_whole_beside_their_ids(real: Output, printed: Print) -> None:
    chosen = "select item_id, title, year from items where ratings > 0 order by item_id::int limit 10"
    answer = query(real.published(), chosen)
    assert {row[1] for row in answer.rows} > set(TITLES)
    for width in WIDTHS:
        shown_table = printed(answer, width)
        _assert_whole(answer, shown_table, width)
        assert read_back(shown_table, ["year"]).left_out == []
        plain = ESCAPE.sub("", shown_table)
        assert plain.replace("\n", "").replace("\u200d", "").replace("\u200e", "").isprintable()
        assert r"\x1b[31mRed\x1b[0m" in plain
        assert r"\u202eGnissorc" in plain


def test_columns_without_room_are_named_and_ids_come_first(printed: Print) -> None:
    answer = Answer(["user_id", "year", "note", "score", "rank"], [("1" * 30, 1995, "a b", 0.123456, 7)] * 2)
    table = read_back(printed(answer, 60), ["year", "score", "rank"])
    assert table.rows == [["1" * 30, "1995", "a b", "0.1235", "7"]] * 2
    shown_table = printed(answer, 45)
    assert read_back(shown_table, ["year"]).rows == [["1" * 30, "1995", "a b"]] * 2
    assert read_back(shown_table, ["year"]).left_out == ["score", "rank"]


def test_a_value_wider_than_the_terminal_folds_with_a_mark(printed: Print) -> None:
    answer = Answer(["fingerprint", "rank"], [("0123456789abcdef" * 8, 1), ("f" * 128, 2)])
    for width in (10, 30, 60):
        table = read_back(printed(answer, width), ["rank"])
        assert [row[0] for row in table.rows] == [row[0] for row in answer.rows]


def test_a_continued_line_is_no_other_value(printed: Print) -> None:
    answer = Answer(["title"], [("Alien Resurrection and Alien",), ("  Alien",), ("Alien",)])
    assert ESCAPE.sub("", printed(answer, 20)).split("\n")[2:] == [
        "Alien Resurrection  ",
        "  and Alien         ",
        r"\x20\x20Alien       ",
        "Alien               ",
        "",
    ]


def test_a_single_row_that_is_too_wide_stands_upright(printed: Print) -> None:
    answer = Answer([f"column_{place}" for place in range(9)], [tuple(range(1_000_000, 1_000_009))])
    table = read_back(printed(answer, 60))
    assert table.rows == [[f"column_{place}", f"{1_000_000 + place}"] for place in range(9)]
    assert read_back(printed(answer, 120), answer.columns).columns == answer.columns


def test_values_of_every_kind_are_readable(printed: Print) -> None:
    select = r"""
        select true as yes, null as nothing, [1.5, null, 'nan'::double] as numbers, ['a', 'b'] as letters,
            [['a'], []] as nested, map([date '2026-01-02'], [0.123456::double]) as by_day,
            {'a': [1]} as struct, timestamp '2026-01-02 03:04:05' as moment, '\x00'::blob as bytes,
            12.30::decimal(9, 2) as price, 1e-9::double as small, 1e20::double as large,
            'inf'::double as endless, 3.0::double as whole
    """
    with duckdb.connect() as connection:
        found = connection.execute(select)
        answer = Answer([column[0] for column in found.description or ()], found.fetchall())
    (cells,) = read_back(printed(answer, 400)).rows
    assert dict(zip(answer.columns, cells, strict=True)) == {
        "yes": "True",
        "nothing": "",
        "numbers": "1.5, null, nan",
        "letters": "a, b",
        "nested": "[a], []",
        "by_day": "2026-01-02=0.1235",
        "struct": "a=[1]",
        "moment": "2026-01-02 03:04:05",
        "bytes": r"b'\x00'",
        "price": "12.30",
        "small": "1.00e-09",
        "large": "1e+20",
        "endless": "inf",
        "whole": "3.0",
    }


def test_a_column_of_floats_has_as_many_decimals_as_its_longest_one_but_four(printed: Print) -> None:
    answer = Answer(["stars", "score"], [(3.5, 0.123456), (4.25, 12.5)])
    assert read_back(printed(answer, 80), answer.columns).rows == [["3.50", "0.1235"], ["4.25", "12.5000"]]


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_keys_of_every_kind_are_printed_for_machines(real: Output, how: tuple[str, ...]) -> None:
    done = invoke(
        "sql", "select map([date '2026-01-02'], [['nan'::double]]) as days", *how, "--output", real.folder
    )
    text = done.stdout if how else next(csv.DictReader(done.stdout.splitlines()))["days"]
    assert json.loads(text) == ([{"days": {"2026-01-02": [None]}}] if how else {"2026-01-02": [None]})


def test_right_to_left_text_does_not_move_the_column_beside_it(printed: Print) -> None:
    shown_table = printed(Answer(["title", "year"], [(TITLES[3], 1998)]), 80)
    assert re.search("1998\\) *\u200e", shown_table)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.text(max_size=120), st.integers(-9, 10**6), st.text(max_size=40)), min_size=2),
    width=st.integers(34, 200),
)
@example(rows=[("", 0, "\u0f71"), ("\u0301", 0, "e\u0301")], width=34)  # marks at the start of a value
def test_no_value_is_cut_at_any_width(rows: list[tuple[str, int, str]], width: int) -> None:
    table = bare_table()
    for name in ("text", "number", "other"):
        table.add_column(name, justify="right" if name == "number" else "left", no_wrap=name == "number")
    for row in rows:
        table.add_row(*(Cell(str(value)) for value in row))
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    print_whole(table, console)
    shown_table = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(cell_len, shown_table.splitlines())) <= width
    for cells, row in zip(read_back(shown_table, ["number"]).rows, rows, strict=True):
        expected = [" ".join(escaped(str(value)).split()) for value in row]
        assert cells == expected[: len(cells)]


@pytest.mark.parametrize("width", ["60", "120"])
def test_no_table_of_a_command_is_wider_than_the_terminal_nor_cut(real: Output, width: str) -> None:
    for command, numbers in (
        (("generations",), ["users", "rows_kept", "rows_rejected", "ndcg_10", "bytes", "items", "top_n"]),
        (("diff",), ["lists_before", "lists_after", "change"]),
        (("sql", "from watched('18')"), ["position", "year", "rating"]),
    ):
        json_rows = json.loads(invoke(*command, "--json", "--output", real.folder).stdout)
        rows = json_rows["items"] if command == ("diff",) else json_rows
        status, shown_table = invoke_on_terminal(*command, "--output", real.folder, COLUMNS=width)
        assert status == 0
        table = read_back(shown_table[shown_table.index("\x1b[1m") :], numbers)
        assert sorted(table.columns + table.left_out) == sorted(rows[0])
        assert len(table.rows) == len(rows)
        for cells, row in zip(table.rows, rows, strict=True):
            for name, cell in zip(table.columns, cells, strict=True):
                _assert_is(cell, row[name])

"""The table at the end of a run: what each step took."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from batch.generation.publish import Published
from batch.runtime.step_table import ROWS_OF, table


def _lines(page: Table) -> list[list[str]]:
    file = io.StringIO()
    page.box = None
    Console(file=file, width=120).print(page)
    return [line.split() for line in file.getvalue().splitlines()]


def test_the_table_has_seconds_rows_rate_and_memory_of_each_step() -> None:
    page = table(
        {"load": 2.0, "score": 0.5, "evaluate": 0.0, "publish": 0.25},
        {"load": 100_004, "score": 671, "evaluate": 0},
        {"load": 300.4, "score": 1_024.6, "evaluate": 1.0, "publish": 10.0},
    )
    assert _lines(page)[1:] == [
        ["load", "2.00", "100,004", "ratings", "50,002", "300"],
        ["score", "0.50", "671", "users", "1,342", "1,025"],
        ["evaluate", "0.00", "0", "evaluated", "users", "1"],  # no time, no rate
        ["publish", "0.25", "10"],
        ["all", "2.75", "1,025"],
    ]


@pytest.mark.parametrize(("known", "head"), [(True, ["peak", "MiB"]), (False, ["peak", "MiB", "so", "far"])])
def test_the_table_says_if_peaks_are_not_those_of_steps(
    monkeypatch: pytest.MonkeyPatch, *, known: bool, head: list[str]
) -> None:
    monkeypatch.setattr("batch.runtime.step_table.tells_peaks_apart", lambda: known)
    columns = _lines(table({"load": 1.0}, {}, {"load": 1.0}))[0]
    assert columns == ["step", "seconds", "rows", "of", "what", "rows", "a", "second", *head]


def test_every_count_of_a_run_is_named(published: Published) -> None:
    assert published.rows.keys() == ROWS_OF.keys()

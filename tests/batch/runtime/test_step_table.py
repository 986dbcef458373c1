"""The table at the end of a run: what each step took."""

import io

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
        {"load": 2.0, "score": 0.5, "publish": 0.25},
        {"load": 100_004, "score": 671},
        {"load": 300.4, "score": 1_024.6, "publish": 10.0},
        tells_peaks_apart=True,
    )
    assert _lines(page) == [
        ["step", "seconds", "rows", "of", "what", "rows", "a", "second", "peak", "MiB"],
        ["load", "2.00", "100,004", "ratings", "50,002", "300"],
        ["score", "0.50", "671", "users", "1,342", "1,025"],
        ["publish", "0.25", "10"],
        ["all", "2.75", "1,025"],
    ]


def test_a_step_that_took_no_time_has_no_rate() -> None:
    page = table({"judge": 0.0}, {"judge": 0}, {"judge": 1.0}, tells_peaks_apart=True)
    assert _lines(page)[1] == ["judge", "0.00", "0", "judged", "users", "1"]


def test_the_table_says_if_peaks_are_not_those_of_steps() -> None:
    page = table({"load": 1.0}, {}, {"load": 1.0}, tells_peaks_apart=False)
    assert _lines(page)[0][-4:] == ["peak", "MiB", "so", "far"]


def test_every_count_of_a_run_is_named(published: Published) -> None:
    assert published.rows.keys() == ROWS_OF.keys()

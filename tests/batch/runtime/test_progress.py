"""What a run shows while it goes on, in a log and on a terminal."""

import io
import logging
from contextlib import redirect_stderr, suppress

import pytest
from rich.table import Table
from rich.text import Text

from batch.runtime.progress import SECONDS_BETWEEN_LINES, Progress
from batch.runtime.tables import bare_table

# The half of a bar that is still to come begins with it.
NOT_YET = "\N{BOX DRAWINGS HEAVY RIGHT}"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What is shown on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that is wide enough."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal()


@pytest.fixture(autouse=True)
def clock(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock at zero; the log is heard from here on."""
    caplog.set_level(logging.INFO, logger="batch")
    clock = Clock()
    monkeypatch.setattr("batch.runtime.progress.time.perf_counter", clock)
    return clock


NOTE = "ratings.csv: ignores the columns [x]"


def test_a_note_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with Progress().step("load") as step:
        step.notes(NOTE)
    assert caplog.messages[0] == NOTE


@pytest.mark.parametrize("quiet", [False, True])
def test_a_note_stands_above_the_bars_of_a_terminal_unless_the_run_is_quiet(
    terminal: Terminal, caplog: pytest.LogCaptureFixture, *, quiet: bool
) -> None:
    with redirect_stderr(terminal), Progress(quiet=quiet) as progress, progress.step("load") as step:
        step.notes(NOTE)
    assert terminal.getvalue().count(NOTE) == (not quiet)
    assert caplog.messages == []
    assert not quiet or terminal.getvalue() == ""


def test_a_long_text_leaves_room_for_the_bar(terminal: Terminal) -> None:
    with redirect_stderr(terminal), Progress() as progress, progress.step("clean") as step:
        step.status("very " * 100 + "long")
    whole = Text.from_ansi(terminal.getvalue()).plain
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 20 in whole


def test_a_long_step_says_now_and_then_how_far_it_is(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress()
    with progress.step("train") as step:
        step.expect(12, "iterations")
        for _ in range(12):
            clock.now += SECONDS_BETWEEN_LINES / 2
            step.advance()
        step.status("all is learned")
    assert caplog.messages == [
        "train    2 of 12 iterations, 0.067 a second, 0:02:30 left",
        "train    4 of 12 iterations, 0.067 a second, 0:02:00 left",
        "train    6 of 12 iterations, 0.067 a second, 0:01:30 left",
        "train    8 of 12 iterations, 0.067 a second, 0:01:00 left",
        "train    10 of 12 iterations, 0.067 a second, 0:00:30 left",
        "train    12 of 12 iterations, finishing",
        "train    180.00 s  all is learned",
    ]


@pytest.mark.parametrize(
    ("before", "total", "unit", "after", "units", "lines"),
    [
        (100, 3_000, "users", 1, 1_000, ["score    1,000 of 3,000 users, 1,000 a second, 0:00:02 left"]),
        (0, 11, "invariants", 0, 11, []),
        (0, 600, "", 300, 300, []),
    ],
    ids=["time before the count is not in the rate", "a short step is one line", "no unit is no line"],
)
def test_a_step_with_a_count_is_logged(  # noqa: PLR0913, PLR0917 (a table)
    clock: Clock, caplog: pytest.LogCaptureFixture, before: int, total: int, unit: str, after: int,
    units: int, lines: list[str],
) -> None:  # fmt: skip
    with Progress().step("score") as step:
        clock.now += before
        step.expect(total, unit)
        clock.now += after
        step.advance(units)
    assert caplog.messages == [*lines, f"score    {before + after:6.2f} s"]


def test_quiet_says_nothing(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(quiet=True)
    with progress.step("score") as step:
        step.expect(2, "users")
        clock.now += 100
        step.advance()
        step.says("something")
    progress.show(bare_table())
    assert caplog.messages == []
    assert progress.seconds == {"score": 100}


def test_each_step_has_its_seconds_and_its_memory(clock: Clock) -> None:
    progress = Progress(quiet=True)
    for number, name in enumerate(("load", "clean"), start=1):
        with progress.step(name):
            clock.now += number
    assert progress.seconds == {"load": 1, "clean": 2}
    assert progress.peak_mb.keys() == {"load", "clean"}
    assert min(progress.peak_mb.values()) > 1


def test_a_failed_step_has_its_seconds_and_no_line(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress()
    with suppress(ZeroDivisionError), progress.step("load"):
        clock.now += 3
        clock.now += 1 / 0
    assert progress.seconds == {"load": 3}
    assert caplog.messages == []


@pytest.fixture
def table() -> Table:
    table = bare_table()
    table.add_column("step")
    table.add_column("seconds")
    table.add_row("load", "1.00")
    return table


def test_a_table_is_plain_lines_in_a_log(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    Progress().show(table)
    assert caplog.messages == ["step  seconds", "load  1.00"]


def test_a_terminal_shows_how_far_a_step_is_and_no_lines(
    terminal: Terminal, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with redirect_stderr(terminal), Progress() as progress, progress.step("train") as step:
        step.expect(12, "iterations")
        for _ in range(2):
            clock.now += SECONDS_BETWEEN_LINES
            step.advance()
    assert "2 of 12 iterations, 0.033 a second, 0:05:00 left" in terminal.getvalue()
    assert caplog.messages == []


def test_a_bar_is_not_full_before_its_step_ends(terminal: Terminal) -> None:
    with redirect_stderr(terminal), Progress() as progress, progress.step("train") as step:
        step.expect(3, "iterations")
        step.advance(3)
    before, last = terminal.getvalue().split("3 of 3 iterations, finishing")[:2]
    assert NOT_YET in before.rpartition("train")[2]
    assert NOT_YET not in last.rpartition("train")[2]


def test_a_table_stands_below_the_bars_of_a_terminal(terminal: Terminal, table: Table) -> None:
    with redirect_stderr(terminal):
        progress = Progress()
        with progress, progress.step("load"):
            pass
        progress.show(table)
    assert terminal.getvalue().index("seconds") > terminal.getvalue().rindex("0:00:00")

"""What a run shows while it works, and at its end: bars on a terminal, lines in the log elsewhere."""

import io
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Self, TypeVar

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress as Bars,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from batch.runtime.memory import Peak
from batch.runtime.tables import Cell, print_whole

log = logging.getLogger("batch")

# Without bars, a step says how far it is, not more often than this.
SECONDS_BETWEEN_LINES = 30

# From so many units a second on, a rate needs no digits after the point.
_FAST = 10


class Step:
    """The step that is running: how far it is, and what it found."""

    def __init__(self, bars: Bars, *, is_logged: bool) -> None:
        self._bars = bars
        self.task = bars.tasks[-1]  # of the library: it counts the units that are done
        self._is_logged = is_logged
        self._unit = ""
        self._expected = 0
        self._began = self._last_line = time.perf_counter()
        self.found = ""

    def expect(self, total: int, unit: str = "") -> None:
        """Say how many units of work the step has. With the name of a unit it shows rate and time left."""
        self._expected, self._unit = total, unit
        self._began = time.perf_counter()
        # A step may have more to do than what it counts, and a full bar would stand still meanwhile.
        self._bars.update(self.task.id, total=total + 1)

    def advance(self, units: float = 1) -> None:
        """Say that so many units of work are done."""
        self._bars.advance(self.task.id, units)
        if self._unit:
            self._show(self._how_far())
            now = time.perf_counter()
            if self._is_logged and now - self._last_line >= SECONDS_BETWEEN_LINES:
                self._last_line = now
                log.info("%s", f"{self.task.description:<8} {self.task.fields['found']}")

    def says(self, text: str) -> None:
        """Say what the step does now: beside its bar, or as a line of the log."""
        self._show(text)
        if self._is_logged:
            log.info("%s", text)

    def notes(self, text: str) -> None:
        """Say what must stay to be read: above the bars, or as a line of the log."""
        if self._is_logged:
            log.info("%s", text)
        elif not self._bars.disable:
            self._bars.console.print(Text(text))

    def status(self, text: str) -> None:
        """Say in a few words what the step found or made."""
        self.found = text
        self._show(text)

    def end(self) -> None:
        """Fill the bar, whatever it counted."""
        done = self.task.completed or 1
        self._bars.update(self.task.id, total=done, completed=done)

    def _show(self, text: str) -> None:
        self._bars.update(self.task.id, found=text)

    def _how_far(self) -> str:
        done, seconds = self.task.completed, time.perf_counter() - self._began
        text = f"{done:,} of {self._expected:,} {self._unit}"
        if done >= self._expected:
            return f"{text}, finishing"
        if not seconds:
            return text
        rate = done / seconds
        left = timedelta(seconds=round((self._expected - done) / rate))
        return f"{text}, {rate:{',.0f' if rate >= _FAST else '.2g'}} a second, {left} left"


class Transfer(Step):
    """A step that counts bytes: its bar has rate and time left; without bars, each tenth is a line."""

    def begin(self, at: int, total: int | None) -> None:
        """Say how many bytes are there already, and how many there will be, if that is known."""
        # What was there before says nothing about the rate. A reset takes the fields away, too.
        self._bars.reset(self.task.id, completed=at, total=total, found="", counts_bytes=True)
        if at:
            self._log("goes on at")

    def advance(self, units: float = 1) -> None:
        """Say that so many more bytes are there."""
        tenth = max((self.task.total or 0) // 10, 1_000_000)
        before = self.task.completed // tenth
        super().advance(units)
        if self.task.completed // tenth > before:
            self._log("has")

    def _log(self, verb: str) -> None:
        if self._is_logged:
            of_all = f" of {decimal(int(self.task.total))}" if self.task.total else ""
            log.info("%s", f"{verb} {decimal(int(self.task.completed))}{of_all}")


AnyStep = TypeVar("AnyStep", bound=Step)


class _Bytes(ProgressColumn):
    """Bytes, rate and time left of a step that counts bytes; nothing for the others."""

    columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())

    def render(self, task: Task) -> Text:
        """Return the three columns of the library as one."""
        return Text("  ").join(column.render(task) for column in self.columns if task.fields["counts_bytes"])


class _Found(ProgressColumn):
    """What a step has found, in several lines if the terminal is narrow."""

    def render(self, task: Task) -> Cell:
        """Return all of it."""
        return Cell(task.fields["found"])


class Progress:
    """The steps of one run, with the seconds that each took, and its peak of memory.

    Bars go to standard error if that is a terminal; else each step is a line of the log at its end, and
    now and then while it goes on. `quiet` shows neither.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        on_terminal = sys.stderr.isatty()
        self.seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}  # MiB
        self._quiet = quiet
        self._is_logged = not quiet and not on_terminal
        self._bars = Bars(
            TextColumn("{task.description}", table_column=Column(min_width=7, no_wrap=True)),
            BarColumn(bar_width=20, table_column=Column(min_width=20, no_wrap=True)),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            _Bytes(table_column=Column(no_wrap=True)),
            _Found(),
            console=Console(stderr=True),
            disable=quiet or not on_terminal,
        )

    def step(self, name: str) -> AbstractContextManager[Step]:
        """Run the body as the step of that name; its bar stays when it is done."""
        return self._running(name, Step)

    def transfer(self, name: str) -> AbstractContextManager[Transfer]:
        """Run the body as a step that counts bytes."""
        return self._running(name, Transfer)

    @contextmanager
    def _running(self, name: str, kind: type[AnyStep]) -> Iterator[AnyStep]:
        self._bars.add_task(name, total=None, found="", counts_bytes=kind is Transfer)
        step = kind(self._bars, is_logged=self._is_logged)
        peak = Peak()
        started = time.perf_counter()
        self._bars.start()
        try:
            yield step
        finally:
            self.seconds[name] = time.perf_counter() - started
            self.peak_mb[name] = peak.end()
            self._bars.stop_task(step.task.id)
            self._bars.refresh()
        step.end()
        if self._is_logged:
            log.info("%s", f"{name:<8} {self.seconds[name]:6.2f} s  {step.found}".rstrip())

    def show(self, table: Table) -> None:
        """Show a table: below the bars on a terminal, else as plain lines of the log."""
        if self._is_logged:
            table.box, table.padding = None, (0, 2)
            page = io.StringIO()
            print_whole(table, Console(file=page, color_system=None, force_terminal=False))
            for line in filter(None, map(str.rstrip, page.getvalue().splitlines())):
                log.info("%s", line)
        elif not self._quiet:
            print_whole(table, self._bars.console)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()


def log_to_stderr() -> None:
    """Send log lines to standard error, each led by its time in UTC."""
    formatter = logging.Formatter("%(asctime)sZ %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)

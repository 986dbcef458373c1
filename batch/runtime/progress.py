"""What a run shows while it works, and at its end: bars on a terminal, lines in the log elsewhere."""

import io
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    TaskID,
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

# Where there are no bars, a step that goes on says how far it is, not more often than this.
SECONDS_BETWEEN_LINES = 30

# From so many units a second on, a rate needs no digits after the point.
_FAST = 10

Clock = Callable[[], float]


class Step:
    """One step under way: how far it is, and what it found."""

    def __init__(self, bars: Bars, task: TaskID, name: str, clock: Clock, *, lines: bool) -> None:
        self._bars = bars
        self._task = task
        self._name = name
        self._clock = clock
        self._lines = lines
        self._done = 0
        self._total: int | None = None
        self._unit = ""
        self._began = self._told = clock()
        self.found = ""

    def expect(self, total: int, unit: str = "") -> None:
        """Say how many units of work the step has, and what they are: then it tells rate and time left."""
        self._total, self._unit = total, unit
        self._began = self._clock()
        # A step may have more to do than what it counts, and a full bar would stand still meanwhile.
        self._bars.update(self._task, total=total + 1)

    def advance(self, units: int = 1) -> None:
        """Say that so many units of work are done."""
        self._done += units
        self._bars.advance(self._task, units)
        if self._unit and self._total:
            self._tells_how_far(self._total)

    def says(self, text: str) -> None:
        """Say what the step is at: beside its bar, or as a line of its own where there are none."""
        self._bars.update(self._task, found=text)
        if self._lines:
            log.info("%s", text)

    def notes(self, text: str) -> None:
        """Say what must stay to be read: above the bars, or as a line of the log where there are none."""
        if self._lines:
            log.info("%s", text)
        elif not self._bars.disable:
            self._bars.console.print(Text(text))

    def status(self, text: str) -> None:
        """Say in a few words what the step found or made."""
        self.found = text
        self._bars.update(self._task, found=text)

    def ends(self) -> None:
        """Fill the bar, whatever it counted."""
        self._bars.update(self._task, total=1, completed=1)

    def _tells_how_far(self, total: int) -> None:
        now = self._clock()
        text = f"{self._done:,} of {total:,} {self._unit}"
        if self._done >= total:
            text += ", finishing"
        elif now > self._began:
            rate = self._done / (now - self._began)
            left = timedelta(seconds=round((total - self._done) / rate))
            text += f", {rate:,.0f} a second" if rate >= _FAST else f", {rate:.2g} a second"
            text += f", {left} left"
        self._bars.update(self._task, found=text)
        if self._lines and now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            log.info("%s", f"{self._name:<8} {text}")


class Transfer(Step):
    """A step that counts bytes: its bar has rate and time left; elsewhere each tenth is a line."""

    def begins(self, at: int, total: int | None) -> None:
        """Say how many bytes are there already, and how many there will be, if that is known."""
        self._done, self._total = at, total
        # What was there before says nothing about the rate. A reset takes the fields away, too.
        self._bars.reset(self._task, completed=at, total=total, found="", counts_bytes=True)
        if at:
            self._tells("goes on at")

    def advance(self, units: int = 1) -> None:
        """Say that so many more bytes are there."""
        tenth = max((self._total or 0) // 10, 1_000_000)
        told = self._done // tenth
        super().advance(units)
        if self._done // tenth > told:
            self._tells("has")

    def ends(self) -> None:
        """Fill the bar, and leave the bytes beside it."""
        self._bars.update(self._task, total=self._done, completed=self._done)

    def _tells(self, verb: str) -> None:
        if self._lines:
            of_all = f" of {decimal(self._total)}" if self._total else ""
            log.info("%s", f"{verb} {decimal(self._done)}{of_all}")


AnyStep = TypeVar("AnyStep", bound=Step)


class _Transferred(ProgressColumn):
    """Bytes, rate and time left of a step that counts bytes; nothing for the others."""

    columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())

    def render(self, task: Task) -> Text:
        """Return what the three columns of the library say, as one."""
        return Text("  ").join(column.render(task) for column in self.columns if task.fields["counts_bytes"])


class _Found(ProgressColumn):
    """What a step has found: below each other in a narrow terminal."""

    def render(self, task: Task) -> Cell:
        """Return all of it."""
        return Cell(task.fields["found"])


class Progress:
    """The steps of one run, with the seconds that each took, and the most memory that was held meanwhile.

    Bars go to standard error where that is a terminal; else each step is a line of the log at its end, and
    now and then while it goes on. `quiet` shows neither.
    """

    def __init__(self, *, quiet: bool = False, clock: Clock = time.perf_counter) -> None:
        on_terminal = sys.stderr.isatty()
        self.seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}  # MiB
        self._clock = clock
        self._quiet = quiet
        self._lines = not quiet and not on_terminal
        self._bars = Bars(
            TextColumn("{task.description}", table_column=Column(min_width=7, no_wrap=True)),
            BarColumn(bar_width=20, table_column=Column(min_width=20, no_wrap=True)),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            _Transferred(table_column=Column(no_wrap=True)),
            _Found(),
            console=Console(stderr=True),
            disable=quiet or not on_terminal,
        )

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run the body as the step of that name; its bar stands when it is done."""
        with self._running(name, Step) as step:
            yield step

    @contextmanager
    def transfer(self, name: str) -> Iterator[Transfer]:
        """Run the body as a step that counts bytes."""
        with self._running(name, Transfer) as step:
            yield step

    @contextmanager
    def _running(self, name: str, kind: type[AnyStep]) -> Iterator[AnyStep]:
        task = self._bars.add_task(name, total=None, found="", counts_bytes=kind is Transfer)
        step = kind(self._bars, task, name, self._clock, lines=self._lines)
        peak = Peak()
        started = self._clock()
        self._bars.start()
        try:
            yield step
        finally:
            self.seconds[name] = self._clock() - started
            self.peak_mb[name] = peak.end()
            self._bars.stop_task(task)
            self._bars.refresh()
        step.ends()
        if self._lines:
            log.info("%s", f"{name:<8} {self.seconds[name]:6.2f} s  {step.found}".rstrip())

    def show(self, table: Table) -> None:
        """Show a table: below the bars on a terminal, as plain lines of the log elsewhere."""
        if self._lines:
            table.box, table.padding = None, (0, 2)
            page = Console(file=io.StringIO(), color_system=None, force_terminal=False)
            with page.capture() as captured:
                print_whole(table, page)
            for line in filter(None, map(str.rstrip, captured.get().splitlines())):
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

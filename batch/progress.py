"""What a run shows while it works: bars on a terminal, a line for each step elsewhere."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from rich.table import Column
from rich.text import Text

log = logging.getLogger("batch")


class Step:
    """One step under way: how far it is, and what it found."""

    def __init__(self, bars: Bars, task: TaskID, *, lines: bool) -> None:
        self._bars = bars
        self._task = task
        self._lines = lines
        self.found = ""

    def expect(self, total: int) -> None:
        """Say how many units of work the step has."""
        self._bars.update(self._task, total=total)

    def advance(self, units: int = 1) -> None:
        """Say that so many units of work are done."""
        self._bars.advance(self._task, units)

    def says(self, text: str) -> None:
        """Say what the step is at: beside its bar, or as a line of its own where there are none."""
        self._bars.update(self._task, found=text)
        if self._lines:
            log.info("%s", text)

    def finds(self, text: str) -> None:
        """Say in a few words what the step found or made."""
        self.found = text
        self._bars.update(self._task, found=text)

    def ends(self) -> None:
        """Fill the bar, whatever it counted."""
        self._bars.update(self._task, total=1, completed=1)


class Transfer(Step):
    """A step that counts bytes: its bar has rate and time left; elsewhere each tenth is a line."""

    def __init__(self, bars: Bars, task: TaskID, *, lines: bool) -> None:
        super().__init__(bars, task, lines=lines)
        self._done = 0
        self._total: int | None = None

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
        self._done += units
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


class Progress:
    """The steps of one run, with the seconds that each took.

    Bars go to standard error where that is a terminal, else one log line a step; `quiet` shows neither.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        on_terminal = sys.stderr.isatty()
        self.seconds: dict[str, float] = {}
        self._lines = not quiet and not on_terminal
        self._bars = Bars(
            TextColumn("{task.description}", table_column=Column(min_width=7, no_wrap=True)),
            BarColumn(bar_width=20),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            _Transferred(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[found]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
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
        step = kind(self._bars, task, lines=self._lines)
        started = time.perf_counter()
        self._bars.start()
        try:
            yield step
        finally:
            self.seconds[name] = time.perf_counter() - started
            self._bars.stop_task(task)
            self._bars.refresh()
        step.ends()
        if self._lines:
            log.info("%s", f"{name:<8} {self.seconds[name]:6.2f} s  {step.found}".rstrip())

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

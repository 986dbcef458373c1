"""What the tests of faults stand on: the form, an input, an output folder, and the page that they write."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.generate import Size, generate
from tests.faults.night import Night
from tests.faults.report import Cell, Record, markdown

# So few that nobody's quality is compared, and enough that no step is over in no time.
SIZE = Size(users=190, items=1_500, unrated_items=50, ratings=30_000)

Recorded = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="Break everything many times, as make soak does.")
    parser.addoption("--page", type=Path, help="Where to write what the faults led to, as Markdown.")


def pytest_configure(config: pytest.Config) -> None:
    # The threads of two runs would wait in turn for the same cores.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Page(config.getoption("--page")))


class Page:
    """Gathers what the tests recorded, shows it at the end, and writes it down if all of them passed."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._records: list[Record] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            file, line, _ = report.location
            for name, value in report.user_properties:
                if name == "fault":
                    table, *cells = cast("list[Any]", value)
                    self._records.append(Record(table, tuple(cells), (file, line or 0, report.nodeid)))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        terminalreporter.write(f"\n{markdown(self._records)}")
        if self._file and exitstatus == 0:
            self._file.write_text(markdown(self._records), encoding="utf-8")


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the tests run in their long form."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recorded:
    """Return a function that hands a row over to a table of `tests/faults/report.py`."""

    def record(table: str, *cells: Cell) -> None:
        request.node.user_properties.append(("fault", [table, *cells]))

    return record


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input folder with made-up ratings."""
    folder = tmp_path_factory.mktemp("data")
    generate(folder, SIZE, dirt=0, seed=42)
    return folder


@dataclass(frozen=True)
class Undisturbed:
    """An output folder with two generations, which nobody may change, and the pace of a run."""

    folder: Path
    seconds: dict[str, float]  # from the end of the step before, or from the start


@pytest.fixture(scope="session")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Two generations that were made in peace."""
    night = Night(tmp_path_factory.mktemp("undisturbed"), data)
    # The first run may have to compile, and says nothing about the pace of others.
    assert night.run(1).returncode == 0
    seconds = {}
    began = time.monotonic()
    with night.start(2) as job:
        assert job.stderr is not None
        for line in job.stderr:
            for step in night.steps(line):
                seconds[step], began = time.monotonic() - began, time.monotonic()
    assert job.returncode == 0
    return Undisturbed(night.folder, seconds)


@pytest.fixture
def night(undisturbed: Undisturbed, data: Path, tmp_path: Path) -> Night:
    """An output folder with two generations, of which the newer is published."""
    return Night(shutil.copytree(undisturbed.folder, tmp_path / "output", symlinks=True), data)

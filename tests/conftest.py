"""What several tests stand on: input folders, and one published generation."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.generation.publish import Published
from batch.pipeline import run
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.cleaned import MOVIES as TEN, Cleaned
from tests.films import MOVIES, RATINGS

WriteInput = Callable[..., Path]

# Whoever starts the tests may have told them to ignore Ctrl-C, as a shell does in the background, and what
# they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def write_input(tmp_path: Path) -> WriteInput:
    """Return a function that writes an input folder from the text of its files."""
    return partial(written, tmp_path / "data")


def written(
    folder: Path, ratings: str | bytes, movies: str | bytes = MOVIES, spec: str = "", **others: str
) -> Path:
    """Write an input folder from the text of its files, and return it; `spec` is the `input.toml`, if any."""
    folder.mkdir(exist_ok=True)
    if spec:
        (folder / "input.toml").write_text(spec, encoding="utf-8")
    files = {"ratings": ratings, "movies": movies, **others}
    for name, content in files.items():
        text = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(text)
    return folder


@pytest.fixture
def cleaned(write_input: WriteInput, tmp_path: Path) -> Any:
    """Return a function that writes files, loads and cleans them."""

    def make(ratings: str | bytes, movies: str | bytes = TEN, **others: str) -> Cleaned:
        return Cleaned(write_input(ratings, movies, **others), tmp_path)

    return make


@pytest.fixture(scope="session")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input folder with the movies of `tests/films.py`."""
    return written(tmp_path_factory.mktemp("movies"), RATINGS)


@pytest.fixture(scope="session")
def published(items: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The generation that the movies make; nobody may publish another in its folder."""
    return publish(items, tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def nights(items: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Published]:
    """Three generations of the movies, made with the seeds 0, 1 and 2; nobody may touch their folder."""
    output = tmp_path_factory.mktemp("nights")
    return [publish(items, output, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def quick_training() -> Iterator[None]:
    """Learn what follows what of the 500 most rated movies alone: of thousands that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batch.model.ridge.MAX_ITEMS", 500)
        yield


def copied(published: Published, output: Path) -> Published:
    """Return a generation in a copy of its output folder, for a test that changes what is there."""
    shutil.copytree(published.file.parent.parent, output, symlinks=True, dirs_exist_ok=True)
    return replace(published, file=output / "generations" / published.file.name)


def publish(data: Path, output: Path, **settings: object) -> Published:
    """Run the job with small defaults, and return what it published."""
    options = {"top_n": 10, "factors": 4, "iterations": 5} | settings
    return run(Settings(data=data, output=output, **options), Progress(quiet=True))  # type: ignore[arg-type]


def select(file: Path, query: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows that a query finds in a published file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query, values).fetchall()


def damage(file: Path) -> None:
    """Write something else over a published file."""
    file.chmod(0o644)
    file.write_bytes(b"damaged")


@contextmanager
def changed(published: Published, output: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Copy an output folder, for a body that writes to the published file."""
    file = copied(published, output).file
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        yield connection

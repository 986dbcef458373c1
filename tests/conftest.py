"""What several tests stand on: input folders, and one published generation."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.nightly import run
from batch.progress import Progress
from batch.publish import Published
from batch.settings import Settings
from tests.cleaned import Cleaned
from tests.films import MOVIES, RATINGS

WriteInput = Callable[..., Path]

# Whoever starts the tests may have told them to ignore Ctrl-C, as a shell does in the background, and what
# they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def write_input(tmp_path: Path) -> WriteInput:
    """Return a function that writes an input folder from the text of its files."""

    def write(ratings: str | bytes, movies: str | bytes = MOVIES, **others: str) -> Path:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        files = {"ratings": ratings, "movies": movies, **others}
        for name, content in files.items():
            text = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(text)
        return folder

    return write


@pytest.fixture
def cleaned(write_input: WriteInput, tmp_path: Path) -> Any:
    """Return a function that writes files, loads and cleans them."""

    def make(ratings: str | bytes, movies: str | bytes = "movieId,title,genres\n", **others: str) -> Cleaned:
        return Cleaned(write_input(ratings, movies, **others), tmp_path)

    return make


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input folder with the films of `tests/films.py`."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    (folder / "movies.csv").write_text(MOVIES, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def published(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The generation that the films make; nobody may publish another in its folder."""
    return publish(films, tmp_path_factory.mktemp("published"))


def publish(data: Path, output: Path, **settings: object) -> Published:
    """Run the job with small defaults, and return what it published."""
    options = {"top_n": 10, "factors": 4, "iterations": 5} | settings
    return run(Settings(data=data, output=output, **options), Progress(quiet=True))  # type: ignore[arg-type]


@contextmanager
def changed(published: Published, output: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Publish a copy in another folder, to whose file the body may write first."""
    file = output / "generations" / published.file.name
    file.parent.mkdir()
    shutil.copyfile(published.file, file)
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        yield connection
    (output / "current.duckdb").symlink_to(file.relative_to(output))

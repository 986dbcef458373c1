"""What all tests in a browser stand on: the sample movies, published twice and served, and a browser."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.commands import batch
from tests.conftest import publish
from tests.servers import serving

# A title that would be markup, were it not text; and one that has no end.
NASTY = "<img src=x onerror=alert(1)> \"quoted\" & 'single' \N{CLAPPER BOARD}"
NASTY_ID = "<nasty>/1"
LONG = "Unendingly" + "long" * 40


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with two movies more, and some rows that can't be; two generations of it are kept."""
    data, output = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("output")
    assert batch("fetch", "sample", "--data", data).returncode == 0
    with (data / "movies.csv").open("a", newline="", encoding="utf-8") as movies:
        csv.writer(movies).writerows(
            [[NASTY_ID, f"{NASTY} (1999)", "Comedy|Drama"], ["long", f"{LONG} (2001)", "Documentary"]]
        )
    with (data / "ratings.csv").open("a", newline="", encoding="utf-8") as ratings:
        csv.writer(ratings).writerows(
            [[user, item, 5, 1_500_000_000] for user in range(1, 40) for item in (NASTY_ID, "long")]
            + [[7, 1, 99, 1_500_000_000], [7, 2, -8, 1_500_000_000]]
        )
    # As good a list as it gets is not what is looked at here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batch.model.ridge.MAX_ITEMS", 500)
        file = publish(data, output, top_n=100, iterations=2, factors=16, next_factors=32).file
    older = file.with_name("20000101T000000Z-aaaaaa.duckdb")
    shutil.copy(file, older)
    older.chmod(0o644)
    with duckdb.connect(older) as connection:
        connection.execute("update generation set id = $id", {"id": older.stem})
    return output


@pytest.fixture(scope="session")
def url(sample: Path) -> Iterator[str]:
    """Where the sample is served."""
    with serving(sample) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser for all tests."""
    with chromium() as browser:
        yield browser

"""What tests of the service stand on: one that serves the movies, in this process and as a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from batch.generation.publish import Published
from tests.asked import client_of
from tests.servers import serving

ORIGIN = "https://films.example"


@pytest.fixture(scope="session")
def output(published: Published) -> Path:
    """An output folder with the movies; nobody may change it."""
    return published.file.parent.parent


@pytest.fixture(scope="session")
def client(output: Path) -> Iterator[TestClient]:
    """A client of a service without any option."""
    with client_of(output) as client:
        yield client


@pytest.fixture(scope="session")
def url(output: Path) -> Iterator[str]:
    """The URL of a service whose answers one other origin may read."""
    with serving(output, CORS_ORIGINS=ORIGIN) as url:
        yield url

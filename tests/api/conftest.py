"""What tests of the service stand on: one that serves the movies, in this process and as a process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from batch.generation.publish import Published
from tests.asked import client_of
from tests.conftest import changed
from tests.servers import serving

ORIGIN = "https://films.example"
# Of movies that are products.
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "0": {"brand": "Acme", "price": 9.5, "image": "https://img.example/0.jpg", "title": "another"},
    "2": {"brand": "ACME", "price": 10, "image": "javascript:alert(1)"},
    "4": {"brand": "Bolt: Sons, Inc.", "price": 100, "image": "pictures/4.jpg", "max price": 1},
    "6": {"brand": "<script>", "price": "9.5", "is_new": True, "text": "long " * 200},
    "8": {"tags": ["a", "b"], "brand": None},
}


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


@pytest.fixture(scope="session")
def shop_output(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with the movies as products, some of which have attributes; nobody may change it."""
    output = tmp_path_factory.mktemp("shop")
    with changed(published, output) as connection:
        connection.execute("update generation set noun = ['pro<b>duct', 'pro<b>ducts']")
        for item_id, attributes in ATTRIBUTES.items():
            connection.execute(
                "update items set attributes = $attributes where item_id = $item_id",
                {"attributes": json.dumps(attributes), "item_id": item_id},
            )
    return output

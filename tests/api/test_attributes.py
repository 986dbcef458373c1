"""Attributes of items: which are told by `fields`, what is kept by `where`, and what the page shows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from batch.generation.publish import Published
from tests.asked import client_of
from tests.conftest import changed

SCRIPT = "<script>alert(1)</script>"
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "0": {"brand": "Acme", "price": 9.5, "image": "https://img.example/0.jpg", "title": "another"},
    "2": {"brand": "ACME", "price": 10, "image": "javascript:alert(1)"},
    "4": {"brand": "Bolt: Sons, Inc.", "price": 100, "image": "pictures/4.jpg", "max price:": 1},
    "6": {"brand": SCRIPT, "price": "9.5", "is_new": True, "text": "long " * 200},
    "8": {"tags": ["a", "b"], "brand": None},
}


@pytest.fixture(scope="module")
def shop(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve the movies as products, some of which have attributes."""
    output = tmp_path_factory.mktemp("shop")
    with changed(published, output) as connection:
        connection.execute("update generation set noun = ['pro<b>duct', 'pro<b>ducts']")
        for item_id, attributes in ATTRIBUTES.items():
            connection.execute(
                "update items set attributes = $attributes where item_id = $item_id",
                {"attributes": json.dumps(attributes), "item_id": item_id},
            )
    with client_of(output) as client:
        yield client


def _items(client: TestClient, query: str, path: str = "recommendations?user_id=0") -> list[dict[str, Any]]:
    answer = client.get(f"/{path}&{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _kept(client: TestClient, where: str, path: str = "recommendations?liked=1") -> set[str]:
    return {item["id"] for item in _items(client, where, path)}


def test_fields_are_added_to_each_item_with_null_for_what_it_lacks(shop: TestClient) -> None:
    items = _items(shop, "fields=price,brand,is_new,tags&limit=10", "recommendations?user_ids=&liked=1")
    found = {item.pop("id"): item for item in items}

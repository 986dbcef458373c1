"""Attributes of items: `fields` includes them, `where` filters by them, and the page shows them."""

import json
import operator
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from api.attributes import Attributes
from api.page.cards import picture
from batch.generation.publish import Published
from tests.api.conftest import ATTRIBUTES
from tests.asked import client_of
from tests.conftest import changed

WRITE = "which is no condition; write NAME:VALUE or NAME<NUMBER"
NAMES = "brand, image, is_new, max price, price, tags, text"
# All other even movies are similar to this one.
LIKED = "10"
IMAGES = "img-src 'self' https: http:;"


@pytest.fixture(scope="module")
def shop(shop_output: Path) -> Iterator[TestClient]:
    with client_of(shop_output) as client:
        yield client


@pytest.fixture(scope="module")
def old(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve a file of a version that knew no attributes."""
    output = tmp_path_factory.mktemp("old")
    with changed(published, output) as connection:
        connection.execute("alter table items drop column attributes")
        connection.execute("alter table generation drop column noun")
        connection.execute("alter table generation drop column repeats")
    with client_of(output) as client:
        yield client


def _items(
    client: TestClient, path: str = "/recommendations", **asked: str | list[str]
) -> list[dict[str, Any]]:
    answer = client.get(path, params={"liked": LIKED, **asked} if path == "/recommendations" else asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _refused(client: TestClient, **asked: str) -> str:
    answer = client.get("/recommendations", params={"liked": LIKED, **asked})
    assert answer.status_code == 400
    return str(answer.json()["error"])


def test_fields_includes_attributes_as_they_are_and_null_for_what_an_item_lacks(shop: TestClient) -> None:
    names = ("price", "brand", "is_new", "tags", "max price")
    found = {item.pop("id"): item for item in _items(shop, fields=",".join(names))}
    assert ATTRIBUTES.keys() < found.keys()
    for item_id, item in found.items():
        assert item == {name: ATTRIBUTES.get(item_id, {}).get(name) for name in names}


def test_fields_includes_no_metadata_and_goes_with_them_and_with_explanations(shop: TestClient) -> None:
    assert {"id": "0", "price": 9.5} in _items(shop, "/similar", item_id="2", fields="price")
    (item,) = _items(
        shop, where="price:10", fields=["price", "brand"], returnMetadata="true", explain="true", limit="1"
    )
    assert item == {
        "id": "2",
        "title": "Movie, The 2 (1992)",
        "genres": ["Drama", "Comedy"],
        "price": 10,
        "brand": "ACME",
        "because": {"id": "10", "title": "Movie, The 10 (2000)"},
        "reason": "because",
        "source": "liked",
    }
    assert list(item)[3:5] == ["price", "brand"]
    users = shop.get("/recommendations?user_ids=0,1&fields=price&where=price<10").json()["users"]
    assert [user["items"] for user in users] == [[{"id": "0", "price": 9.5}]] * 2
    (plain,) = _items(shop, "/recommendations", liked=[], user_id="0", fields="price", limit="1")
    assert plain == {"id": "0", "price": 9.5}


def test_an_attribute_named_as_a_key_of_items_is_left_out(shop: TestClient) -> None:
    assert _refused(shop, fields="title") == f"fields has 'title', which is no attribute; there are {NAMES}"
    (item,) = _items(shop, where="price:9.5,brand:acme", returnMetadata="true")
    assert item["title"] == "Movie, The 0 (1990)"


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("brand:Acme", "0 2"),
        ("brand:acme,price:10", "2"),
        (["brand: ACME", "price:100"], ""),
        (r"brand:Bolt: Sons\, Inc.", "4"),
        (r"brand:acme,brand:bolt: sons\, inc.", "0 2 4"),
        (["brand:<script>", "brand:Acme"], "0 2 6"),
        ("price:9.50", "0"),
        ("price:9.5", "0 6"),
        ("price<10", "0"),
        ("price<=10", "0 2"),
        ("price > 9.5", "2 4"),
        ("price>=10,price<100", "2"),
        ("max price>0", "4"),
        ("is_new:true", "6"),
        ("tags:A", "8"),
        ("tags:c", ""),
        ("price:nan", ""),
        ("price<-1e9", ""),
    ],
)
def test_where_keeps_what_has_one_of_the_values_of_each_attribute(
    shop: TestClient, where: str | list[str], kept: str
) -> None:
    # Without a second list, only what is similar is left.
    found = [item["id"] for item in _items(shop, where=where, explain="true") if item["source"] == "liked"]
    assert sorted(found) == kept.split()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"where": "colour:red"},
            f"where has 'colour:red', {WRITE}; there are {NAMES}",
        ),
        (
            {"where": "brand"},
            f"where has 'brand', {WRITE}; there are {NAMES}",
        ),
        ({"where": "price<cheap"}, "where compares with 'cheap', which is no number"),
        ({"where": ","}, "where must be conditions with commas between them, not ','"),
        ({"fields": "price,colour"}, f"fields has 'colour', which is no attribute; there are {NAMES}"),
        ({"fields": ""}, "fields must be attributes with commas between them, not ''"),
    ],
)
def test_an_unknown_attribute_is_refused_with_those_that_there_are(
    shop: TestClient, asked: dict[str, str], message: str
) -> None:
    assert _refused(shop, **asked) == message


def test_a_condition_keeps_what_a_look_at_each_item_does() -> None:
    draw = random.Random(7)  # noqa: S311 (no secret)
    values: list[Any] = [
        draw.choice([draw.randint(-9, 9), round(draw.random(), 1), draw.choice("aAbß")]) for _ in range(300)
    ]
    attributes = Attributes(300, ((item, json.dumps({"x": value})) for item, value in enumerate(values, 1)))
    signs = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, ":": operator.eq}
    for sign, keeps in signs.items():
        for limit in (-20, -3, 0, 0.5, 9, 20):
            ((attribute, wanted),) = attributes.conditions([f"x{sign}{limit}"])
            found = [attribute.codes[item] in wanted for item in range(1, 301)]
            assert found == [not isinstance(value, str) and keeps(value, limit) for value in values]
    assert [json.loads(attributes["x"].value(item)) for item in range(301)] == [None, *values]


def test_the_document_has_both_parameters_where_there_are_attributes(
    shop: TestClient, client: TestClient
) -> None:
    document = shop.get("/openapi.json").json()
    validate(document)

    def names(document: Any, path: str) -> set[str]:
        return {each["name"] for each in document["paths"][path]["get"]["parameters"]}

    assert {"fields", "where"} <= names(document, "/recommendations")
    assert "fields" in names(document, "/similar")
    assert not {"fields", "where"} & names(client.get("/openapi.json").json(), "/recommendations")
    assert "where=brand:1" in shop.get("/docs").text


def test_a_file_of_a_version_before_attributes_is_served(old: TestClient) -> None:
    assert _items(old)
    assert (
        _refused(old, fields="price") == "fields has 'price', which is no attribute; no item has attributes"
    )
    assert ">Movies</a>" in old.get("/films").text
    assert "img-src 'self';" in old.get("/films/0").headers["Content-Security-Policy"]


def test_the_page_shows_attributes_and_shortens_long_ones(shop: TestClient) -> None:
    page = shop.get("/films/6").text
    assert "<script>" not in page.partition("</head>")[2]
    assert '<th scope="row">brand</th><td>&lt;script&gt;</td>' in page
    assert "long long..." in page
    assert page.count("long ") < 100
    assert '<th scope="row">tags</th><td>a, b</td>' in shop.get("/films/8").text


def test_the_page_shows_pictures_of_the_web_and_of_the_site_only(shop: TestClient) -> None:
    whole, relative, script = (shop.get(f"/films/{item}") for item in (0, 4, 2))
    assert 'src="https://img.example/0.jpg" alt="Movie, The 0"' in whole.text
    assert 'referrerpolicy="no-referrer"' in whole.text
    assert IMAGES in whole.headers["Content-Security-Policy"]
    assert whole.headers["Referrer-Policy"] == "no-referrer"
    assert 'src="/pictures/4.jpg"' in relative.text
    below = shop.get("/films/4", headers={"X-Forwarded-Prefix": "/films-api"}).text
    assert 'src="/films-api/pictures/4.jpg"' in below
    assert "javascript:" not in script.text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:image/png;base64,AA",
     "", 7, "file:///etc/passwd", "https:x", "\\\\host\\x", "https://"],
)  # fmt: skip
def test_what_is_no_address_of_a_picture_is_none(address: Any) -> None:
    assert picture(address) == ""
    for image in (address, ["/0.jpg", address]):
        attributes = Attributes(1, [(1, json.dumps({"image": image}))])
        assert attributes["image"].value(1) == b"null"


@pytest.mark.parametrize("image", ["https://x/0.jpg", "//x:80/0", "0.jpg", "/a b", ["0.jpg", "HTTP://x/0"]])
def test_the_address_of_a_picture_is_in_the_answer(image: Any) -> None:
    attributes = Attributes(1, [(1, json.dumps({"image": image, "link": "a:b"}))])
    assert [json.loads(attributes[name].value(1)) for name in ("image", "link")] == [image, "a:b"]


@pytest.mark.parametrize(
    "path", ["/", "/films", "/films/0", "/new", "/users/0", "/system", "/films/none", "/nothing"]
)
def test_the_page_calls_items_what_the_input_calls_them(shop: TestClient, path: str) -> None:
    page = shop.get(path, headers={"Accept": "text/html"}).text
    assert "Pro&lt;b&gt;ducts" in page
    assert "<b>duct" not in page
    words = re.sub(r"<[^>]*>|Movie, The", "", page)
    assert not re.search("movie|watch", words, re.IGNORECASE)

"""Parameters: lists in all forms that clients write, and ids cleaned as those of the input are."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from api.app import make_app
from api.lookup import Lookup
from api.settings import Settings
from batch.generation.publish import Published
from tests.conftest import publish, written
from tests.films import MOVIES, RATINGS


@pytest.fixture(scope="module")
def client(published: Published) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(published.file.parent.parent)), follow_redirects=False) as client:
        yield client


def _items(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/recommendations?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


LISTS = {
    "liked": (["2", "4", "7"], ""),
    "exclude": (["18", "3", "5"], "user_id=18"),
    "genres": (["Comedy", "drama"], "user_id=18"),
    "not_genres": (["Comedy", "drama"], "user_id=18"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_may_be_repeated_or_have_commas_or_both(client: TestClient, name: str) -> None:
    values, who = LISTS[name]
    expected = _items(client, f"{who}&{name}={','.join(values)}")
    for written_as in (
        urlencode({name: values}, doseq=True),  # requests, httpx, generated clients
        urlencode({f"{name}[]": values}, doseq=True),  # axios, PHP
        "&".join(f"{name}[]={value}" for value in values),
        f"{name}={','.join(values[:2])}&{name}={','.join(values[2:])}",
        f"{name}={values[0]}&{name}[]={','.join(values[1:])}",
        f"{name}=&" + urlencode({name: values}, doseq=True),
    ):
        assert _items(client, f"{who}&{written_as}") == expected, written_as
    # Every movie has both genres.
    assert (expected == _items(client, who or f"{name}={values[0]}")) == (name == "genres")


def test_a_repeated_list_is_one_list_of_at_most_a_hundred(client: TestClient) -> None:
    hundred = urlencode({"exclude": range(100)}, doseq=True)
    assert client.get(f"/recommendations?user_id=1&{hundred}").status_code == 200
    answer = client.get(f"/recommendations?user_id=1&{hundred}&exclude=100")
    assert answer.status_code == 400
    assert answer.json() == {"error": "exclude has more than 100 ids"}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("user_id=1&user_id=2", "user_id is given 2 times; give it once"),
        ("user_id=1&limit=1&limit=1&limit=1", "limit is given 3 times; give it once"),
        ("user_id[]=1", "unknown parameter 'user_id[]'"),
        ("liked[0]=1", "unknown parameter 'liked[0]'"),
        ("user_id=1&genres=&genres=", "genres must be genres with commas between them, not ''"),
    ],
)
def test_a_parameter_that_is_no_list_is_given_once(client: TestClient, query: str, error: str) -> None:
    answer = client.get(f"/recommendations?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)


def test_a_genre_that_no_film_has_is_not_found(client: TestClient) -> None:
    answer = client.get("/recommendations?user_id=1&genres=Drama&genres=Krimi")
    assert answer.status_code == 404
    assert answer.json() == {"error": "genres has 'Krimi', which no movie has; there are Comedy, Drama"}


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve an input in which one user and one movie are written in several ways."""
    ratings = RATINGS.replace("\n18,", "\n 18,").replace("\n19,", "\n19.0,")
    rows = [f"1e+16,{item},{1 + 4 * (item % 2)},{9}" for item in range(10)]
    data = written(
        tmp_path_factory.mktemp("data"), ratings + "\n".join(rows), MOVIES.replace("\n4,", "\n4.0,")
    )
    output = publish(data, tmp_path_factory.mktemp("output")).file.parent.parent
    with TestClient(make_app(Settings(output)), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "means"),
    [(" 18", "18"), ("18.0", "18"), ("\t18.00\xa0", "18"), ("19", "19"), ("1e+16", "10000000000000000")],
)
def test_an_id_means_in_every_request_what_it_means_in_the_input(
    dirty: TestClient, asked: str, means: str
) -> None:
    def answer(path: str, **parameters: str) -> Any:
        found = dirty.get(path, params=parameters)
        assert found.status_code == 200, found.text
        return found.json(), found.headers.get("X-Recommendation-Source")

    assert answer("/recommendations", user_id=asked) == answer("/recommendations", user_id=means)
    assert answer("/recommendations", user_id=asked)[1] == "personal"
    features = answer("/features", user_id=asked)
    assert features == answer("/features", user_id=means)
    assert features[0]["features"][0]["histories"]
    users = answer("/recommendations", user_ids=f"{asked},{means}")[0]["users"]
    assert [(user["user_id"], user["source"]) for user in users] == [(means, "personal")]
    page = dirty.get("/users", params={"user_id": asked})
    assert page.headers["Location"] == f"/users/{means}"


@pytest.mark.parametrize("asked", [" 4", "4.0", "4.000 ", "\xa04"])
def test_the_id_of_an_item_is_cleaned_too(dirty: TestClient, asked: str) -> None:
    def get(path: str, **parameters: str) -> Any:
        found = dirty.get(path, params=parameters)
        assert found.status_code == 200, found.text
        assert "X-Unknown-Items" not in found.headers
        return found.json()

    assert get("/similar", item_id=asked) == get("/similar", item_id="4")
    for name, who in (("liked", {}), ("exclude", {"user_id": "18"})):
        assert get("/recommendations", **{name: f"{asked},6"}, **who) == get(
            "/recommendations", **{name: "4,6"}, **who
        )
    assert ">Movie, The 4<" in dirty.get("/films/" + asked).text
    assert dirty.get("/users/ 18.0").text == dirty.get("/users/18").text


@pytest.mark.parametrize("asked", ["", " ", "nan", "NaN ", "\t"])
def test_an_id_that_the_job_takes_for_missing_is_missing(client: TestClient, asked: str) -> None:
    for path, name in (("/recommendations", "user_id"), ("/features", "user_id"), ("/similar", "item_id"),
                       ("/recommendations", "user_ids")):  # fmt: skip
        answer = client.get(path, params={name: asked})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{name} ")
    assert client.get("/recommendations", params={"liked": f"1,{asked}"}).status_code == 400
    assert client.get("/users/" + asked.strip() + "%20").status_code == 404


def test_several_users_are_answered_in_order_from_one_query(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[list[str]] = []
    find_all = Lookup.find_all

    def counted(self: Lookup, ids: list[str]) -> Any:
        queries.append(ids)
        return find_all(self, ids)

    monkeypatch.setattr(Lookup, "find_all", counted)
    asked = ["7", "nobody", "18", "3"]
    answer = client.get("/recommendations", params={"user_ids": asked, "limit": 3, "offset": 1})
    assert queries == [asked]
    alone = [
        client.get("/recommendations", params={"user_id": user_id, "limit": 3, "offset": 1})
        for user_id in asked
    ]
    assert answer.json() == {
        "users": [
            {"user_id": user_id, "source": one.headers["X-Recommendation-Source"], **one.json()}
            for user_id, one in zip(asked, alone, strict=True)
        ]
    }
    assert [user["source"] for user in answer.json()["users"]] == [
        "personal",
        "popular",
        "personal",
        "personal",
    ]
    assert "X-Recommendation-Source" not in answer.headers
    assert answer.headers["ETag"] == alone[0].headers["ETag"]
    again = client.get("/recommendations?user_ids=7", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "more",
    [
        {"returnMetadata": "true"},
        {"explain": "true"},
        {"genres": "Drama", "min_year": "2000"},
        {"exclude": "1,nowhere", "limit": "2"},
        {"offset": "1000"},
    ],
)
def test_several_users_get_what_each_gets_alone(client: TestClient, more: dict[str, str]) -> None:
    asked = [*map(str, range(40)), "nobody", 'a"b\n\u00e9']
    several = client.get("/recommendations", params={"user_ids": asked, **more})
    for user, user_id in zip(several.json()["users"], asked, strict=True):
        alone = client.get("/recommendations", params={"user_id": user_id, **more})
        assert user == {
            "user_id": user_id,
            "source": alone.headers["X-Recommendation-Source"],
            "items": alone.json()["items"],
        }
        assert several.headers.get("X-Unknown-Items") == alone.headers.get("X-Unknown-Items")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("user_ids=1&user_id=2", "user_id and user_ids are given; give one of them"),
        ("user_ids=1&liked=2", "liked and user_ids are given; give one of them"),
        ("user_ids=1&liked=2&user_id=3", "user_id and liked and user_ids are given; give one of them"),
        ("user_ids=", "user_ids must be ids with commas between them, not ''"),
        ("user_ids=1,,2", "user_ids must be ids with commas between them, not '1,,2'"),
        ("user_ids=" + ",".join(map(str, range(101))), "user_ids has more than 100 ids"),
        ("user_ids=1,2&limit=11", "limit must be a whole number, from 1 to 10"),
    ],
)
def test_several_users_are_asked_for_in_one_way(client: TestClient, query: str, error: str) -> None:
    answer = client.get(f"/recommendations?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)


def test_a_hundred_users_are_answered(client: TestClient) -> None:
    answer = client.get("/recommendations?user_ids=" + ",".join(map(str, range(100))))
    assert len(answer.json()["users"]) == 100

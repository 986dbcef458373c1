"""Parameters: what is refused, lists as clients write them, and ids cleaned like those of the input."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from api.lookup import Lookup
from tests.asked import client_of
from tests.conftest import publish, written
from tests.films import MOVIES, RATINGS

LOOKUPS = ("/recommendations", "/features")
NOT_WHOLE = ("", "0", "-1", "x", "1.0", "%2B1", "1_0", "%D9%A5")
# What both look-ups say of a query.
INVALID = {
    "": "user_id is required",
    "user_id=": "user_id is empty",
    "user_id=%20": "user_id is empty",
    "user_id=1&user_id=2": "user_id is given 2 times; give it once",
    "user_id=1&user_id=1": "user_id is given 2 times; give it once",
    "user_id=" + "1" * 257: "user_id is longer than 256 characters",
    **{f"user_id=1&limit={value}": "limit must be a whole number" for value in NOT_WHOLE},
    "user_id=1&limit=" + "9" * 257: "limit is longer than 256 characters",
    "user_id=1&limit=1&limit=1&limit=1": "limit is given 3 times; give it once",
    **{f"user_id=1&offset={value}": "offset must be a whole number" for value in ("", "-1", "x")},
    "user_id=1&genre=Drama": "unknown parameter 'genre'; there are user_id, l",
    "user_id=1&USER_ID=1": "unknown parameter 'USER_ID'",
    "user_id[]=1": "unknown parameter 'user_id[]'",
    "user_id=1" + "&a=1" * 16: "there are more than 16 parameters",
}
# What one of them says.
ALSO_INVALID = {
    **{
        f"/recommendations?user_id=1&returnMetadata={value}": "returnMetadata must be true or false"
        for value in ("", "1", "yes", "truee")
    },
    "/features?user_id=1&returnMetadata=true": "unknown parameter 'returnMetadata'",
    "/recommendations?limit=3": "user_id is required",
    "/recommendations?user_id=1&liked=2": "user_id and liked are given; give one of them",
    "/recommendations?user_ids=1&user_id=2": "user_id and user_ids are given; give one of them",
    "/recommendations?user_ids=1&liked=2": "liked and user_ids are given; give one of them",
    "/recommendations?user_ids=1&liked=2&user_id=3": "user_id and liked and user_ids are given; give one",
    "/recommendations?user_ids=": "user_ids must be ids with commas between them, not ''",
    "/recommendations?user_ids=1,,2": "user_ids must be ids with commas between them, not '1,,2'",
    "/recommendations?user_ids=" + ",".join(map(str, range(101))): "user_ids has more than 100 ids",
    "/recommendations?user_ids=1,2&limit=11": "limit must be a whole number, from 1 to 10",
    "/recommendations?liked[0]=1": "unknown parameter 'liked[0]'",
    "/recommendations?user_id=1&genres=": "genres must be genres with commas between them, not ''",
    "/recommendations?user_id=1&genres=&genres=": "genres must be genres with commas between them, not ''",
    "/recommendations?user_id=1&genres=Drama,,Comedy": "genres must be genres with commas",
    "/recommendations?user_id=1&exclude=%20": "exclude must be ids with commas between them",
    "/recommendations?user_id=1&exclude=" + "1," * 100 + "1": "exclude has more than 100 ids",
    "/recommendations?user_id=1&"
    + urlencode({"exclude": range(101)}, doseq=True): "exclude has more than 100",
    "/recommendations?user_id=1&min_year=x": "min_year must be a whole number, from 0 to 9999, not 'x'",
    "/recommendations?user_id=1&max_year=10000": "max_year must be a whole number",
    "/recommendations?user_id=1&gender=": "gender is empty",
    "/recommendations?segment=": "segment must be attributes such as gender:F with commas between them",
    "/recommendations?segment=a:b,:c": "segment must be attributes such as gender:F",
    "/recommendations?user_id=1&age_group=30": "age_group must be one of under-18, 18-24,",
    "/recommendations?user_id=1&explain=yes": "explain must be true or false, not 'yes'",
    "/similar": "item_id is required",
    "/similar?item_id=5&explain=true": "unknown parameter 'explain'",
}


def _assert_refused(client: TestClient, address: str, message: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400, address
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(message), address


def test_an_invalid_parameter_is_refused_by_name(client: TestClient) -> None:
    for path in LOOKUPS:
        assert client.get(f"{path}?user_id=1&").status_code == 200
        for query, message in INVALID.items():
            _assert_refused(client, f"{path}?{query}", message if path == LOOKUPS[0] else message[:30])
    for address, message in ALSO_INVALID.items():
        _assert_refused(client, address, message)


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


def test_a_repeated_list_may_have_a_hundred_values(client: TestClient) -> None:
    assert _items(client, "user_id=1&" + urlencode({"exclude": range(100)}, doseq=True)) == []


def test_a_genre_that_no_movie_has_is_not_found(client: TestClient) -> None:
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
    with client_of(publish(data, tmp_path_factory.mktemp("output")).file.parent.parent) as client:
        yield client


def _got(client: TestClient, path: str, **parameters: str) -> tuple[Any, str | None]:
    """Return an answer and its source."""
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    assert "X-Unknown-Items" not in answer.headers
    return answer.json(), answer.headers.get("X-Recommendation-Source")


@pytest.mark.parametrize(
    ("asked", "means"),
    [(" 18", "18"), ("18.0", "18"), ("\t18.00\xa0", "18"), ("19", "19"), ("1e+16", "10000000000000000")],
)
def test_an_id_means_in_every_request_what_it_means_in_the_input(
    dirty: TestClient, asked: str, means: str
) -> None:
    for path in LOOKUPS:
        assert _got(dirty, path, user_id=asked) == _got(dirty, path, user_id=means)
    assert _got(dirty, "/recommendations", user_id=asked)[1] == "personal"
    assert _got(dirty, "/features", user_id=asked)[0]["features"][0]["histories"]
    users = _got(dirty, "/recommendations", user_ids=f"{asked},{means}")[0]["users"]
    assert [(user["user_id"], user["source"]) for user in users] == [(means, "personal")]
    page = dirty.get("/users", params={"user_id": asked})
    assert page.headers["Location"] == f"/users/{means}"


@pytest.mark.parametrize("asked", [" 4", "4.0", "4.000 ", "\xa04"])
def test_the_id_of_an_item_is_cleaned_too(dirty: TestClient, asked: str) -> None:
    assert _got(dirty, "/similar", item_id=asked) == _got(dirty, "/similar", item_id="4")
    for name, who in (("liked", {}), ("exclude", {"user_id": "18"})):
        means = _got(dirty, "/recommendations", **{name: "4,6"}, **who)
        assert _got(dirty, "/recommendations", **{name: f"{asked},6"}, **who) == means
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

    asked = ["7", "nobody", "18", "3"]
    with monkeypatch.context() as patch:
        patch.setattr(Lookup, "find_all", counted)
        answer = client.get("/recommendations", params={"user_ids": asked, "limit": 3, "offset": 1})
    assert queries == [asked]
    sources = [user["source"] for user in answer.json()["users"]]
    assert sources == ["personal", "popular", "personal", "personal"]
    assert "X-Recommendation-Source" not in answer.headers
    again = client.get("/recommendations?user_ids=7", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "more",
    [
        {"limit": "3", "offset": "1"},
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
        for header in ("X-Unknown-Items", "ETag"):
            assert several.headers.get(header) == alone.headers.get(header)


def test_a_hundred_users_are_answered(client: TestClient) -> None:
    answer = client.get("/recommendations?user_ids=" + ",".join(map(str, range(100))))
    assert len(answer.json()["users"]) == 100

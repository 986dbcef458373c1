"""The three requests in exactly the shapes of the contract, and what a wrong one gets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.testclient import TestClient

from api.app import make_app
from api.lookup import CONFIG
from api.settings import Settings
from batch.generation.publish import Published
from tests.conftest import WriteInput, publish
from tests.films import RATINGS, RATINGS_HEADER, withheld

LOOKUPS = ("/recommendations", "/features")


@pytest.fixture(scope="module")
def client(published: Published) -> Iterator[TestClient]:
    """A client of the service that serves the movies."""
    with TestClient(make_app(Settings(published.file.parent.parent))) as client:
        yield client


def _stored(published: Published, query: str, **parameters: Any) -> list[Any]:
    # In the same process a file can be opened with one configuration only: that of the service.
    with duckdb.connect(str(published.file), read_only=True, config=CONFIG) as connection:
        return [row[0] for row in connection.execute(query, parameters).fetchall()]


def test_recommendations_are_ids_in_the_order_of_ranks(client: TestClient, published: Published) -> None:
    answer = client.get("/recommendations?user_id=18")
    stored = _stored(published, "select item_id from recommendations where user_id = '18' order by rank")
    assert answer.json() == {"items": [{"id": item_id} for item_id in stored]}
    assert answer.json()["items"][0] == {"id": str(withheld(18))}
    assert answer.headers["X-Recommendation-Source"] == "personal"
    assert answer.headers["Content-Type"] == "application/json"


def test_metadata_are_title_and_genres_or_left_out(client: TestClient) -> None:
    for value in ("true", "True", "TRUE", "false", "False"):
        (item,) = client.get(f"/recommendations?user_id=18&returnMetadata={value}&limit=1").json()["items"]
        metadata = {"title": "Movie, The 18 (2008)", "genres": ["Drama", "Comedy"]}
        assert item == {"id": "18"} | (metadata if value.lower() == "true" else {}), value


def test_the_order_with_metadata_is_the_order_without(client: TestClient) -> None:
    for user in range(20):
        plain = client.get(f"/recommendations?user_id={user}").json()["items"]
        rich = client.get(f"/recommendations?user_id={user}&returnMetadata=true").json()["items"]
        assert [item["id"] for item in rich] == [item["id"] for item in plain]


def test_features_are_the_history_newest_first(client: TestClient) -> None:
    lines = [line.split(",") for line in RATINGS.splitlines() if line.startswith("18,")]
    items = [item for _, item, _, _ in reversed(lines)]
    assert client.get("/features?user_id=18").json() == {"features": [{"histories": items[:10]}]}
    assert client.get("/features?user_id=18&limit=1000").json() == {"features": [{"histories": items}]}
    assert client.get("/features?user_id=18&limit=2&offset=3").json() == {
        "features": [{"histories": items[3:5]}]
    }


def test_an_unknown_user_gets_the_popular_list_and_an_empty_history(
    client: TestClient, published: Published
) -> None:
    answer = client.get("/recommendations?user_id=nobody&limit=10")
    stored = _stored(published, "select item_id from popular order by rank limit 10")
    assert answer.json() == {"items": [{"id": item_id} for item_id in stored]}
    assert answer.headers["X-Recommendation-Source"] == "popular"
    title = f"Movie, The {stored[0]} ({1990 + int(stored[0])})"
    rich = client.get("/recommendations?user_id=nobody&returnMetadata=true&limit=1").json()["items"]
    assert rich == [{"id": stored[0], "title": title, "genres": ["Drama", "Comedy"]}]
    assert client.get("/features?user_id=nobody").json() == {"features": [{"histories": []}]}


def test_pages_join_to_the_whole_list(client: TestClient) -> None:
    whole = client.get("/recommendations?user_id=18&limit=10").json()["items"]
    pages = [
        client.get(f"/recommendations?user_id=18&limit=2&offset={offset}").json()["items"]
        for offset in range(0, 10, 2)
    ]
    assert [item for page in pages for item in page] == whole


def test_past_the_end_there_is_an_empty_list(client: TestClient) -> None:
    for path in ("/recommendations?user_id=18", "/recommendations?user_id=18&returnMetadata=true"):
        for offset in ("9", "1000", "9" * 30):
            assert client.get(f"{path}&offset={offset}").json() == {"items": []}


def test_text_ids_work_like_numbers_and_decoys_stay_away(write_input: WriteInput, tmp_path: Path) -> None:
    rows = [
        f"{user},f{item},5,{item}" for user in ("A", "a", "AA", "Ä,", "18", "1", "8") for item in range(3)
    ]
    rows = [row.replace("Ä,,", '"Ä,",') for row in rows] + [
        "A,only A,5,9",
        "18,only 18,5,9",
        '"Ä,",only Ä,5,9',
    ]
    publish(write_input("\n".join([RATINGS_HEADER, *rows])), tmp_path / "output")
    with TestClient(make_app(Settings(tmp_path / "output"))) as client:
        for user_id, item in {"A": "only A", "18": "only 18", "Ä,": "only Ä"}.items():
            answer = client.get("/features", params={"user_id": user_id})
            assert answer.json() == {"features": [{"histories": [item, "f2", "f1", "f0"]}]}
            personal = client.get("/recommendations", params={"user_id": user_id})
            assert personal.headers["X-Recommendation-Source"] == "personal"
            assert item not in {item["id"] for item in personal.json()["items"]}


@pytest.mark.parametrize("path", LOOKUPS)
def test_every_answer_names_its_generation_and_can_be_asked_for_again(
    client: TestClient, published: Published, path: str
) -> None:
    first = client.get(f"{path}?user_id=18")
    assert first.headers["X-Generation"] == published.generation
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(f"{path}?user_id=18", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["X-Generation"] == published.generation
    assert client.get(f"{path}?user_id=18", headers={"If-None-Match": '"other"'}).status_code == 200
    two_lines = [("If-None-Match", '"other"'), ("If-None-Match", tag)]
    assert client.get(f"{path}?user_id=18", headers=two_lines).status_code == 304


@pytest.mark.parametrize(
    "path", [*(f"{path}?user_id=18" for path in LOOKUPS), "/healthz", "/readyz", "/openapi.json", "/docs"]
)
def test_head_works_wherever_get_does(client: TestClient, path: str) -> None:
    same_id = {"X-Request-ID": "the same"}
    got, headed = client.get(path, headers=same_id), client.head(path, headers=same_id)
    assert headed.status_code == got.status_code == 200
    assert headed.headers == got.headers
    assert headed.content == b""


BAD = {
    "": "user_id is required",
    "user_id=": "user_id is empty",
    "user_id=%20": "user_id is empty",
    "user_id=1&user_id=2": "user_id is given 2 times; give it once",
    "user_id=1&user_id=1": "user_id is given 2 times; give it once",
    "user_id=" + "1" * 257: "user_id is longer than 256 characters",
    "user_id=1&limit=": "limit must be a whole number",
    "user_id=1&limit=0": "limit must be a whole number",
    "user_id=1&limit=-1": "limit must be a whole number",
    "user_id=1&limit=x": "limit must be a whole number",
    "user_id=1&limit=1.0": "limit must be a whole number",
    "user_id=1&limit=%2B1": "limit must be a whole number",
    "user_id=1&limit=1_0": "limit must be a whole number",
    "user_id=1&limit=%D9%A5": "limit must be a whole number",
    "user_id=1&limit=" + "9" * 257: "limit is longer than 256 characters",
    "user_id=1&limit=1&limit=1": "limit is given 2 times",
    "user_id=1&offset=": "offset must be a whole number",
    "user_id=1&offset=-1": "offset must be a whole number",
    "user_id=1&offset=x": "offset must be a whole number",
    "user_id=1&genre=Drama": "unknown parameter 'genre'",
    "user_id=1&USER_ID=1": "unknown parameter 'USER_ID'",
    "user_id=1" + "&a=1" * 16: "there are more than 16 parameters",
}


@pytest.mark.parametrize("path", LOOKUPS)
def test_a_wrong_parameter_is_named(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?user_id=1&").status_code == 200
    for query, message in BAD.items():
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400, query
        assert list(answer.json()) == ["error"]
        assert answer.json()["error"].startswith(message), query


def test_return_metadata_is_true_or_false(client: TestClient) -> None:
    for value in ("", "1", "yes", "truee"):
        answer = client.get(f"/recommendations?user_id=1&returnMetadata={value}")
        assert answer.status_code == 400, value
        assert answer.json()["error"].startswith("returnMetadata must be true or false")
    assert "returnMetadata" in client.get("/features?user_id=1&returnMetadata=true").json()["error"]


def test_the_limit_ends_at_the_stored_depth_for_lists_and_nowhere_for_histories(client: TestClient) -> None:
    assert client.get("/recommendations?user_id=1&limit=10").status_code == 200
    answer = client.get("/recommendations?user_id=1&limit=11")
    assert answer.status_code == 400
    assert answer.json() == {"error": "limit must be a whole number, from 1 to 10, not '11'"}
    assert client.get("/features?user_id=1&limit=" + "9" * 30).status_code == 200


def test_an_unknown_path_has_the_one_shape_of_an_error(client: TestClient) -> None:
    for path in ("/nothing", "/recommendations/", "/features/18", "//features", "/docs/"):
        # By itself, a client takes what follows two slashes for a host.
        answer = client.get(f"http://testserver{path}", follow_redirects=False)
        assert answer.status_code == 404, path
        assert list(answer.json()) == ["error"]


def test_another_method_has_the_one_shape_of_an_error(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, "/recommendations?user_id=18")
        assert answer.status_code == 405
        assert answer.json() == {"error": f"{method} is not allowed here; use GET or HEAD"}
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_a_bug_has_the_one_shape_of_an_error(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("api.catalogue.Catalogue.items", fail)
    app = make_app(Settings(published.file.parent.parent))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/recommendations?user_id=18&returnMetadata=true")
        assert answer.status_code == 500
        assert list(answer.json()) == ["error"]
        assert answer.headers["X-Request-ID"]


@settings(
    deadline=None,
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=st.binary(max_size=80), path=st.sampled_from(LOOKUPS))
def test_no_query_gets_a_500(client: TestClient, query: bytes, path: str) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in query)
    for text in (f"user_id={encoded}", f"user_id=1&limit={encoded}", f"{encoded}=1&user_id=2"):
        assert client.get(f"{path}?{text}").status_code in (200, 400)


def test_no_input_reaches_sql_as_text(client: TestClient) -> None:
    for user_id in ("' or 1=1 --", "$user_id", "18'; drop table users; --", "\x00", "\ufffd"):
        answer = client.get("/features", params={"user_id": user_id})
        assert answer.json() == {"features": [{"histories": []}]}
    assert len(client.get("/features?user_id=18").json()["features"][0]["histories"]) == 10


def test_before_anything_is_published_the_answer_is_503(tmp_path: Path) -> None:
    with TestClient(make_app(Settings(tmp_path / "missing"))) as client:
        for path in ("/recommendations?user_id=18", "/features?user_id=18", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "10"
            assert list(answer.json()) == ["error"]
        assert client.get("/healthz").json() == {"status": "ok"}

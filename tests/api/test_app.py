"""The three requests in exactly the shapes of the contract, and the errors of invalid ones."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from batch.generation.publish import Published
from tests.asked import client_of, column
from tests.conftest import WriteInput, publish
from tests.films import RATINGS, RATINGS_HEADER, withheld

LOOKUPS = ("/recommendations", "/features")


def test_recommendations_are_ids_in_the_order_of_ranks(client: TestClient, output: Path) -> None:
    answer = client.get("/recommendations?user_id=18")
    stored = column(output, "select item_id from recommendations where user_id = '18' order by rank")
    assert answer.json() == {"items": [{"id": item_id} for item_id in stored]}
    assert stored[0] == str(withheld(18))
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
    for query, part in {"": items[:10], "&limit=1000": items, "&limit=2&offset=3": items[3:5]}.items():
        answer = client.get(f"/features?user_id=18{query}").json()
        assert answer == {"features": [{"histories": part}]}


def test_an_unknown_user_gets_the_popular_list_and_an_empty_history(client: TestClient, output: Path) -> None:
    answer = client.get("/recommendations?user_id=nobody&limit=10")
    stored = column(output, "select item_id from popular order by rank limit 10")
    assert answer.json() == {"items": [{"id": item_id} for item_id in stored]}
    assert answer.headers["X-Recommendation-Source"] == "popular"
    title = f"Movie, The {stored[0]} ({1990 + int(stored[0])})"
    rich = client.get("/recommendations?user_id=nobody&returnMetadata=true&limit=1").json()["items"]
    assert rich == [{"id": stored[0], "title": title, "genres": ["Drama", "Comedy"]}]
    assert client.get("/features?user_id=nobody").json() == {"features": [{"histories": []}]}


def test_pages_join_to_the_whole_list_and_past_its_end_there_is_an_empty_one(client: TestClient) -> None:
    def page(query: str) -> list[dict[str, str]]:
        items: list[dict[str, str]] = client.get(f"/recommendations?user_id=18{query}").json()["items"]
        return items

    pages = [page(f"&limit=2&offset={offset}") for offset in range(0, 10, 2)]
    assert [item for each in pages for item in each] == page("&limit=10")
    for offset in ("9", "1000", "9" * 30):
        for metadata in ("true", "false"):
            assert page(f"&offset={offset}&returnMetadata={metadata}") == []


def test_text_ids_work_like_numbers_and_decoys_are_not_returned(
    write_input: WriteInput, tmp_path: Path
) -> None:
    users = ("A", "a", "AA", '"Ä,"', "18", "1", "8")
    rows = [f"{user},f{item},5,{item}" for user in users for item in range(3)]
    rows += ["A,only A,5,9", "18,only 18,5,9", '"Ä,",only Ä,5,9']
    publish(write_input("\n".join([RATINGS_HEADER, *rows])), tmp_path / "output")
    with client_of(tmp_path / "output") as client:
        for user_id, item in {"A": "only A", "18": "only 18", "Ä,": "only Ä"}.items():
            answer = client.get("/features", params={"user_id": user_id})
            assert answer.json() == {"features": [{"histories": [item, "f2", "f1", "f0"]}]}
            personal = client.get("/recommendations", params={"user_id": user_id})
            assert personal.headers["X-Recommendation-Source"] == "personal"
            assert item not in {item["id"] for item in personal.json()["items"]}


@pytest.mark.parametrize("path", LOOKUPS)
def test_an_answer_names_its_generation_and_is_not_sent_again_to_a_client_that_has_it(
    client: TestClient, published: Published, path: str
) -> None:
    first = client.get(f"{path}?user_id=18")
    assert first.headers["X-Generation"] == published.generation
    assert first.headers["Cache-Control"] == "no-cache"
    tag, other = first.headers["ETag"], ("If-None-Match", '"other"')
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(f"{path}?user_id=18", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["X-Generation"] == published.generation
    assert client.get(f"{path}?user_id=18", headers=[other]).status_code == 200
    assert client.get(f"{path}?user_id=18", headers=[other, ("If-None-Match", tag)]).status_code == 304


@pytest.mark.parametrize(
    "path", [*(f"{path}?user_id=18" for path in LOOKUPS), "/healthz", "/readyz", "/openapi.json", "/docs"]
)
def test_head_works_wherever_get_does(client: TestClient, path: str) -> None:
    same_id = {"X-Request-ID": "the same"}
    got, headed = client.get(path, headers=same_id), client.head(path, headers=same_id)
    assert headed.status_code == got.status_code == 200
    assert headed.headers == got.headers
    assert headed.content == b""


def test_the_limit_ends_at_the_stored_depth_for_lists_and_nowhere_for_histories(client: TestClient) -> None:
    assert client.get("/recommendations?user_id=1&limit=10").status_code == 200
    answer = client.get("/recommendations?user_id=1&limit=11")
    assert answer.status_code == 400
    assert answer.json() == {"error": "limit must be a whole number, from 1 to 10, not '11'"}
    assert client.get("/features?user_id=1&limit=" + "9" * 30).status_code == 200


def test_an_unknown_path_has_the_one_shape_of_an_error(client: TestClient) -> None:
    for path in ("/nothing", "/recommendations/", "/features/18", "//features", "/docs/"):
        # By itself, a client takes what follows two slashes for a host.
        answer = client.get(f"http://testserver{path}")
        assert answer.status_code == 404, path
        assert list(answer.json()) == ["error"]


def test_another_method_has_the_one_shape_of_an_error(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, "/recommendations?user_id=18")
        assert answer.status_code == 405
        assert answer.json() == {"error": f"{method} is not allowed here; use GET or HEAD"}
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_a_bug_has_the_one_shape_of_an_error(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("api.catalogue.Catalogue.items", fail)
    with TestClient(make_app(Settings(output)), raise_server_exceptions=False) as client:
        answer = client.get("/recommendations?user_id=18&returnMetadata=true")
    assert answer.status_code == 500
    assert list(answer.json()) == ["error"]
    assert answer.headers["X-Request-ID"]


@settings(deadline=None, max_examples=100, derandomize=True, suppress_health_check=[*HealthCheck])
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
    with client_of(tmp_path / "missing") as client:
        for path in ("/recommendations?user_id=18", "/features?user_id=18", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "10"
            assert list(answer.json()) == ["error"]
        assert client.get("/healthz").json() == {"status": "ok"}

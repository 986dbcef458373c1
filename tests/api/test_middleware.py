"""What every request meets before a route, and every answer after it."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from pythonjsonlogger.json import JsonFormatter
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message

from api.app import make_app
from api.middleware import MAX_TARGET_BYTES, Keys, RequestMiddleware
from api.settings import Settings, WithRequest, log_config
from batch.generation.publish import Published

PATHS = ("/recommendations?user_id=18", "/features?user_id=18", "/healthz", "/readyz", "/metrics", "/docs")


@contextmanager
def _client(published: Published, **settings: Any) -> Iterator[TestClient]:
    app = make_app(Settings(published.file.parent.parent, **settings))
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def client(published: Published) -> Iterator[TestClient]:
    """A client of the service without any option."""
    with _client(published) as client:
        yield client


@pytest.mark.parametrize("path", [*PATHS, "/nothing", "/features"])
def test_every_answer_has_the_security_headers_once_and_no_banner(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    (policy,) = headers.get_list("Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "Server" not in headers


def test_a_request_has_an_id_of_its_own(client: TestClient) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5
    assert all(ids)


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/features"])
def test_a_request_keeps_the_id_that_it_has(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"X-Request-ID": "from the proxy/7"})
    assert answer.headers["X-Request-ID"] == "from the proxy/7"


@pytest.mark.parametrize("given", ["", "x" * 129, "\xe9", "tab\there"])
def test_an_id_that_can_not_be_written_down_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers=[(b"X-Request-ID", given.encode("latin-1"))])
    assert answer.headers["X-Request-ID"] not in (given, "")


def test_a_path_that_is_too_long_is_refused(client: TestClient) -> None:
    longest = "/" + "a" * (MAX_TARGET_BYTES - 1)
    assert client.get(longest).status_code == 404
    answer = client.get(longest + "a")
    assert answer.status_code == 414
    assert list(answer.json()) == ["error"]
    with_query = "/features?user_id="
    assert client.get(with_query + "a" * (MAX_TARGET_BYTES - len(with_query))).status_code == 400
    assert client.get(with_query + "a" * (MAX_TARGET_BYTES + 1 - len(with_query))).status_code == 414
    # What is encoded is as long as what it means, up to three times the bytes.
    encoded = with_query + "%C3%A9" * ((MAX_TARGET_BYTES - len(with_query)) // 2)
    assert client.get(encoded).status_code == 400
    assert client.get(encoded + "%C3%A9").status_code == 414
    assert client.get("/features?user_id=" + "%%" * MAX_TARGET_BYTES).status_code == 414


@pytest.mark.parametrize(
    ("said", "is_passed_on"),
    [("<TCPTransport closed=True reading=False>; the handler is closed", False), ("a bug", True)],
)
def test_an_answer_to_a_closed_connection_is_no_bug(said: str, *, is_passed_on: bool) -> None:
    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise RuntimeError(said)

    edge = RequestMiddleware(PlainTextResponse("lists"), Settings(), Keys(Settings()))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
    }
    with pytest.raises(RuntimeError, match=said) if is_passed_on else nullcontext():
        asyncio.run(edge(scope, receive, send))


def _sent(headers: dict[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]


@pytest.mark.parametrize("path", [path for path in PATHS if path not in ("/healthz", "/readyz", "/docs")])
def test_with_keys_a_request_needs_one_of_them(published: Published, path: str) -> None:
    with _client(published, api_keys=("first", "sécond")) as client:
        refused: list[dict[str, str | bytes]] = [
            {},
            {"X-API-Key": ""},
            {"X-API-Key": "firs"},
            {"X-API-Key": "first,sécond".encode()},
            {"Authorization": "Bearer other"},
            {"Authorization": "Basic first"},
            {"Authorization": "first"},
        ]
        for headers in refused:
            answer = client.get(path, headers=_sent(headers))
            assert answer.status_code == 401
            assert list(answer.json()) == ["error"]
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        known: list[dict[str, str | bytes]] = [
            {"X-API-Key": "first"},
            {"X-API-Key": "sécond".encode()},
            {"Authorization": "Bearer first"},
            {"Authorization": "bearer first"},
        ]
        for headers in known:
            assert client.get(path, headers=_sent(headers)).status_code == 200


def test_paths_that_need_no_key_can_be_chosen(published: Published) -> None:
    with _client(published, api_keys=("first",), public=("metrics",)) as client:
        assert client.get("/metrics").status_code == 200
        assert {client.get(path).status_code for path in ("/healthz", "/readyz", "/docs")} == {401}
    with _client(published, api_keys=("first",), public=()) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/nothing").status_code == 401


def test_pages_of_other_origins_may_read_nothing_unless_told(
    client: TestClient, published: Published
) -> None:
    origin = {"Origin": "https://films.example"}
    assert "Access-Control-Allow-Origin" not in client.get(PATHS[0], headers=origin).headers
    with _client(published, cors_origins=("https://films.example",)) as open_client:
        answer = open_client.get(PATHS[0], headers=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://films.example"
        assert "X-Generation" in answer.headers["Access-Control-Expose-Headers"]
        other = open_client.get(PATHS[0], headers={"Origin": "https://other.example"})
        assert other.headers.get("Access-Control-Allow-Origin") != "https://other.example"
        preflight = origin | {"Access-Control-Request-Method": "GET"}
        assert open_client.options(PATHS[0], headers=preflight).status_code == 200
        refused = open_client.options(PATHS[0], headers=preflight | {"Origin": "https://other.example"})
        assert refused.status_code == 400
        assert list(refused.json()) == ["error"]


def test_a_page_of_another_origin_can_read_that_its_path_is_too_long(published: Published) -> None:
    path = "/features?user_id=" + "a" * MAX_TARGET_BYTES
    origin = {"Origin": "https://films.example"}
    with _client(published, cors_origins=("https://films.example",), api_keys=("first",)) as client:
        preflight = client.options(path, headers=origin | {"Access-Control-Request-Method": "GET"})
        assert preflight.status_code == 200
        for _ in range(2):
            answer = client.get(path, headers=origin)
            assert answer.status_code == 414
            assert answer.headers.get_list("Access-Control-Allow-Origin") == ["https://films.example"]
            assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
        other = client.get(path, headers={"Origin": "https://other.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


def test_a_browser_may_ask_whether_it_may_send_a_key(published: Published) -> None:
    with _client(published, cors_origins=("https://films.example",), api_keys=("first",)) as client:
        asked = {
            "Origin": "https://films.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "X-API-Key",
        }
        assert client.options(PATHS[0], headers=asked).status_code == 200
        # Who has none must be able to read that, too.
        refused = client.get(PATHS[0], headers={"Origin": "https://films.example"})
        assert refused.status_code == 401
        assert refused.headers["Access-Control-Allow-Origin"] == "https://films.example"


@pytest.mark.parametrize(
    "header", ["traceparent", "tracestate", "baggage", "b3", "X-B3-TraceId", "sentry-trace"]
)
def test_a_page_of_another_origin_may_say_to_which_trace_its_request_belongs(
    published: Published, header: str
) -> None:
    with _client(published, cors_origins=("https://films.example",)) as client:
        asked = {
            "Origin": "https://films.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": f"x-api-key,{header}",
        }
        answer = client.options(PATHS[0], headers=asked)
        assert answer.status_code == 200
        assert header.lower() in answer.headers["Access-Control-Allow-Headers"].lower()


def test_keys_of_a_file_are_one_a_line_beside_those_that_are_given(
    published: Published, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_bytes("\ufeff# of the web team\r\n first \r\n\r\nsécond #2\n".encode())
    with _client(published, api_keys=("third",), api_keys_file=file) as client:
        for key in ("first", "sécond #2", "third"):
            assert client.get(PATHS[0], headers=_sent({"X-API-Key": key.encode()})).status_code == 200
        for key in ("", "# of the web team", "second"):
            assert client.get(PATHS[0], headers=_sent({"X-API-Key": key})).status_code == 401


def _value(client: TestClient, line: str) -> float:
    found = [each for each in client.get("/metrics").text.splitlines() if each.startswith(line + " ")]
    return float(found[0].split()[-1]) if found else 0.0


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    counted = 'recommender_request_seconds_count{route="/features",status="%s"}'
    before = _value(client, counted % 200), _value(client, counted % 400)
    client.get("/features?user_id=18")
    client.get("/features?user_id=nobody")
    client.get("/features")
    assert (_value(client, counted % 200), _value(client, counted % 400)) == (before[0] + 2, before[1] + 1)


def test_paths_that_nobody_knows_are_counted_as_one(client: TestClient) -> None:
    counted = 'recommender_request_seconds_count{route="other",status="404"}'
    before = _value(client, counted)
    for path in ("/a", "/b", "/c"):
        client.get(path)
    assert _value(client, counted) == before + 3
    assert "/a" not in client.get("/metrics").text


def test_the_share_of_popular_answers_can_be_told(client: TestClient) -> None:
    lines = [f'recommender_recommendations_total{{source="{source}"}}' for source in ("personal", "popular")]
    before = [_value(client, line) for line in lines]
    for user in ("1", "2", "nobody"):
        client.get(f"/recommendations?user_id={user}")
    assert [_value(client, line) for line in lines] == [before[0] + 2, before[1] + 1]


def test_the_generation_and_its_age_can_be_told(client: TestClient, published: Published) -> None:
    assert _value(client, f'recommender_generation_info{{generation="{published.generation}"}}') == 1
    assert _value(client, "recommender_generation_finished_timestamp_seconds") > 1_700_000_000
    assert _value(client, "recommender_degraded") == 0


def test_metrics_are_told_in_the_format_that_is_asked_for(client: TestClient) -> None:
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain")
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_line_of_the_log_is_json_with_all_that_is_known_of_the_request(
    published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = dict(log_config("json")["formatters"]["json"])
    assert formatter.pop("()") == "pythonjsonlogger.json.JsonFormatter"
    caplog.handler.addFilter(WithRequest())
    caplog.handler.setFormatter(JsonFormatter(fmt=formatter.pop("format"), **formatter))
    with caplog.at_level(logging.INFO, "api.access"), _client(published, access_log=True) as client:
        client.get("/features?user_id=18&limit=x", headers={"X-Request-ID": "seven"})
    (line,) = [text for text in caplog.text.splitlines() if '"seven"' in text]
    told = json.loads(line)
    assert told.pop("time")
    assert told.pop("milliseconds") > 0
    assert told.pop("message").startswith("GET /features?user_id=18&limit=x 400 ")
    assert told == {
        "level": "INFO",
        "logger": "api.access",
        "request_id": "seven",
        "method": "GET",
        "target": "/features?user_id=18&limit=x",
        "status": 400,
        "client": "testclient",
    }


def test_no_request_is_logged_unless_told(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "api.access"):
        client.get("/features?user_id=18")
    assert "/features" not in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_not_logged(published: Published, caplog: pytest.LogCaptureFixture, path: str) -> None:
    with caplog.at_level(logging.INFO, "api.access"), _client(published, access_log=True) as client:
        assert client.get(path).status_code == 200
        client.get("/features?user_id=18")
    assert path not in caplog.text
    assert "/features" in caplog.text


def test_the_page_of_questions_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
    for path in client.get("/openapi.json").json()["paths"]:
        assert f"</b> {path}<" in page.text


def test_what_is_served_lies_beside_the_program() -> None:
    assert {file.name for file in Path("api/templates").iterdir()} == {"docs.html", "docs.css"}

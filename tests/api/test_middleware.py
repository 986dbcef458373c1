"""What every request meets before a route, and every answer after it."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from pythonjsonlogger.json import JsonFormatter
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message

from api.middleware import MAX_TARGET_BYTES, Keys, RequestMiddleware
from api.settings import Settings, WithRequest, log_config
from batch.generation.publish import Published
from tests.api.conftest import ORIGIN
from tests.asked import client_of

LOOKUP = "/recommendations?user_id=18"
WITH_KEY = (LOOKUP, "/features?user_id=18", "/metrics")
PATHS = (*WITH_KEY, "/healthz", "/readyz", "/docs")
KEYS = ("first", "sécond")
FROM_ORIGIN = {"Origin": ORIGIN}
FROM_ELSEWHERE = {"Origin": "https://other.example"}
PREFLIGHT = {"Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize("path", [*PATHS, "/nothing", "/features"])
def test_every_answer_has_the_security_headers_once_and_no_banner(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    (policy,) = headers.get_list("Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "Server" not in headers


def test_a_request_keeps_the_id_that_it_has_or_gets_one_of_its_own(client: TestClient) -> None:
    for path in ("/healthz", "/nothing", "/features"):
        answer = client.get(path, headers={"X-Request-ID": "from the proxy/7"})
        assert answer.headers["X-Request-ID"] == "from the proxy/7"
    # None, and what can't be written into a header or a log.
    invalid = ["", "x" * 129, "\xe9", "tab\there"]
    given = [[], *([(b"X-Request-ID", each.encode("latin-1"))] for each in invalid)]
    ids = {client.get("/healthz", headers=headers).headers["X-Request-ID"] for headers in given}
    assert len(ids) == len(given)
    assert not ids & {*invalid}


def test_a_path_that_is_too_long_is_refused(client: TestClient) -> None:
    query = "/features?user_id="
    room = MAX_TARGET_BYTES - len(query)
    # What is encoded is as long as what it means, up to three times the bytes.
    encoded = query + "%C3%A9" * (room // 2)
    for path, status in {
        "/" + "a" * (MAX_TARGET_BYTES - 1): 404,
        "/" + "a" * MAX_TARGET_BYTES: 414,
        query + "a" * room: 400,
        query + "a" * (room + 1): 414,
        encoded: 400,
        encoded + "%C3%A9": 414,
        query + "%%" * MAX_TARGET_BYTES: 414,
    }.items():
        answer = client.get(path)
        assert answer.status_code == status
        assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("said", "is_raised"),
    [("<TCPTransport closed=True reading=False>; the handler is closed", False), ("a bug", True)],
)
def test_an_answer_to_a_closed_connection_is_no_bug(said: str, *, is_raised: bool) -> None:
    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        raise RuntimeError(said)

    middleware = RequestMiddleware(PlainTextResponse("lists"), Settings(), Keys(Settings()))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
    }
    with pytest.raises(RuntimeError, match=said) if is_raised else nullcontext():
        asyncio.run(middleware(scope, receive, send))


@pytest.fixture(scope="module")
def guarded(output: Path) -> Iterator[TestClient]:
    """A client of a service that requires a key, and lets pages of one other origin read its answers."""
    with client_of(output, api_keys=KEYS, cors_origins=(ORIGIN,)) as client:
        yield client


@pytest.mark.parametrize("path", WITH_KEY)
def test_with_keys_a_request_needs_one_of_them(guarded: TestClient, path: str) -> None:
    def status(name: str, value: str) -> int:
        return guarded.get(path, headers={name.encode(): value.encode()}).status_code

    refused = guarded.get(path)
    assert list(refused.json()) == ["error"]
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    for own in ("", "firs", "first,sécond"):
        assert status("X-API-Key", own) == 401
    for sent in ("Bearer other", "Basic first", "first"):
        assert status("Authorization", sent) == 401
    for own in KEYS:
        assert status("X-API-Key", own) == 200
    for sent in ("Bearer first", "bearer first"):
        assert status("Authorization", sent) == 200


@pytest.mark.parametrize(
    ("public", "statuses"),
    [
        (("metrics",), {"/metrics": 200, "/healthz": 401, "/readyz": 401, "/docs": 401}),
        ((), {"/metrics": 401, "/nothing": 401}),
    ],
)
def test_paths_that_need_no_key_can_be_chosen(
    output: Path, public: tuple[str, ...], statuses: dict[str, int]
) -> None:
    with client_of(output, api_keys=KEYS, public=public) as client:
        assert {path: client.get(path).status_code for path in statuses} == statuses


def test_keys_of_a_file_are_one_a_line_beside_those_that_are_given(output: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes("\ufeff# of the web team\r\n first \r\n\r\nsécond #2\n".encode())
    with client_of(output, api_keys=("third",), api_keys_file=file) as client:
        for keys, status in (
            (("first", "sécond #2", "third"), 200),
            (("", "# of the web team", "second"), 401),
        ):
            for key in keys:
                assert client.get(LOOKUP, headers={b"X-API-Key": key.encode()}).status_code == status


def test_pages_of_other_origins_may_read_what_they_are_allowed_to(
    client: TestClient, guarded: TestClient
) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(LOOKUP, headers=FROM_ORIGIN).headers
    too_long = "/features?user_id=" + "a" * MAX_TARGET_BYTES
    # An answer, and refusals: without a key, and of a path that is too long, which is refused twice.
    for path, headers, status in (
        (LOOKUP, {"X-API-Key": "first"}, 200),
        (LOOKUP, {}, 401),
        (too_long, {}, 414),
        (too_long, {}, 414),
    ):
        answer = guarded.get(path, headers=FROM_ORIGIN | headers)
        assert answer.status_code == status
        assert answer.headers.get_list("Access-Control-Allow-Origin") == [ORIGIN]
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "X-Generation" in exposed
        assert "X-Request-ID" in exposed
        other = guarded.get(path, headers=FROM_ELSEWHERE | headers)
        assert "Access-Control-Allow-Origin" not in other.headers


def test_a_browser_may_ask_what_it_may_send(guarded: TestClient) -> None:
    for path in (LOOKUP, "/features?user_id=" + "a" * MAX_TARGET_BYTES):
        assert guarded.options(path, headers=FROM_ORIGIN | PREFLIGHT).status_code == 200
    refused = guarded.options(LOOKUP, headers=FROM_ELSEWHERE | PREFLIGHT)
    assert refused.status_code == 400
    assert list(refused.json()) == ["error"]
    for header in ("X-API-Key", "traceparent", "tracestate", "baggage", "b3", "X-B3-TraceId", "sentry-trace"):
        asked = FROM_ORIGIN | PREFLIGHT | {"Access-Control-Request-Headers": f"x-api-key,{header}"}
        answer = guarded.options(LOOKUP, headers=asked)
        assert answer.status_code == 200
        assert header.lower() in answer.headers["Access-Control-Allow-Headers"].lower()


def _value(client: TestClient, line: str) -> float:
    found = [each for each in client.get("/metrics").text.splitlines() if each.startswith(line + " ")]
    return float(found[0].split()[-1]) if found else 0.0


def test_requests_are_counted_by_route_status_and_source(client: TestClient) -> None:
    requests = 'recommender_request_seconds_count{route="%s",status="%s"}'
    answers = 'recommender_recommendations_total{source="%s"}'
    # All unknown paths are counted as one.
    counts = {
        requests % ("/features", 200): 2,
        requests % ("/features", 400): 1,
        requests % ("other", 404): 3,
        answers % "personal": 2,
        answers % "popular": 1,
    }
    before = {line: _value(client, line) for line in counts}
    for path in ("/features?user_id=18", "/features?user_id=nobody", "/features", "/a", "/b", "/c"):
        client.get(path)
    for user in ("1", "2", "nobody"):
        client.get(f"/recommendations?user_id={user}")
    assert {line: _value(client, line) - before[line] for line in counts} == counts
    assert "/a" not in client.get("/metrics").text


def test_metrics_have_the_generation_and_its_age_in_the_format_that_is_asked_for(
    client: TestClient, published: Published
) -> None:
    assert _value(client, f'recommender_generation_info{{generation="{published.generation}"}}') == 1
    assert _value(client, "recommender_generation_finished_timestamp_seconds") > 1_700_000_000
    assert _value(client, "recommender_degraded") == 0
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain")
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_line_of_the_log_is_json_with_all_that_is_known_of_a_request_but_a_probe(
    client: TestClient, output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = dict(log_config("json")["formatters"]["json"])
    assert formatter.pop("()") == "pythonjsonlogger.json.JsonFormatter"
    caplog.handler.addFilter(WithRequest())
    caplog.handler.setFormatter(JsonFormatter(fmt=formatter.pop("format"), **formatter))
    caplog.set_level(logging.INFO, "api.access")
    client.get("/features?user_id=18")
    with client_of(output, access_log=True) as logging_client:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert logging_client.get(path).status_code == 200
        logging_client.get("/features?user_id=18&limit=x", headers={"X-Request-ID": "seven"})
    (line,) = [text for text in caplog.text.splitlines() if '"api.access"' in text]
    logged = json.loads(line)
    assert logged.pop("time")
    assert logged.pop("milliseconds") > 0
    assert logged.pop("message").startswith("GET /features?user_id=18&limit=x 400 ")
    assert logged == {
        "level": "INFO",
        "logger": "api.access",
        "request_id": "seven",
        "method": "GET",
        "target": "/features?user_id=18&limit=x",
        "status": 400,
        "client": "testclient",
    }


def test_the_docs_need_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<a href="./">' in page.text
    for foreign in ("http://", "https://", "<script"):
        assert foreign not in page.text
    for path in client.get("/openapi.json").json()["paths"]:
        assert f"</b> {path}<" in page.text
    assert {file.name for file in Path("api/templates").iterdir()} == {"docs.html", "docs.css"}

"""What arrives on a connection: one answer to each request, and one shape of errors for what is none."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import sleep
from typing import NamedTuple

import httpx2
import pytest

from api.protocol import MAX_HEAD_BYTES, MAX_IGNORED_BYTES
from tests.api.conftest import ORIGIN
from tests.servers import service

Address = tuple[str, int]

HEAD = b"GET /features?user_id=18 HTTP/1.1\r\nHost: movies\r\n"
GET = HEAD + b"\r\n"
POST = b"POST /features HTTP/1.1\r\nHost: movies\r\n"
SMUGGLED = b"GET /features?user_id=7 HTTP/1.1\r\nHost: movies\r\nX-Request-ID: smuggled\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: movies\r\nConnection: close\r\n\r\n"

UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",
    "websocket": b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "TLS": b"Upgrade: TLS/1.2\r\nConnection: keep-alive, Upgrade\r\n",
}
BODIES = {
    "no length": (b"\r\n", SMUGGLED),
    "length 0": (b"Content-Length: 0\r\n\r\n", SMUGGLED),
    "length": (b"Content-Length: %d\r\n\r\n" % len(SMUGGLED), SMUGGLED),
    "chunked": (CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
}
# What gets each of these answers instead of that of a route.
MALFORMED = {
    "raw UTF-8 in a parameter": (400, "GET /features?user_id=é HTTP/1.1\r\nHost: movies\r\n\r\n".encode()),
    "raw UTF-8 in the path": (400, "GET /é HTTP/1.1\r\nHost: movies\r\n\r\n".encode()),
    "a URL that is no path": (400, b"GET features HTTP/1.1\r\nHost: movies\r\n\r\n"),
    "a URL without a path": (400, b"GET http://films HTTP/1.1\r\nHost: movies\r\n\r\n"),
    "CONNECT": (400, b"CONNECT movies:443 HTTP/1.1\r\nHost: movies\r\n\r\n"),
    "no method": (400, b"nonsense\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "no version": (400, b"GET /healthz\r\n\r\n"),
    "an unknown version": (400, b"GET /healthz HTTP/9.9\r\nHost: movies\r\n\r\n"),
    "HTTP/2": (400, b"GET /healthz HTTP/2.0\r\nHost: movies\r\n\r\n"),
    "HTTP/2 from the start": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "no Host": (400, b"GET /healthz HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET /healthz HTTP/1.1\r\nHost: movies\r\nHost: movies\r\n\r\n"),
    "two Hosts in HTTP/1.0": (400, b"GET /healthz HTTP/1.0\r\nHost: movies\r\nHost: other\r\n\r\n"),
    "a Host with a path": (400, b"GET /healthz HTTP/1.1\r\nHost: movies/other?\r\n\r\n"),
    "a header without a colon": (400, HEAD + b"nonsense\r\n\r\n"),
    "a space before a colon": (400, HEAD + b"X : 1\r\n\r\n"),
    "a folded header": (400, HEAD + b"X: 1\r\n 2\r\n\r\n"),
    "a NUL in a header": (400, HEAD + b"X: \0\r\n\r\n"),
    "a line without CR": (400, b"GET /healthz HTTP/1.1\nHost: movies\n\n"),
    "length and chunked": (400, POST + b"Content-Length: 4\r\n" + CHUNKED + b"0\r\n\r\n"),
    "two lengths": (400, POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody"),
    "a negative length": (400, POST + b"Content-Length: -1\r\n\r\n"),
    "a length beyond all bounds": (400, POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"),
    "an unknown transfer encoding": (400, POST + b"Transfer-Encoding: gzip\r\n\r\nbody"),
    "a chunk without a size": (400, HEAD + CHUNKED + b"nonsense\r\n"),
    "a chunk that is too long": (400, HEAD + CHUNKED + b"1\r\nbody\r\n0\r\n\r\n"),
    "a URL of 100 KB": (414, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: movies\r\n\r\n"),
    "a URL without end": (414, b"GET /" + b"a" * 100_000),
    "64 KB of headers": (431, HEAD + b"X: 1234\r\n" * 8_192 + b"\r\n"),
    "a header of 100 KB": (431, HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n"),
    "headers without end": (431, HEAD + b"X: 1234\r\n" * 10_000),
    "a megabyte of headers": (431, HEAD + b"X: " + b"a" * 1_000_000),
}

# What is said of some of them.
MESSAGES = {
    "raw UTF-8 in a parameter": "percent-encode what is not printable ASCII, é as %C3%A9",
    "no method": "Invalid method",
    "HTTP/2": "HTTP/2.0 is not supported",
    "no Host": "one valid Host header",
    "length and chunked": "Transfer-Encoding can't be present with Content-Length",
    "a chunk without a size": "chunk size",
    "a URL of 100 KB": "longer than 8,192 bytes",
    "64 KB of headers": "longer than 65,536 bytes",
}


class Answer(NamedTuple):
    """An answer as it was received."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def address(url: str) -> Address:
    """Where it listens."""
    return _address(url)


def _address(url: str) -> Address:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def _sent(address: Address, *segments: bytes) -> list[Answer]:
    """Send these segments over one connection, and return what is answered until the service closes it."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for segment in segments:
            connection.sendall(segment)
            sleep(0.02)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    return [*_answers(received)]


def _statuses(address: Address, *segments: bytes) -> list[int]:
    return [answer.status for answer in _sent(address, *segments)]


def _answers(received: bytes) -> Iterator[Answer]:
    """Take received bytes for answers, each with its length; what is left over fails."""
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end
        line, *lines = head.decode().split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", line)
        assert status
        pairs = [header.split(": ", 1) for header in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        length = int(headers["content-length"])
        assert len(received) >= length
        yield Answer(int(status[1]), headers, received[:length])
        received = received[length:]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize(("method", "status"), [(b"GET", 200), (b"POST", 405)])
def test_a_request_for_an_upgrade_gets_one_answer_and_what_follows_it_none(
    address: Address, method: bytes, status: int, upgrade: str, body: str
) -> None:
    length, sent = BODIES[body]
    head = method + b" /features?user_id=18 HTTP/1.1\r\nHost: movies\r\nX-Request-ID: first\r\n"
    head += UPGRADES[upgrade] + length
    for segments in (
        [head + sent],
        [head, sent],
        [head[:-20], head[-20:], sent[:30], sent[30:]],
        [head + sent[:30], sent[30:]],
        [head + sent + SMUGGLED, SMUGGLED],
    ):
        (answer,) = _sent(address, *segments)
        assert answer.status == status
        assert answer.headers["x-request-id"] == "first"
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("target", [b"movies:443", b"/features?user_id=18"])
def test_connect_gets_one_answer_and_what_follows_it_none(address: Address, target: bytes) -> None:
    head = b"CONNECT " + target + b" HTTP/1.1\r\nHost: movies\r\n"
    for length, body in BODIES.values():
        for segments in ([head + length, body], [GET + head + length, body]):
            *earlier, answer = _sent(address, *segments)
            assert len(earlier) == segments[0].startswith(GET)
            assert answer.status in {400, 405}
            assert list(json.loads(answer.body)) == ["error"]


def test_requests_before_one_for_an_upgrade_are_answered_in_order(address: Address) -> None:
    length, body = BODIES["length"]
    upgrade = POST + UPGRADES["h2c"] + length
    assert _statuses(address, GET + GET + upgrade + body + GET) == [200, 200, 405]
    assert _statuses(address, GET, upgrade, body + GET) == [200, 405]


def test_a_header_that_only_offers_an_upgrade_changes_nothing(address: Address) -> None:
    offer = HEAD + b"Upgrade: h2c\r\n\r\n" + HEAD + b"Connection: upgrade\r\n\r\n"
    assert _statuses(address, offer + LAST) == [200, 200, 200]


@pytest.mark.parametrize("body", ["length", "chunked"])
def test_a_body_is_no_request_whenever_it_arrives(address: Address, body: str) -> None:
    length, sent = BODIES[body]
    for segments in ([POST + length + sent], [POST + length, sent], [POST + length, sent[:30], sent[30:]]):
        answers = _sent(address, *segments, GET, LAST)
        assert [answer.status for answer in answers] == [405, 200, 200]
        assert "smuggled" not in {answer.headers["x-request-id"] for answer in answers}
    # A client can read the last answer before its body is sent.
    close = POST + b"Connection: close\r\n" + length
    assert _statuses(address, close, sent, sent, sent) == [405]
    assert _statuses(address, close.replace(b"HTTP/1.1", b"HTTP/1.0"), sent, sent) == [405]


def test_trailers_of_a_body_are_not_taken_for_headers(address: Address) -> None:
    trailers = b"0\r\nX-Request-ID: smuggled\r\n\r\n"
    (answer, _) = _sent(address, HEAD + CHUNKED + trailers + LAST)
    assert answer.status == 200
    assert answer.headers["x-request-id"] != "smuggled"


def test_a_malformed_request_gets_an_error_after_the_answers_to_those_before_it(address: Address) -> None:
    for case, (status, request) in MALFORMED.items():
        *before, answer = _sent(address, GET + GET + request)
        assert [each.status for each in before] == [200, 200], case
        assert len({each.headers["x-request-id"] for each in (*before, answer)}) == 3, case
        assert answer.status == status, case
        (message,) = json.loads(answer.body).values()
        assert json.loads(answer.body) == {"error": message}, case
        assert MESSAGES.get(case, "") in message, case
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["connection"] == "close", case
        assert answer.headers["x-request-id"], case
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_body_that_turns_out_malformed_ends_the_connection_after_one_answer(address: Address) -> None:
    chunked = HEAD + CHUNKED
    assert _statuses(address, chunked, b"nonsense\r\n" + GET, GET) == [200]
    assert _statuses(address, GET, chunked + b"1\r\nx\r\n", b"nonsense\r\n" + GET) == [200, 200]


def test_a_malformed_request_keeps_its_id(address: Address) -> None:
    (answer,) = _sent(address, b"GET /features HTTP/1.1\r\nX-Request-ID: seven\r\nX: 1\r\nno colon\r\n\r\n")
    assert answer.headers["x-request-id"] == "seven"


def test_a_refusal_of_head_has_no_body(address: Address) -> None:
    request = "HEAD /é HTTP/1.1\r\nHost: movies\r\n\r\n".encode()
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("case", ["no Host", "64 KB of headers", "a URL of 100 KB"])
def test_a_page_of_another_origin_can_read_why_it_was_refused(address: Address, case: str) -> None:
    status, request = MALFORMED[case]
    line, end, rest = request.partition(b"\r\n")
    (answer,) = _sent(address, line + end + f"Origin: {ORIGIN}\r\n".encode() + rest)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    "rest", [b"\r\n", b"Host: movies\r\nnonsense\r\n\r\n", b"Host: movies\r\n" + CHUNKED + b"x"]
)
def test_a_malformed_preflight_is_refused(address: Address, rest: bytes) -> None:
    preflight = f"OPTIONS /features HTTP/1.1\r\nOrigin: {ORIGIN}\r\nAccess-Control-Request-Method: GET\r\n"
    (answer,) = _sent(address, preflight.encode() + rest)
    assert answer.status == 400
    assert list(json.loads(answer.body)) == ["error"]


def test_a_host_is_required_since_http_1_1(address: Address) -> None:
    assert _statuses(address, b"GET /healthz HTTP/1.0\r\n\r\n") == [200]
    for host in (b"", b"films", b"movies.example:5000", b"[::1]:5000", b"items_api"):
        assert _statuses(address, LAST.replace(b"films", host)) == [200]


def _metrics(url: str) -> dict[str, float]:
    """Return what `/metrics` says now."""
    lines = httpx2.get(f"{url}/metrics").text.splitlines()
    values = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in values}


def test_malformed_requests_are_counted(url: str, address: Address) -> None:
    line = 'recommender_request_seconds_count{route="other",status="%s"}'
    names = {status: line % status for status in (400, 414, 431)}

    def counts() -> dict[int, float]:
        metrics = _metrics(url)
        return {status: metrics.get(name, 0) for status, name in names.items()}

    before = counts()
    for case in ("no method", "a URL without end", "headers without end", "raw UTF-8 in the path"):
        _sent(address, MALFORMED[case][1])
    assert counts() == {400: before[400] + 2, 414: before[414] + 1, 431: before[431] + 1}


def test_the_limit_of_headers_is_one_for_each_request(address: Address) -> None:
    pieces = [HEAD, *[b"X: 1234\r\n" * 2_000] * 3, b"\r\n"]
    assert _statuses(address, *pieces, *pieces, *pieces, LAST) == [200] * 4
    body = POST + b"Content-Length: 300000\r\n\r\n" + b"a" * 299_999
    assert _statuses(address, body, b"a" + HEAD, b"\r\n" + LAST) == [405, 200, 200]
    assert _statuses(address, body, b"a" + HEAD + b"X: 1234\r\n" * 10_000) == [405, 431]


@pytest.mark.parametrize("start", [b"Content-Length: 1000000000\r\n\r\n", CHUNKED + b"0\r\nX: "])
def test_a_client_that_sends_a_body_without_end_is_hung_up_on(address: Address, start: bytes) -> None:
    sent = 0
    with socket.create_connection(address, timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(POST + start)
        while sent < 20 * MAX_IGNORED_BYTES:
            connection.sendall(b"a" * MAX_HEAD_BYTES)
            sent += MAX_HEAD_BYTES
    assert sent < 20 * MAX_IGNORED_BYTES


def test_requests_whose_answers_nobody_reads_take_no_memory(url: str, address: Address) -> None:
    before = _metrics(url)["process_resident_memory_bytes"]
    with socket.socket() as connection, suppress(TimeoutError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(1)
        connection.connect(address)
        for _ in range(300):
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: movies\r\n\r\n" * 1_000)
    assert _metrics(url)["process_resident_memory_bytes"] < before + 100_000_000


@pytest.mark.parametrize("piece", [b"a", b"a" * MAX_HEAD_BYTES])
def test_a_client_that_goes_on_sending_after_a_refusal_is_hung_up_on(address: Address, piece: bytes) -> None:
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        for _ in range(1_000):
            try:
                connection.sendall(piece)
            except ConnectionError:
                break
            sleep(0.01)
        else:
            raise AssertionError("the connection is still open")


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\n"])
def test_a_request_without_end_is_hung_up_on(address: Address, begun: bytes) -> None:
    more = b"a: b\r\n" * 512 if begun.endswith(b"\n") else b"a" * 4_096
    sent = 0
    with socket.create_connection(address, timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(begun)
        while sent < 100 * MAX_HEAD_BYTES:
            connection.sendall(more)
            sent += len(more)
    assert sent < 100 * MAX_HEAD_BYTES


def test_clients_that_send_too_slowly_are_disconnected(address: Address) -> None:
    with (
        socket.create_connection(address, timeout=60) as silent,
        socket.create_connection(address, timeout=60) as slow,
    ):
        slow.sendall(GET + b"GET /he")
        answers = [b"".join(iter(partial(each.recv, 4_096), b"")) for each in (silent, slow)]
    assert [answer.count(b"HTTP/1.1 200 OK") for answer in answers] == [0, 1]


def test_the_service_does_not_name_its_software(url: str) -> None:
    for path in ("/healthz", "/recommendations?user_id=18", "/recommendations/?user_id=18", "/nothing"):
        answer = httpx2.get(url + path)
        assert "server" not in answer.headers
        assert not answer.is_redirect


def test_the_log_is_json_with_a_line_for_each_request_and_no_warning(output: Path) -> None:
    options = ("--access-log", "--log-format", "json")
    with service(output, *options, CORS_ORIGINS="*") as running:
        address = ("127.0.0.1", running.port)
        for request in (
            GET + LAST,
            POST + UPGRADES["websocket"] + b"".join(BODIES["length"]),
            MALFORMED["raw UTF-8 in the path"][1],
            MALFORMED["no Host"][1],
            MALFORMED["no method"][1],
            MALFORMED["a chunk without a size"][1],
        ):
            _sent(address, request)
        # If pages of all origins may read answers, they may read this one.
        for length in (100_000, 300_000):
            line = b"GET /" + b"a" * length + b" HTTP/1.1\r\nHost: movies\r\nOrigin: http://a.example\r\n\r\n"
            (answer,) = _sent(address, line)
            assert (answer.status, answer.headers["access-control-allow-origin"]) == (414, "*")
    lines = [json.loads(line) for line in running.lines]
    assert {line["level"] for line in lines} == {"INFO"}
    assert {line["logger"] for line in lines} == {"api", "api.access", "uvicorn.error"}
    requests = [line for line in lines if line["logger"] == "api.access"]
    assert all(line["request_id"] for line in requests)
    assert [(line["method"], line["target"], line["status"]) for line in requests[:-2]] == [
        ("GET", "/features?user_id=18", 200),
        ("POST", "/features", 405),
        ("GET", "-", 400),
        ("-", "-", 400),
        ("GET", "/features?user_id=18", 400),
    ]

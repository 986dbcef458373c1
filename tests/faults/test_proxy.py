"""The service behind nginx, and asked by clients that want to upgrade each connection."""

import json
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from batch.generation.publish import Published
from tests.conftest import publish
from tests.faults.proxy import proxied
from tests.faults.system import require
from tests.films import MOVIES, RATINGS
from tests.servers import serving

ROUNDS = 10
GET = b"GET /recommendations?user_id=18&limit=3 HTTP/1.1\r\nHost: movies\r\n"
# The last header has no end: it would take up the first line of the next client's request.
SMUGGLED = b"GET /features?user_id=7 HTTP/1.1\r\nHost: movies\r\nX-Request-ID: smuggled\r\nX-Rest: "
UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "TLS": b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The generation that the movies of `tests/films.py` make."""
    folder = tmp_path_factory.mktemp("movies")
    (folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    (folder / "movies.csv").write_text(MOVIES, encoding="utf-8")
    return publish(folder, tmp_path_factory.mktemp("output"))


@pytest.fixture(scope="module")
def url(published: Published) -> Iterator[str]:
    """The URL of a service."""
    with serving(published.file.parent.parent) as url:
        yield url


@pytest.fixture(params=["$connection_upgrade", '"upgrade"'])
def proxy(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """The address of nginx before it, which passes upgrades on in one of the two usual ways."""
    with proxied(url, tmp_path, request.param) as address:
        yield address


def _asked(address: tuple[str, int], request: bytes) -> tuple[int, str, bytes]:
    """Return status, request id and body of the answer to a new client."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers.get("X-Request-ID", ""), answer.read()


# Up to 16 KB nginx passes a body on together with the headers, beyond after them.
@pytest.mark.parametrize("blank_lines", [0, 20_000, 200_000])
@pytest.mark.parametrize("upgrade", UPGRADES)
def test_no_client_of_a_proxy_gets_the_answer_to_a_request_in_the_body_of_another(
    proxy: tuple[str, int], upgrade: str, blank_lines: int
) -> None:
    body = b"\r\n" * blank_lines + SMUGGLED
    attack = GET.replace(b"GET", b"POST") + UPGRADES[upgrade]
    attack += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    status, _, expected = _asked(proxy, GET + b"\r\n")
    assert status == 200
    assert list(json.loads(expected)) == ["items"]
    assert _asked(proxy, SMUGGLED + b"\r\n\r\n")[0] == 403
    for number in range(ROUNDS):
        assert _asked(proxy, attack)[0] == 405
        answer = _asked(proxy, GET + b"X-Request-ID: %d\r\n\r\n" % number)
        assert answer == (200, str(number), expected)


@pytest.fixture(params=["service", "proxy"])
def recommendations(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of three recommendations, from the service itself or through nginx."""
    path = "/recommendations?user_id=18&limit=3"
    if request.param == "service":
        yield url + path
    else:
        with proxied(url, tmp_path, "$connection_upgrade") as (host, port):
            yield f"http://{host}:{port}{path}"


def test_the_client_of_java_gets_every_answer(recommendations: str) -> None:
    require("javac", "openjdk-17-jdk-headless")
    command = ["java", str(Path(__file__).with_name("Get.java")), recommendations]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) == 8
    (line,) = set(lines)
    status, body = line.split(" ", 1)
    assert status == "200"
    assert len(json.loads(body)["items"]) == 3


def test_curl_that_asks_for_http_2_gets_every_answer(recommendations: str) -> None:
    require("curl", "curl")
    command = ["curl", "--silent", "--show-error", "--fail", "--http2", *[recommendations] * 3]
    answers = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first = answers[: len(answers) // 3]
    assert answers == first * 3
    assert len(json.loads(first)["items"]) == 3

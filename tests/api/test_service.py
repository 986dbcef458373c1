"""A real server under load, while generations change under it."""

import itertools
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.protocol import MAX_HEAD_BYTES
from batch.generation.publish import Published
from batch.generation.store import Output
from tests.commands import ROOT, environment, serving
from tests.conftest import copied, publish
from tests.expected import expected
from tests.films import USERS

CONNECTIONS = 4
REQUESTS = 2_000


def test_every_answer_is_that_of_the_generation_in_its_header(
    items: Path, published: Published, tmp_path: Path
) -> None:
    output = Output(tmp_path)
    copied(published, tmp_path)
    users = [*map(str, range(USERS)), "nobody"]
    paths = [
        path
        for user in users
        for path in (
            f"/recommendations?user_id={user}&limit=5",
            f"/recommendations?user_id={user}&limit=5&returnMetadata=true",
            f"/features?user_id={user}&limit=50",
        )
    ]
    answers: list[tuple[str, int, str, Any]] = []
    done = threading.Event()

    def ask(url: str, worker: int) -> None:
        with httpx2.Client(base_url=url) as client:
            for number in itertools.count(worker * 7):
                if done.is_set() and len(answers) >= REQUESTS:
                    return
                path = paths[number % len(paths)]
                answer = client.get(path)
                answers.append(
                    (path, answer.status_code, answer.headers.get("X-Generation", ""), answer.json())
                )

    with serving(tmp_path) as url, ThreadPoolExecutor(CONNECTIONS) as pool:
        workers = [pool.submit(ask, url, worker) for worker in range(CONNECTIONS)]
        try:
            for seed in (1, 2):
                publish(items, tmp_path, factors=3, seed=seed)
                _wait_until_served(url, output.current())
        finally:
            done.set()
        for worker in workers:
            worker.result()
        last = httpx2.get(f"{url}/recommendations?user_id=18").headers["X-Generation"]

    assert len(answers) >= REQUESTS
    assert {status for _, status, _, _ in answers} == {200}
    stored = {generation: expected(output.file(generation)) for generation in output.generations()}
    assert len(stored) == 3
    assert {generation for _, _, generation, _ in answers} <= set(stored)
    assert [answer for answer in answers if answer[3] != stored[answer[2]][answer[0]]] == []
    assert last == output.current()


def _wait_until_served(url: str, generation: str | None) -> None:
    for _ in range(600):
        if httpx2.get(f"{url}/readyz").json()["generation"] == generation:
            return
        time.sleep(0.05)
    raise AssertionError("the new generation was not picked up")


def test_the_server_says_nothing_about_itself_and_redirects_nowhere(published: Published) -> None:
    with serving(published.file.parent.parent) as url:
        for path in ("/healthz", "/recommendations?user_id=18", "/recommendations/?user_id=18", "/nothing"):
            answer = httpx2.get(url + path)
            assert "server" not in answer.headers
            assert not answer.is_redirect
        assert re.match(r"http://127\.0\.0\.1:", url)


def _address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def test_several_processes_answer_from_one_file_and_count_together(published: Published) -> None:
    with serving(published.file.parent.parent, WORKERS="2") as url:
        for user in range(40):
            assert httpx2.get(f"{url}/features?user_id={user}").status_code == 200
        lines = httpx2.get(f"{url}/metrics").text.splitlines()
    counted = 'recommender_request_seconds_count{route="/features",status="200"} '
    assert [line.removeprefix(counted) for line in lines if line.startswith(counted)] == ["40.0"]
    assert f'recommender_generation_info{{generation="{published.generation}"}} 1.0' in lines


def test_after_sigterm_what_has_begun_is_answered_whole(published: Published) -> None:
    command = [sys.executable, "-m", "api", "--output", str(published.file.parent.parent), "--port", "0"]
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(PYTHONWARNINGS="error")
    )
    assert server.stderr is not None
    try:
        url = next(found[1] for line in server.stderr if (found := re.search(r"on (http://\S+)", line)))
        assert httpx2.get(f"{url}/readyz").status_code == 200
        with socket.create_connection(_address(url)) as connection:
            # The request has begun, and its end comes after the signal.
            connection.sendall(b"POST /features HTTP/1.1\r\nHost: movies\r\nContent-Length: 4\r\n\r\n")
            time.sleep(0.1)
            server.send_signal(signal.SIGTERM)
            connection.sendall(b"body")
            answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    finally:
        server.terminate()
        _, told = server.communicate(timeout=30)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b'use GET or HEAD"}')
    assert "Traceback" not in told


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\n"])
def test_a_request_without_end_is_hung_up_on(published: Published, begun: bytes) -> None:
    with (
        serving(published.file.parent.parent) as url,
        socket.create_connection(_address(url), timeout=30) as connection,
    ):
        connection.sendall(begun)
        sent = 0
        more = b"a: b\r\n" * 512 if begun.endswith(b"\n") else b"a" * 4_096
        with suppress(ConnectionError):
            while sent < 100 * MAX_HEAD_BYTES:
                connection.sendall(more)
                sent += len(more)
        assert sent < 100 * MAX_HEAD_BYTES
        assert httpx2.get(f"{url}/healthz").status_code == 200


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: movies\r\n\r\nGET /he"])
def test_a_client_that_sends_too_slowly_is_disconnected(published: Published, begun: bytes) -> None:
    with (
        serving(published.file.parent.parent) as url,
        socket.create_connection(_address(url), timeout=60) as connection,
    ):
        connection.sendall(begun)
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
        assert answer.count(b"HTTP/1.1 200 OK") == begun.count(b"\r\n\r\n")


def test_a_log_of_json_lines_is_json_from_the_first_to_the_last(published: Published) -> None:
    command = [sys.executable, "-m", "api", "--output", str(published.file.parent.parent), "--port", "0"]
    server = subprocess.Popen(
        [*command, "--log-format", "json", "--access-log"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(PYTHONWARNINGS="error"),
    )
    assert server.stderr is not None
    first = server.stderr.readline()
    url = json.loads(first)["message"].removeprefix("running on ")
    assert httpx2.get(f"{url}/features?user_id=18", headers={"X-Request-ID": "a b"}).status_code == 200
    with socket.create_connection(_address(url)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(4_096).startswith(b"HTTP/1.1 400 ")
    server.terminate()
    _, rest = server.communicate(timeout=30)
    lines = [json.loads(line) for line in (first + rest).splitlines()]
    assert {line["logger"] for line in lines} == {"api", "api.access", "uvicorn.error"}
    assert [line["target"] for line in lines if line.get("request_id") == "a b"] == ["/features?user_id=18"]

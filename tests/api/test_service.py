"""Real servers: under load while generations change, as several processes, and at the end."""

import itertools
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

from batch.generation.publish import Published
from batch.generation.store import Output
from tests.conftest import copied
from tests.expected import expected
from tests.films import USERS
from tests.servers import service, serving

CONNECTIONS = 4
REQUESTS = 1_000


def test_every_answer_is_that_of_the_generation_in_its_header(
    nights: list[Published], tmp_path: Path
) -> None:
    copied(nights[0], tmp_path)
    output = Output(tmp_path)
    stored = {generation: expected(output.file(generation)) for generation in output.generations()}
    paths = [
        path
        for user in (*range(USERS), "nobody")
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
                generation = answer.headers.get("X-Generation", "")
                answers.append((path, answer.status_code, generation, answer.json()))

    with serving(tmp_path) as url, ThreadPoolExecutor(CONNECTIONS) as pool:
        workers = [pool.submit(ask, url, worker) for worker in range(CONNECTIONS)]
        try:
            for night in nights[:2]:
                with output.locked():
                    output.roll_back(night.generation)
                _wait_until_served(url, night.generation)
        finally:
            done.set()
        for worker in workers:
            worker.result()
        last = httpx2.get(f"{url}/recommendations?user_id=18").headers["X-Generation"]

    assert len(answers) >= REQUESTS
    assert {status for _, status, _, _ in answers} == {200}
    assert {generation for _, _, generation, _ in answers} <= set(stored)
    assert [answer for answer in answers if answer[3] != stored[answer[2]][answer[0]]] == []
    assert last == output.current() == nights[1].generation


def _wait_until_served(url: str, generation: str) -> None:
    for _ in range(600):
        if httpx2.get(f"{url}/readyz").json()["generation"] == generation:
            return
        time.sleep(0.05)
    raise AssertionError("the new generation was not picked up")


def test_several_processes_answer_from_one_file_and_count_together(
    published: Published, output: Path
) -> None:
    with service(output, workers=2) as running:
        url = running.url
        for user in range(40):
            assert httpx2.get(f"{url}/features?user_id={user}").status_code == 200
        lines = httpx2.get(f"{url}/metrics").text.splitlines()
    counted = 'recommender_request_seconds_count{route="/features",status="200"} '
    assert [line.removeprefix(counted) for line in lines if line.startswith(counted)] == ["40.0"]
    assert f'recommender_generation_info{{generation="{published.generation}"}} 1.0' in lines


def test_after_sigterm_a_request_that_has_begun_is_answered_whole(output: Path) -> None:
    with (
        service(output) as running,
        socket.create_connection(("127.0.0.1", running.port)) as connection,
    ):
        # The request has begun, and its end comes after the signal.
        connection.sendall(b"POST /features HTTP/1.1\r\nHost: movies\r\nContent-Length: 4\r\n\r\n")
        time.sleep(0.1)
        running.process.send_signal(signal.SIGTERM)
        connection.sendall(b"body")
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b'use GET or HEAD"}')
    assert not [line for line in running.lines if "Traceback" in line]

"""A real server under load, while generations change under it."""

import itertools
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import httpx2

from batch.output import Output
from tests.commands import batch, serving
from tests.conftest import publish
from tests.films import USERS

CONNECTIONS = 16
REQUESTS = 2_000


def _expected(output: Output, generation: str) -> dict[str, Any]:
    """Return what each request must get from a generation, by path."""
    with duckdb.connect(str(output.file(generation)), read_only=True) as connection:
        lists = connection.execute(
            "select user_id, list({'id': item_id, 'title': title, 'genres': genres} order by rank) "
            "from recommendations join items using (item_id) group by user_id "
            "union all "
            "select 'nobody', list({'id': item_id, 'title': title, 'genres': genres} order by rank) "
            "from popular join items using (item_id)"
        ).fetchall()
        histories = connection.execute(
            "select user_id, list(item_id order by position) from histories group by user_id"
        ).fetchall()
    return {
        **{
            f"/recommendations?user_id={user}&limit=5": {"items": [{"id": item["id"]} for item in items[:5]]}
            for user, items in lists
        },
        **{
            f"/recommendations?user_id={user}&limit=5&returnMetadata=true": {"items": items[:5]}
            for user, items in lists
        },
        **{
            f"/features?user_id={user}&limit=50": {"features": [{"histories": films}]}
            for user, films in histories
        },
        "/features?user_id=nobody&limit=50": {"features": [{"histories": []}]},
    }


def test_every_answer_is_that_of_the_generation_in_its_header(films: Path, tmp_path: Path) -> None:
    output = Output(tmp_path)
    publish(films, tmp_path)
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
            for seed in ("1", "2"):
                job = batch(
                    "run", "--data", films, "--output", tmp_path, "--factors", "3", "--seed", seed, "--quiet"
                )
                assert job.returncode == 0
                _wait_until_served(url, output.current())
        finally:
            done.set()
        for worker in workers:
            worker.result()
        last = httpx2.get(f"{url}/recommendations?user_id=18").headers["X-Generation"]

    assert len(answers) >= REQUESTS
    assert {status for _, status, _, _ in answers} == {200}
    expected = {generation: _expected(output, generation) for generation in output.generations()}
    assert len(expected) == 3
    assert {generation for _, _, generation, _ in answers} <= set(expected)
    assert [answer for answer in answers if answer[3] != expected[answer[2]][answer[0]]] == []
    assert last == output.current()


def _wait_until_served(url: str, generation: str | None) -> None:
    # It is served from the next request on; the loop says so without trusting a clock.
    for _ in range(1_000):
        if httpx2.get(f"{url}/readyz").json()["generation"] == generation:
            return
    raise AssertionError("the new generation was not picked up")


def test_the_server_says_nothing_about_itself_and_redirects_nowhere(films: Path, tmp_path: Path) -> None:
    publish(films, tmp_path)
    with serving(tmp_path) as url:
        for path in ("/healthz", "/recommendations?user_id=18", "/recommendations/?user_id=18", "/nothing"):
            answer = httpx2.get(url + path)
            assert "server" not in answer.headers
            assert not answer.is_redirect
        assert re.match(r"http://127\.0\.0\.1:", url)

"""The service under load, while generations change, clients hang up, and nonsense arrives."""

import asyncio
import gc
import http.client
import json
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from api.middleware import is_of_page
from api.watcher import GenerationWatcher
from batch.generation.output_folder import Output
from tests.conftest import publish
from tests.expected import expected
from tests.faults.conftest import Recorded
from tests.films import MOVIES, RATINGS
from tests.servers import serving

CONNECTIONS = 64
SECONDS_BETWEEN_LOOKS = 0.05


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input folder with the movies of `tests/films.py`."""
    folder = tmp_path_factory.mktemp("movies")
    (folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    (folder / "movies.csv").write_text(MOVIES, encoding="utf-8")
    return folder


@pytest.fixture
def output(items: Path, tmp_path: Path) -> Output:
    """An output folder with three generations that differ."""
    for seed in (1, 2, 3):
        publish(items, tmp_path / "output", seed=seed, factors=2 + seed)
    return Output(tmp_path / "output")


class Crowd:
    """Clients that ask until they are told to stop, and keep what differs from what they must get."""

    def __init__(self, url: str, output: Output) -> None:
        self._url = url
        self._expected = {each: expected(output.file(each)) for each in output.generations()}
        self._paths = [*next(iter(self._expected.values()))]
        self.answers: Counter[str] = Counter()  # by generation
        self.faults: list[str] = []
        self.is_over = False

    async def ask(self) -> None:
        """Ask over many connections."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(self._url, connector=connector) as session:
            await asyncio.gather(
                *(self._client(session, number) for number in range(CONNECTIONS)), self._rude()
            )

    async def _client(self, session: aiohttp.ClientSession, number: int) -> None:
        drawn = random.Random(number)  # noqa: S311  paths, not secrets
        while not self.is_over:
            path = drawn.choice(self._paths)
            async with session.get(path) as answer:
                generation = answer.headers.get("X-Generation", "")
                body = await answer.read()
            self.answers[generation] += 1
            if answer.status != 200 or json.loads(body) != self._expected[generation][path]:
                self.faults.append(f"{path}: {answer.status} {generation} {body[:200]!r}")

    async def _rude(self) -> None:
        """Ask, and hang up before the answer."""
        parts = urlsplit(self._url)
        drawn = random.Random(-1)  # noqa: S311
        while not self.is_over:
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            path = drawn.choice(self._paths)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: movies\r\n\r\n".encode() * 3)
            await writer.drain()
            writer.transport.abort()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


async def _switched(crowd: Crowd, output: Output, url: str, switches: int, requests: int) -> None:
    """Switch between all generations, back and forth, each time until it is served."""
    asking = asyncio.create_task(crowd.ask())
    generations = output.generations()
    drawn = random.Random(7)  # noqa: S311
    async with aiohttp.ClientSession(url) as session:
        for _ in range(switches):
            goal = drawn.choice([each for each in generations if each != output.current()])
            with output.locked():
                output.roll_back(goal)
            while True:
                assert not asking.done()
                async with session.get("/readyz") as answer:
                    ready = await answer.json()
                if ready == {"status": "ready", "generation": goal}:
                    break
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        while crowd.answers.total() < requests:
            assert not asking.done()
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    crowd.is_over = True
    await asking


def test_every_answer_is_that_of_the_generation_that_it_names_through_all_switches(
    output: Output, recorded: Recorded, *, is_long: bool
) -> None:
    switches, requests = (50, 200_000) if is_long else (5, 5_000)
    with serving(output.folder) as url:
        crowd = Crowd(url, output)
        asyncio.run(_switched(crowd, output, url, switches, requests))
    assert crowd.faults == []
    assert len(crowd.answers) == 3
    recorded("service_switched", "64 connections", crowd.answers.total(), switches, 0)


def test_switches_leave_no_file_open_and_no_memory_taken(
    output: Output, recorded: Recorded, *, is_long: bool
) -> None:
    switches = 1_000 if is_long else 50
    generations = output.generations()

    async def switch_all() -> list[tuple[int, float]]:
        current, seen = GenerationWatcher(output.folder), []
        for number in range(switches + 1):
            with output.locked():
                output.roll_back(generations[number % 3])
            await current.poll()
            assert current.generation
            assert current.generation.id == generations[number % 3]
            assert await current.generation.history("18")
            if number in (switches // 5, switches):
                gc.collect()
                seen.append((_open_files(), _resident_mb()))
        current.close()
        await asyncio.sleep(0)
        return seen

    (files, memory), (files_at_last, memory_at_last) = asyncio.run(switch_all())
    assert files_at_last == files
    assert memory_at_last < memory * 1.05
    recorded(
        "service_leaks",
        f"{switches:,}",
        f"{files} and {files_at_last}",
        f"{memory:.0f} and {memory_at_last:.0f}",
    )


def _open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
def address(items: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Host and port of a service."""
    folder = tmp_path_factory.mktemp("served")
    publish(items, folder)
    with serving(folder) as url:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


METHODS = st.sampled_from(
    ["GET"] * 8 + ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "QUERY"]
)
PATHS = st.sampled_from(
    [
        *("/recommendations", "/features", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "*"),
        *("/", "/users", "/users/18", "/users/%00", "/random", "/films", "/films/1", "/new", "/system"),
    ]
)
TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)
PERCENT = st.binary(max_size=30).map(lambda raw: "".join(f"%{byte:02X}" for byte in raw))
NAMES = st.sampled_from(
    [
        *["user_id"] * 6,
        "limit",
        "offset",
        "returnMetadata",
        "liked",
        "q",
        "min_year",
        "from",
        "USER_ID",
        "x",
        "user_id[]",
        "",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "18",
            "nobody",
            "",
            "-1",
            "0",
            "1e9",
            "true",
            "TRUE",
            "NaN",
            "9" * 300,
            "' or 1=1 --",
            "%00",
            "%ff",
            "%",
        ]
    ),
    st.integers().map(str),
    PERCENT,
    TEXT.map(quote),
)
QUERIES = st.lists(st.tuples(NAMES, VALUES).map("=".join), max_size=3).map("&".join)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("If-None-Match", "X-Request-ID", "Accept", "Authorization", "X-API-Key", "Origin", "Range"),
                *("Accept-Encoding", "Cookie", "Expect", "Upgrade", "Connection", "Content-Length"),
                *("Transfer-Encoding", "X-é"),
            )
        ),
        st.one_of(
            TEXT,
            st.sampled_from(
                ["*", '"', 'W/"x"', "chunked", "0", "7", "100-continue", "websocket", "x" * 9_000]
            ),
        ),
    ),
    max_size=5,
)


def _asked(address: tuple[str, int], request: bytes) -> tuple[int, str, bytes] | None:
    """Return status, media type and body; None if the service hung up, or waits for more."""
    with closing(socket.create_connection(address, timeout=2)) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection, method=request.split(b" ")[0].decode("latin-1"))
        try:
            answer.begin()
            return answer.status, answer.headers.get_content_type(), answer.read()
        except (OSError, http.client.HTTPException):
            return None


def test_whatever_is_asked_there_is_no_500_and_one_shape_of_errors(
    address: tuple[str, int], recorded: Recorded, *, is_long: bool
) -> None:
    cases = 20_000 if is_long else 500
    seen: Counter[str] = Counter()

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
    )
    @given(
        method=METHODS,
        path=st.one_of(PATHS, PATHS, PATHS, TEXT),
        query=st.one_of(QUERIES, QUERIES, QUERIES, TEXT),
        headers=HEADERS,
    )
    def fuzz(method: str, path: str, query: str, headers: list[tuple[str, str]]) -> None:
        lines = [f"{method} {path}?{query} HTTP/1.1", "Host: movies", *(": ".join(each) for each in headers)]
        answer = _asked(address, "\r\n".join([*lines, "", ""]).encode())
        if answer is None:
            seen["no answer"] += 1
            return
        status, media_type, body = answer
        seen[str(status)] += 1
        assert status < 500
        assert b"Traceback" not in body
        if status >= 400 and method != "HEAD":
            if media_type == "text/html":
                assert is_of_page(unquote(path.partition("?")[0]))
                assert b"<h1>" in body
            else:
                assert media_type == "application/json"
                assert list(json.loads(body)) == ["error"]

    fuzz()
    assert {"200", "400", "404", "405"} <= set(seen)
    assert seen["no answer"] < cases / 20
    answer = _asked(address, b"GET /features?user_id=18 HTTP/1.1\r\nHost: movies\r\n\r\n")
    assert answer
    assert answer[0] == 200
    statuses = ", ".join(f"{status}: {number:,}" for status, number in sorted(seen.items()))
    recorded("service_fuzzed", "methods, paths, parameters, headers", seen.total(), statuses)

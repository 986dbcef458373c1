"""The service while files change under it: the served one, new ones, and kept ones that nobody has tried."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import httpx2
import pytest

from batch.generation.output_folder import Output
from batch.generation.publish import Published
from tests.api.test_watcher import damaged_inside
from tests.asked import asking
from tests.conftest import publish
from tests.faults.conftest import Recorded
from tests.servers import serving

VIEWS = ("/", "/users/18", "/random", "/films?q=item", "/films/2", "/new?liked=2,4", "/system")
CLIENTS = 8
SECONDS_BETWEEN_LOOKS = 0.05
SECONDS = 60


@pytest.fixture
def published(items: Path, tmp_path: Path) -> list[Published]:
    """An output folder with three generations, of which the last is published."""
    return [publish(items, tmp_path / "output", seed=seed) for seed in range(3)]


@pytest.fixture
def output(published: list[Published], tmp_path: Path) -> Output:
    """The folder of these generations."""
    assert published
    return Output(tmp_path / "output")


def test_every_page_is_whole_through_all_switches(output: Output, recorded: Recorded) -> None:
    faults: list[str] = []
    pages, switches = 0, 5

    async def look(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal pages
        while not is_over.is_set():
            address = VIEWS[(number + pages) % len(VIEWS)]
            async with session.get(address, allow_redirects=False) as answer:
                pages += 1
                if answer.status not in {200, 303}:
                    faults.append(f"{address}: {answer.status}")

    async def switch(session: aiohttp.ClientSession) -> None:
        generations = output.generations()
        for number in range(switches):
            goal = generations[number % 2]
            with output.locked():
                output.roll_back(goal)
            await _served(session, goal)
        is_over.set()

    async def ask(url: str) -> None:
        async with aiohttp.ClientSession(url) as session:
            await asyncio.gather(switch(session), *(look(session, number) for number in range(CLIENTS)))

    is_over = asyncio.Event()
    with serving(output.folder) as url:
        asyncio.run(ask(url))
    assert faults == []
    recorded("service_switched", f"{CLIENTS} readers of pages", pages, switches, 0)


async def _served(session: aiohttp.ClientSession, generation: str) -> None:
    """Wait until a generation is served."""
    while True:
        async with session.get("/readyz") as answer:
            if await answer.json() == {"status": "ready", "generation": generation}:
                return
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def test_kept_files_that_can_not_be_read_are_left_out_and_the_service_goes_on(
    published: list[Published], output: Output, recorded: Recorded
) -> None:
    older, old, served = published
    older.file.chmod(0o644)
    older.file.write_bytes(damaged_inside(older.file))
    (output.folder / "generations" / "20000101T000000Z-aaaaaa.duckdb").write_bytes(b"nonsense")
    os.mkfifo(output.folder / "generations" / "20000101T000000Z-bbbbbb.duckdb")
    shutil.copy(old.file, output.folder / "generations" / "20000101T000000Z-cccccc.duckdb")
    with serving(output.folder) as url:
        for _ in range(2):
            page = httpx2.get(f"{url}/system", timeout=SECONDS)
            assert page.status_code == 200
            assert served.generation in page.text
            assert re.search(r"6 kept, of which [23] can be shown", page.text)
        assert httpx2.get(f"{url}/readyz").json() == {"status": "ready", "generation": served.generation}
    recorded("service_faults", "kept files damaged, of another kind, a pipe", 1, "the system without them")


def test_others_are_answered_while_items_are_compared_with_a_hundred(
    output: Output, recorded: Recorded
) -> None:
    liked = "/recommendations?liked=" + ",".join(str(item) for item in range(100))

    async def ask() -> list[str]:
        answered: list[str] = []
        async with asking(output.folder) as asked:

            async def get(address: str) -> None:
                assert (await asked.client.get(address)).status_code == 200
                answered.append(address)

            await asyncio.gather(get(liked), *(get("/healthz") for _ in range(CLIENTS)))
        return answered

    assert asyncio.run(ask()) == ["/healthz"] * CLIENTS + [liked]
    recorded("service_faults", "a hundred liked movies", 1, "others before")


def _touch(file: Path) -> None:
    os.utime(file)


def _copy_over(file: Path) -> None:
    content = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(content)


def _restore(file: Path) -> None:
    aside = file.with_suffix(".aside")
    shutil.copy2(file, aside)
    file.chmod(0o644)
    os.truncate(file, 20_000)
    time.sleep(2)
    aside.replace(file)


@pytest.mark.parametrize(
    ("what", "change"), [("touched", _touch), ("copied over", _copy_over), ("cut, and restored", _restore)]
)
def test_a_served_file_that_changes_is_opened_anew_while_requests_are_answered(
    output: Output, recorded: Recorded, what: str, change: Callable[[Path], None]
) -> None:
    with serving(output.folder) as url, httpx2.Client(base_url=url) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        change(output.published())
        for _ in _looks():
            assert client.get("/healthz").status_code == 200
            is_ready = client.get("/readyz").json()["status"] == "ready"
            if is_ready and "\nrecommender_switches_total 2.0\n" in client.get("/metrics").text:
                break
        else:
            pytest.fail("the file was not opened anew")
        assert client.get("/features?user_id=18").status_code == 200
    recorded("service_faults", f"the served file {what}", 1, "opened anew")


def test_a_served_file_that_has_gone_is_a_fault_until_it_is_back(output: Output, recorded: Recorded) -> None:
    file = output.published()
    with serving(output.folder) as url, httpx2.Client(base_url=url) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        aside = file.with_suffix(".aside")
        for status, here, there in (("degraded", file, aside), ("ready", aside, file)):
            here.rename(there)
            assert any(client.get("/readyz").json()["status"] == status for _ in _looks())
            assert client.get("/features?user_id=18").status_code == 200
    recorded("service_faults", "the served file moved away, and back", 1, "all the same")


def _looks() -> Iterator[None]:
    """Yield again and again, for as long as somebody would wait."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        yield
        time.sleep(SECONDS_BETWEEN_LOOKS)

"""Whatever a request waits for, it is answered from the generation with which it has begun."""

import asyncio
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.lookup import Generation, Lookup
from batch.generation.publish import Published
from tests.asked import Asked, asking
from tests.conftest import copied

ADDRESSES = (
    *(
        "/recommendations?user_id=18",
        "/recommendations?user_id=18&genres=drama",
        "/recommendations?liked=2,4",
    ),
    *("/features?user_id=18", "/similar?item_id=2", "/readyz", "/metrics", "/docs", "/openapi.json"),
    *("/", "/users/18", "/random", "/films?q=item", "/films/2", "/new?liked=2,4&q=item", "/system"),
)


@pytest.fixture
def output(nights: list[Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder with three generations, which are sound: they need no trial."""

    async def passes(_: Path) -> None:
        """Say nothing against it."""

    monkeypatch.setattr("api.watcher.preflight", passes)
    copied(nights[0], tmp_path)
    return tmp_path


def _served(asked: Asked) -> Generation:
    assert asked.current.generation
    return asked.current.generation


async def _switch(asked: Asked) -> None:
    """Publish another generation than the one that is served, and have it served."""
    before = _served(asked).id
    link = asked.current.output / "current.duckdb"
    files = sorted((asked.current.output / "generations").iterdir())
    other = next(file for file in files if file.stem != before)
    link.unlink()
    link.symlink_to(f"generations/{other.name}")
    await asked.current.poll()
    assert _served(asked).id == other.stem


def _followed_by_a_switch(method: Any, asked: Asked) -> Any:
    async def followed(*arguments: Any, **named: Any) -> Any:
        found = await method(*arguments, **named)
        await _switch(asked)
        return found

    return followed


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_switch_after_each_reading_does_not_touch_what_has_begun(
    output: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def ask() -> None:
        async with asking(output) as asked:
            for kind, name in ((Generation, "read"), (Generation, "liked"), (Lookup, "find")):
                monkeypatch.setattr(kind, name, _followed_by_a_switch(getattr(kind, name), asked))
            for _ in range(2):
                begun = _served(asked).id
                answer = await asked.client.get(address)
                assert answer.status_code < 400, answer.text
                assert answer.headers.get("X-Generation", begun) == begun
                assert asked.current.fault is None

    asyncio.run(ask())


def test_what_no_request_holds_any_longer_is_closed(output: Path) -> None:
    async def ask_and_switch() -> None:
        async with asking(output) as asked:
            old = _served(asked)
            assert (await asked.client.get("/users/18")).status_code == 200
            await _switch(asked)
            with pytest.raises(duckdb.ConnectionException):
                await old.history("18")

    asyncio.run(ask_and_switch())

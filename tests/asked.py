"""The application in the process of a test, which may say when it looks for a new generation."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import httpx2
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.app import make_app
from api.lookup import CONFIG
from api.settings import Settings
from api.watcher import GenerationWatcher


@contextmanager
def client_of(output: Path, **settings: Any) -> Iterator[TestClient]:
    """Serve an output folder for the body; the client follows no redirects."""
    with TestClient(make_app(Settings(output, **settings)), follow_redirects=False) as client:
        yield client


def column(output: Path, query: str, **values: Any) -> list[Any]:
    """Return the first column of what a query finds in what is published in a folder that is served."""
    # In the same process a file can be opened with one configuration only: that of the service.
    file = str((output / "current.duckdb").resolve())
    with duckdb.connect(file, read_only=True, config=CONFIG) as connection:
        return [row[0] for row in connection.execute(query, values).fetchall()]


class Asked(NamedTuple):
    """A client of the application, and what the application follows."""

    client: httpx2.AsyncClient
    current: GenerationWatcher


@asynccontextmanager
async def asking(output: Path) -> AsyncIterator[Asked]:
    """Serve an output folder for the body."""
    app = make_app(Settings(output))
    current = GenerationWatcher(output)
    await current.poll()

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"watcher": current}}, receive, send)

    transport = httpx2.ASGITransport(app=with_state)
    async with httpx2.AsyncClient(transport=transport, base_url="http://films") as client:
        yield Asked(client, current)
    current.close()

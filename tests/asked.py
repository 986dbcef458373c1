"""The application in the event loop of a test, which says when the service looks for a new generation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
from starlette.types import Receive, Scope, Send

from api.app import make_app
from api.settings import Settings
from api.watcher import GenerationWatcher


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

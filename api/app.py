"""The application: its routes, and what is open while it runs."""

import asyncio
import atexit
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.answers import features, recommendations, similar
from api.cors import allowing
from api.current import Current
from api.docs import docs, openapi
from api.edge import Edge, refused
from api.errors import bug, http_error
from api.held import holding
from api.keys import Keys, requiring
from api.metrics import keep_room
from api.prefix import Prefixed
from api.probes import healthz, metrics, readyz
from api.settings import Settings

GARBAGE_BEFORE_COLLECTION = 20_000  # objects
# After so many seconds another thread that runs Python lets the event loop go on.
SECONDS_OF_OTHER_THREADS = 0.0005


class State(TypedDict):
    """What every request finds in its state."""

    current: Current


def _end_with_parent() -> None:
    """Stop as by SIGTERM when the process ends that has started this one as a worker, however it ends."""
    if parent := multiprocessing.parent_process():
        loop = asyncio.get_running_loop()

        def stop() -> None:
            loop.remove_reader(parent.sentinel)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(parent.sentinel, stop)
        # Ctrl+C reaches both; it is the parent that ends its workers.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _at_sighup(do: Callable[[], None]) -> None:
    """Do that at SIGHUP; in a thread, where an application runs in tests, there are no signals."""
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, do)


def _page_routes() -> list[Route]:
    """Return the addresses of the page, which is loaded only where it is served."""
    from api.page import routes  # noqa: PLC0415

    return routes()


def _http_error(settings: Settings) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what answers what is refused; people get a page where there is nothing, if there is one."""
    if not settings.page:
        return http_error
    from api.page.render import http_error_for_people  # noqa: PLC0415

    return http_error_for_people


def make_app(settings: Settings) -> ASGIApp:
    """Return the application that serves what is published in the output folder."""
    keys = Keys(settings.api_keys, settings.api_keys_file)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        keep_room()
        keys.read()
        _end_with_parent()
        _at_sighup(keys.read_again)
        current = Current(settings.output)
        await current.look()
        # What is there now stays: the collector need not look at it again and again. Nor need it look for
        # cycles as often as it does: requests leave hardly any.
        gc.freeze()
        gc.set_threshold(GARBAGE_BEFORE_COLLECTION)
        sys.setswitchinterval(SECONDS_OF_OTHER_THREADS)
        # Else DuckDB's binding complains, at the end of the process, about what the collector has left.
        atexit.register(gc.unfreeze)
        following = asyncio.create_task(current.follow())
        yield {"current": current}
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        current.close()

    app = Starlette(
        routes=[
            Route(route.path, holding(route.endpoint))
            for route in (
                Route("/recommendations", recommendations),
                Route("/features", features),
                Route("/similar", similar),
                Route("/healthz", healthz),
                Route("/readyz", readyz),
                Route("/metrics", metrics),
                Route("/openapi.json", openapi),
                Route("/docs", docs),
                *(_page_routes() if settings.page else ()),
            )
        ],
        exception_handlers={HTTPException: _http_error(settings), Exception: bug},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    with_keys = requiring(keys, settings.public, app, has_page=settings.page)
    edge = Edge(
        allowing(settings.cors_origins, with_keys),
        allowing(settings.cors_origins, refused),
        access_log=settings.access_log,
    )
    return Prefixed(edge, settings.root_path)

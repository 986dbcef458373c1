"""The application: its routes, and what is open while it runs."""

import asyncio
import atexit
import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from api import endpoints
from api.metrics import reserve_disk
from api.middleware import Keys, RequestMiddleware, bug, http_error
from api.settings import Settings
from api.watcher import GenerationWatcher

GARBAGE_BEFORE_COLLECTION = 20_000  # objects
# After so many seconds another thread that runs Python lets the event loop go on.
SECONDS_OF_OTHER_THREADS = 0.0005


def make_app(settings: Settings, keys: Keys | None = None) -> ASGIApp:
    """Return the application that serves what is published in the output folder.

    Raises ClickException if there is no room for its metrics, and KeysError if it must read keys and can't.
    """
    reserve_disk()
    keys = keys or Keys(settings)
    routes = [
        Route("/recommendations", endpoints.recommendations),
        Route("/features", endpoints.features),
        Route("/similar", endpoints.similar),
        Route("/healthz", endpoints.healthz),
        Route("/readyz", endpoints.readyz),
        Route("/metrics", endpoints.prometheus),
        Route("/openapi.json", endpoints.openapi),
        Route("/docs", endpoints.docs),
    ]
    refused, refusal_page = http_error, None
    if settings.page:
        from api.page import render  # noqa: PLC0415 (loaded where it is served only)
        from api.page.routes import routes as page_routes  # noqa: PLC0415

        routes += page_routes()
        refused, refusal_page = render.http_error_for_people, render.refusal
    app = Starlette(
        routes=[Route(route.path, endpoints.holding(route.endpoint)) for route in routes],
        exception_handlers={HTTPException: refused, Exception: bug},
        lifespan=partial(_lifespan, settings, keys),
    )
    app.router.redirect_slashes = False
    return RequestMiddleware(app, settings, keys, refusal_page)


@asynccontextmanager
async def _lifespan(
    settings: Settings, keys: Keys, _app: Starlette
) -> AsyncIterator[dict[str, GenerationWatcher]]:
    _follow_signals(keys)
    watcher = GenerationWatcher(settings.output)
    await watcher.poll()
    # What is there now stays: the collector need not look at it again and again. Nor need it look for
    # cycles as often as it does: requests leave hardly any.
    gc.freeze()
    gc.set_threshold(GARBAGE_BEFORE_COLLECTION)
    sys.setswitchinterval(SECONDS_OF_OTHER_THREADS)
    # Else DuckDB's binding complains, at the end of the process, about what the collector has left.
    atexit.register(gc.unfreeze)
    following = asyncio.create_task(watcher.follow())
    yield {"watcher": watcher}
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    watcher.close()


def _follow_signals(keys: Keys) -> None:
    """Read keys again at SIGHUP; end when the process ends that has started this one as a worker."""
    loop = asyncio.get_running_loop()
    # In a thread, where an application runs in tests, there are no signals.
    if threading.current_thread() is threading.main_thread():
        loop.add_signal_handler(signal.SIGHUP, keys.read_again)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    if parent := multiprocessing.parent_process():

        def stop() -> None:
            loop.remove_reader(parent.sentinel)
            signal.raise_signal(signal.SIGTERM)

        loop.add_reader(parent.sentinel, stop)

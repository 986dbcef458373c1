"""The application: routes, the answers, and the one shape of an error."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api import __version__, parameters
from api.current import Current
from api.generation import Generation

RETRY_AFTER_SECONDS = 10


def make_app(output: Path) -> Starlette:
    """Return the application that serves what is published in a folder."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.current = Current(output)
        app.state.current.generation()
        yield
        app.state.current.close()

    app = Starlette(
        routes=[
            Route("/recommendations", recommendations),
            Route("/features", features),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _bug},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


async def recommendations(request: Request) -> Response:
    """Films for a user, best first; the popular ones for a user who is unknown."""
    generation = _generation(request)
    asked = parameters.read(
        request.query_params, ("user_id", "limit", "offset", "returnMetadata"), generation.depth
    )
    known = generation.knows(asked.user_id)
    headers = {"X-Recommendation-Source": "personal" if known else "popular"}
    find = partial(generation.recommendations, asked.user_id) if known else generation.popular
    return _answer(
        request,
        generation,
        lambda: {"items": find(asked.page, metadata=asked.return_metadata)},
        headers,
    )


async def features(request: Request) -> Response:
    """What a user has watched, newest first; nothing for a user who is unknown."""
    generation = _generation(request)
    asked = parameters.read(request.query_params, ("user_id", "limit", "offset"), None)
    return _answer(
        request,
        generation,
        lambda: {"features": [{"histories": generation.history(asked.user_id, asked.page)}]},
        {},
    )


async def healthz(_request: Request) -> Response:
    """The process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """A generation is open; `degraded` if it is not the one that is published."""
    generation = _generation(request)
    fault = request.app.state.current.fault
    if fault is None:
        return JSONResponse({"status": "ready", "generation": generation.id})
    return JSONResponse({"status": "degraded", "generation": generation.id, "fault": fault})


def _generation(request: Request) -> Generation:
    """Return the one generation that this request is answered from, or raise HTTPException 503."""
    current: Current = request.app.state.current
    generation = current.generation()
    if generation is None:
        raise HTTPException(
            503,
            f"no recommendations yet: {current.fault}; they come with the next generation that is published",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    return generation


def _answer(
    request: Request,
    generation: Generation,
    look_up: Callable[[], dict[str, Any]],
    headers: dict[str, str],
) -> Response:
    """Return what is looked up, or 304 if the client has it: a generation never changes, nor its answers."""
    tag = f'"{generation.id}-{__version__}"'
    headers |= {"X-Generation": generation.id, "ETag": tag, "Cache-Control": "no-cache"}
    conditions = ",".join(request.headers.getlist("If-None-Match")).split(",")
    known_tags = {condition.strip().removeprefix("W/") for condition in conditions}
    if tag in known_tags or "*" in known_tags:
        return Response(status_code=304, headers=headers)
    return JSONResponse(look_up(), headers=headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = {
        404: "there is nothing at this path; there are /recommendations and /features",
        405: f"{request.method} is not allowed here; use GET or HEAD",
    }.get(error.status_code, error.detail)
    return JSONResponse({"error": message}, status_code=error.status_code, headers=error.headers)


async def _bug(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "internal error; the log of the server has the details"}, status_code=500)

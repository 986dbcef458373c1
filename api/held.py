"""Which generation answers a request: the one that is served when it comes, held until the answer is made."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.current import Current
from api.generation import Generation

Endpoint = Callable[[Request], Awaitable[Response]]

RETRY_AFTER = {"Retry-After": "10"}


def holding(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose requests each hold a generation, whatever they wait for meanwhile.

    The answer is complete when the endpoint returns it, so a client that reads slowly holds nothing.
    """

    @wraps(endpoint)
    async def held(request: Request) -> Response:
        generation = request.scope["generation"] = _current(request).generation
        if generation is None:
            return await endpoint(request)
        generation.hold()
        try:
            return await endpoint(request)
        finally:
            generation.release()

    return held


def held_or_none(request: Request) -> Generation | None:
    """Return the generation that a request holds; None if none was served when it came."""
    generation: Generation | None = request.scope["generation"]
    return generation


def served(request: Request) -> Generation:
    """Return the generation that a request is answered from, or raise HTTPException 503."""
    generation = held_or_none(request)
    if generation is None:
        raise HTTPException(
            503,
            f"no recommendations yet: {_current(request).fault}; "
            "they come with the next generation that is published",
            headers=RETRY_AFTER,
        )
    return generation


def _current(request: Request) -> Current:
    current: Current = request.scope["state"]["current"]
    return current

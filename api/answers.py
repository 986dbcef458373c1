"""The two questions: what a user may like, and what a user has watched."""

from collections.abc import Awaitable

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import __version__, metrics, parameters
from api.current import Current
from api.generation import Generation

RETRY_AFTER = {"Retry-After": "10"}
_PERSONAL, _POPULAR = (metrics.RECOMMENDATIONS.labels(source) for source in ("personal", "popular"))


async def recommendations(request: Request) -> Response:
    """Films for a user, best first; the popular ones for a user who is unknown."""
    current: Current = request.scope["state"]["current"]
    generation = served(current)
    allowed = ("user_id", "limit", "offset", "returnMetadata")
    asked = parameters.read(request.scope["query_string"], allowed, generation.depth)
    if _is_known(request, generation):
        return _answer(generation, None)
    films = await _found(generation.recommendations(asked.user_id), generation, current)
    if films is None:
        films, source = generation.popular, "popular"
        _POPULAR.inc()
    else:
        source = "personal"
        _PERSONAL.inc()
    if asked.return_metadata:
        items = b",".join(generation.items(films, asked.page))
    else:
        items = b",".join([b'{"id":%b}' % item_id for item_id in generation.ids(films, asked.page)])
    return _answer(generation, b'{"items":[%b]}' % items, source)


async def features(request: Request) -> Response:
    """What a user has watched, newest first; nothing for a user who is unknown."""
    current: Current = request.scope["state"]["current"]
    generation = served(current)
    asked = parameters.read(request.scope["query_string"], ("user_id", "limit", "offset"), None)
    if _is_known(request, generation):
        return _answer(generation, None)
    films = await _found(generation.history(asked.user_id), generation, current)
    history = b",".join(generation.ids(films or "", asked.page))
    return _answer(generation, b'{"features":[{"histories":[%b]}]}' % history)


def served(current: Current) -> Generation:
    """Return the one generation that a request is answered from, or raise HTTPException 503."""
    if current.generation is None:
        raise HTTPException(
            503,
            f"no recommendations yet: {current.fault}; they come with the next generation that is published",
            headers=RETRY_AFTER,
        )
    return current.generation


async def _found(look_up: Awaitable[str | None], generation: Generation, current: Current) -> str | None:
    """Return what is looked up, or raise HTTPException 503 if the file is damaged there."""
    try:
        return await look_up
    except duckdb.Error as error:
        current.damaged(generation, error)
        message = f"generation {generation.id} is damaged; publish another, or roll back"
        raise HTTPException(503, message, headers=RETRY_AFTER) from error


def _tag(generation: Generation) -> str:
    """Return the tag of all answers: a generation never changes, nor do they."""
    return f'"{generation.id}-{__version__}"'


def _is_known(request: Request, generation: Generation) -> bool:
    """Tell whether the client has the answer already."""
    conditions = request.headers.getlist("If-None-Match")
    if not conditions:
        return False
    tags = {condition.strip().removeprefix("W/") for condition in ",".join(conditions).split(",")}
    return not tags.isdisjoint((_tag(generation), "*"))


def _answer(generation: Generation, body: bytes | None, source: str | None = None) -> Response:
    headers = {"X-Generation": generation.id, "ETag": _tag(generation), "Cache-Control": "no-cache"}
    if source is not None:
        headers["X-Recommendation-Source"] = source
    if body is None:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")

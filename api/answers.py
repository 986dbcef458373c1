"""The questions: what somebody may like, what is like a film, and what a user has watched."""

import json
from bisect import bisect_right
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar
from urllib.parse import quote

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import __version__, metrics, parameters, rows
from api.current import Current
from api.films import Films, numbers
from api.generation import Generation, Page
from api.held import RETRY_AFTER, served
from api.rows import Place
from api.rules import RULES
from api.turns import in_turns

Found = TypeVar("Found")

# For whom a list is: one of these must be given.
SUBJECT = parameters.table(
    parameters.USER_ID,
    parameters.LIKED,
    parameters.USER_IDS,
    parameters.GENDER,
    parameters.AGE_GROUP,
    parameters.OCCUPATION,
)
# Of these there can be one only.
WHO = frozenset({"user_id", "user_ids", "liked"})
RECOMMENDATIONS = parameters.table(
    *SUBJECT.values(),
    parameters.LIMIT,
    parameters.OFFSET,
    parameters.RETURN_METADATA,
    parameters.EXPLAIN,
    *(rule.parameter for rule in RULES),
)
# A request with none but these gets what is stored, and is answered in the shortest way.
PLAIN = frozenset({"user_id", "limit", "offset", "returnMetadata"})
SIMILAR = parameters.table(
    parameters.ITEM_ID, parameters.ANY_LIMIT, parameters.OFFSET, parameters.RETURN_METADATA
)
FEATURES = parameters.table(parameters.USER_ID, parameters.ANY_LIMIT, parameters.OFFSET)

# Proxies have room for about 4 KB of headers.
MAX_HEADER = 2_048
_SOURCES = {
    source: metrics.RECOMMENDATIONS.labels(source) for source in ("personal", "liked", "segment", "popular")
}


async def recommendations(request: Request) -> Response:
    """Films for somebody, best first; the popular ones for a user who is unknown."""
    current: Current = request.scope["state"]["current"]
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], RECOMMENDATIONS, generation)
    page = _page(asked, generation)
    if len(asked.keys() & WHO) > 1:
        given = " and ".join(name for name in SUBJECT if name in asked and name in WHO)
        raise parameters.bad(f"{given} are given; give one of them")
    if asked.keys().isdisjoint(SUBJECT):
        parameters.required(asked, "user_id")
    if _is_known(request, generation):
        return _answer(generation, None)
    if "user_ids" in asked:
        users = await found(_users(asked, page, generation), generation, current)
        return _answer(generation, b'{"users":[%b]}' % b",".join(users), _unknown_items(asked, generation))
    if not asked.keys() <= PLAIN:
        return await _shaped(asked, page, generation, current)
    films = await found(generation.recommendations(asked["user_id"]), generation, current)
    source = "personal"
    if films is None:
        films, source = generation.popular, "popular"
    _SOURCES[source].inc()
    items = _items(generation.films, numbers(films, *page), asked)
    return _answer(generation, _object_of(items), {"X-Recommendation-Source": source})


async def similar(request: Request) -> Response:
    """Films that the same people like, most alike first."""
    current: Current = request.scope["state"]["current"]
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], SIMILAR, generation)
    item_id = parameters.required(asked, "item_id")
    if item_id not in generation.films.numbers:
        raise HTTPException(404, f"there is no film {item_id!r}")
    if _is_known(request, generation):
        return _answer(generation, None)
    films = await found(generation.similar(item_id), generation, current)
    page = numbers(films, *_page(asked, generation))
    return _answer(generation, _object_of(_items(generation.films, page, asked)))


async def features(request: Request) -> Response:
    """What a user has watched, newest first; nothing for a user who is unknown."""
    current: Current = request.scope["state"]["current"]
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], FEATURES, generation)
    user_id = parameters.required(asked, "user_id")
    if _is_known(request, generation):
        return _answer(generation, None)
    films = await found(generation.history(user_id), generation, current)
    history = numbers(films or "", *_page(asked, generation))
    item_ids = await in_turns(generation.films.ids, history)
    return _answer(generation, b'{"features":[{"histories":[%b]}]}' % b",".join(item_ids))


async def _shaped(asked: Mapping[str, Any], page: Page, generation: Generation, current: Current) -> Response:
    """Answer with a row that is more than the list that is stored."""
    row = await found(rows.row(generation, asked, page), generation, current)
    headers = {"X-Recommendation-Source": row.source, **_unknown_items(asked, generation)}
    return _answer(generation, _object_of(await _items_of_row(row, asked, generation)), headers)


async def _users(asked: Mapping[str, Any], page: Page, generation: Generation) -> list[bytes]:
    """Return several users with their rows, as JSON objects, in the order in which they are asked for."""
    user_ids = iter(asked["user_ids"])
    return [
        b'{"user_id":%b,"source":%b,"items":[%b]}'
        % (_json(next(user_ids)), _json(row.source), b",".join(await _items_of_row(row, asked, generation)))
        async for row in rows.rows(generation, asked, page)
    ]


async def _items_of_row(row: rows.Row, asked: Mapping[str, Any], generation: Generation) -> Sequence[bytes]:
    """Return the items of a row, which is counted as one that is served."""
    _SOURCES[row.source.partition(" ")[0]].inc()
    return await in_turns(lambda places: _shown(generation.films, places, asked), row.places)


def _unknown_items(asked: Mapping[str, Any], generation: Generation) -> dict[str, str]:
    """Return the header that names what is liked or excluded, but unknown; none if everything is known."""
    named = [*asked.get("liked", ()), *asked.get("exclude", ())]
    unknown = [item_id for item_id in named if item_id not in generation.films.numbers]
    return {"X-Unknown-Items": _unknown(unknown)} if unknown else {}


def _json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _unknown(item_ids: Sequence[str]) -> str:
    """Return ids for a header; of more than a proxy has room for, the first, and `*` for the others."""
    quoted = [quote(item_id, safe="") for item_id in item_ids]
    ends = [end - 1 for end in accumulate(len(each) + 1 for each in quoted)]
    fitting = bisect_right(ends, MAX_HEADER)
    return ",".join(quoted if fitting == len(quoted) else [*quoted[:fitting], "*"])


def _page(asked: Mapping[str, Any], generation: Generation) -> Page:
    limit = asked.get("limit") or min(parameters.DEFAULT_LIMIT, generation.depth)
    return Page(limit, asked.get("offset", 0))


def _items(films: Films, found: Iterable[int], asked: Mapping[str, Any]) -> list[bytes]:
    return films.items(found) if asked.get("returnMetadata") else films.bare_items(found)


def _shown(films: Films, places: Sequence[Place], asked: Mapping[str, Any]) -> Sequence[bytes]:
    items = _items(films, [place.film for place in places], asked)
    if asked.get("explain"):
        return [_explained(films, item, place) for item, place in zip(items, places, strict=True)]
    return items


def _explained(films: Films, item: bytes, place: Place) -> bytes:
    return b'%b,"because":%b,"source":"%b"}' % (
        item[:-1],
        films.named(place.because),
        place.source.encode("ascii"),
    )


def _object_of(items: Iterable[bytes]) -> bytes:
    return b'{"items":[%b]}' % b",".join(items)


async def found(look_up: Awaitable[Found], generation: Generation, current: Current) -> Found:
    """Return what is looked up; raise HTTPException 503 if the file is damaged there, or memory is short."""
    try:
        return await look_up
    except duckdb.OutOfMemoryException as error:
        message = "that takes more memory than the service gives it just now"
        raise HTTPException(503, message, headers=RETRY_AFTER) from error
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


def _answer(
    generation: Generation, body: bytes | None, more_headers: dict[str, str] | None = None
) -> Response:
    headers = {"X-Generation": generation.id, "ETag": _tag(generation), "Cache-Control": "no-cache"}
    if body is None:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers | (more_headers or {}), media_type="application/json")

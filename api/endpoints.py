"""The endpoints: what somebody may like, what is like an item, what a user has watched; probes and docs.

Each request is answered from the generation that is served when it comes, and holds it until the answer is
complete, whatever it waits for meanwhile; a client that reads slowly holds nothing.
"""

import json
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, wraps
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api import __version__, metrics, parameters
from api.catalogue import Catalogue, numbers
from api.filters import REASONS, Entry, FilteredList, filtered, filtered_each, in_turns
from api.lookup import Generation, Page
from api.middleware import prefix
from api.parameters import SUBJECT, taken

Endpoint = Callable[[Request], Awaitable[Response]]

RETRY_AFTER = {"Retry-After": "10"}
# Of these there can be one only.
WHO = ("user_id", "liked", "user_ids")
RECOMMENDATIONS, SIMILAR, FEATURES = map(taken, ("/recommendations", "/similar", "/features"))
# A request with none but these gets what is stored, and is answered in the shortest way.
PLAIN = frozenset({"user_id", "limit", "offset", "returnMetadata", "fields"})
# Proxies have room for about 4 KB of headers.
MAX_HEADER = 2_048
TEMPLATES = Path(__file__).parent / "templates"
# As they are answered; files of older versions have none.
_REASONS = {letter: f'"{word}"'.encode() for letter, word in REASONS.items()} | {"": b"null"}
_SOURCES = {
    source: metrics.RECOMMENDATIONS.labels(source) for source in ("personal", "liked", "segment", "popular")
}


def holding(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose requests each hold a generation."""

    @wraps(endpoint)
    async def held(request: Request) -> Response:
        generation = request.scope["generation"] = request.scope["state"]["watcher"].generation
        if generation is None:
            return await endpoint(request)
        generation.hold()
        try:
            return await endpoint(request)
        except duckdb.Error as error:
            raise unreadable(request, error) from error
        finally:
            generation.release()

    return held


def served(request: Request) -> Generation:
    """Return the generation that a request is answered from, or raise HTTPException 503."""
    generation: Generation | None = request.scope["generation"]
    if generation is None:
        message = (
            f"no recommendations yet: {request.state.watcher.fault}; they come with the next generation "
        )
        raise HTTPException(503, f"{message}that is published", headers=RETRY_AFTER)
    return generation


def unreadable(request: Request, error: duckdb.Error) -> HTTPException:
    """Return what says that the file is damaged where it was read, or that memory is short."""
    message = "that takes more memory than the service gives it just now"
    if not isinstance(error, duckdb.OutOfMemoryException):
        generation = served(request)
        request.state.watcher.damaged(generation, error)
        message = f"generation {generation.id} is damaged; publish another, or roll back"
    return HTTPException(503, message, headers=RETRY_AFTER)


async def recommendations(request: Request) -> Response:
    """Answer with items for somebody, best first; the popular ones for a user who is unknown."""
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], RECOMMENDATIONS, generation)
    if len(given := [name for name in WHO if name in asked]) > 1:
        raise HTTPException(400, f"{' and '.join(given)} are given; give one of them")
    if asked.keys().isdisjoint(SUBJECT):
        raise HTTPException(400, f"user_id is required, or one of {', '.join(SUBJECT[1:])}")
    if _is_known(request, generation):
        return _answer(generation, None)
    page, catalogue = _page(asked, generation), generation.catalogue
    if "user_ids" in asked:
        user_ids = iter(asked["user_ids"])
        users = [
            b'{"user_id":%b,"source":%b,"items":[%b]}'
            % (_json(next(user_ids)), _json(found.source), await _listed(found, asked, catalogue))
            async for found in filtered_each(generation, asked, page)
        ]
        return _answer(generation, b'{"users":[%b]}' % b",".join(users), _unknown_items(asked, catalogue))
    if not asked.keys() <= PLAIN:
        found = await filtered(generation, asked, page)
        body = b'{"items":[%b]}' % await _listed(found, asked, catalogue)
        headers = {"X-Recommendation-Source": found.source, **_unknown_items(asked, catalogue)}
        return _answer(generation, body, headers)
    items, source = await generation.recommendations(asked["user_id"]), "personal"
    if items is None:
        items, source = generation.popular, "popular"
    _SOURCES[source].inc()
    return _answer(generation, _stored(items, asked, generation), {"X-Recommendation-Source": source})


async def similar(request: Request) -> Response:
    """Answer with items that the same people like, most alike first."""
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], SIMILAR, generation)
    item_id = asked["item_id"]
    if item_id not in generation.catalogue.numbers:
        raise HTTPException(404, f"there is no {generation.noun[0]} {item_id!r}")
    if _is_known(request, generation):
        return _answer(generation, None)
    return _answer(generation, _stored(await generation.similar(item_id), asked, generation))


async def features(request: Request) -> Response:
    """Answer with what a user has watched, newest first; nothing for a user who is unknown."""
    generation = served(request)
    asked = parameters.read(request.scope["query_string"], FEATURES, generation)
    if _is_known(request, generation):
        return _answer(generation, None)
    history = numbers(await generation.history(asked["user_id"]) or "", *_page(asked, generation))
    item_ids = await in_turns(generation.catalogue.ids, history)
    return _answer(generation, b'{"features":[{"histories":[%b]}]}' % b",".join(item_ids))


async def healthz(_request: Request) -> Response:
    """Say that the process is running."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Say whether a generation is open; it is degraded if it is not the one that is published."""
    generation, fault = served(request), request.state.watcher.fault
    status = {"status": "degraded" if fault else "ready", "generation": generation.id}
    return JSONResponse(status | ({"fault": fault} if fault else {}))


async def prometheus(request: Request) -> Response:
    """Answer with all metrics, in the format of Prometheus or of OpenMetrics."""
    generation: Generation | None = request.scope["generation"]
    is_served = (
        metrics.Served(generation.id, generation.finished_at, generation.quality) if generation else None
    )
    accept = request.headers.get("Accept", "")
    content, media_type = await metrics.exposition(is_served, request.state.watcher.fault, accept)
    return Response(content, headers={"Content-Type": media_type})


async def openapi(request: Request) -> Response:
    """Answer with everything that can be asked, and what comes back."""
    return JSONResponse(parameters.document(*_served(request), prefix.get()))


async def docs(request: Request) -> Response:
    """Answer with the same as a page with a form for each question."""
    has_page = any(getattr(route, "path", None) == "/" for route in request.app.routes)
    page, policy = _docs(*_served(request), has_page=has_page)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _served(request: Request) -> tuple[int, tuple[str, ...]]:
    """Return on what the document depends: the depth of the lists, and the names of attributes."""
    generation: Generation | None = request.scope["generation"]
    if generation is None:
        return parameters.DEFAULT_LIMIT, ()
    return generation.depth, tuple(generation.catalogue.attributes)


# Compiled at the start, so that no first request keeps others waiting.
_TEMPLATE = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("docs.html")


@cache
def _docs(depth: int, names: tuple[str, ...], *, has_page: bool) -> tuple[str, str]:
    """Return the page, and what a browser may do with it: its own style, and forms to this service."""
    style = (TEMPLATES / "docs.css").read_text(encoding="utf-8")
    document = parameters.document(depth, names)
    asked = {path: parameters.fields(path, depth, names) for path in document["paths"]}
    page = _TEMPLATE.render(document=document, asked=asked, style=style, has_page=has_page)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'"
    return page, f"default-src 'none'; {allowed}"


async def _listed(found: FilteredList, asked: Mapping[str, Any], catalogue: Catalogue) -> bytes:
    """Return the items of a list, which is counted as one that is served."""

    def shown(entries: Sequence[Entry]) -> Sequence[bytes]:
        items = catalogue.items((entry.item for entry in entries), **_form(asked))
        if not asked.get("explain"):
            return items
        return [
            b'%b,"because":%b,"reason":%b,"source":"%b"}'
            % (item[:-1], catalogue.named(each.because), _REASONS[each.reason], each.source.encode())
            for item, each in zip(items, entries, strict=True)
        ]

    _SOURCES[found.source.partition(" ")[0]].inc()
    return b",".join(await in_turns(shown, found.entries))


def _unknown_items(asked: Mapping[str, Any], catalogue: Catalogue) -> dict[str, str]:
    """Return the header that names what is liked or excluded, but unknown; none if everything is known.

    Of more than a proxy has room for it has the first, and `*` for the others.
    """
    named = [*asked.get("liked", ()), *asked.get("exclude", ())]
    quoted = [quote(each, safe="") for each in named if each not in catalogue.numbers]
    ends = [end - 1 for end in accumulate(len(each) + 1 for each in quoted)]
    fitting = bisect_right(ends, MAX_HEADER)
    listed = quoted if fitting == len(quoted) else [*quoted[:fitting], "*"]
    return {"X-Unknown-Items": ",".join(listed)} if listed else {}


def _json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _stored(items: str, asked: Mapping[str, Any], generation: Generation) -> bytes:
    """Return a page of a list that is stored."""
    page = numbers(items, *_page(asked, generation))
    return b'{"items":[%b]}' % b",".join(generation.catalogue.items(page, **_form(asked)))


def _form(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of each item is asked for, as `Catalogue.items` takes it."""
    return {"metadata": asked.get("returnMetadata", False), "fields": asked.get("fields", ())}


def _page(asked: Mapping[str, Any], generation: Generation) -> Page:
    limit = asked.get("limit") or min(parameters.DEFAULT_LIMIT, generation.depth)
    return Page(limit, asked.get("offset", 0))


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


def _answer(generation: Generation, body: bytes | None, more: Mapping[str, str] | None = None) -> Response:
    headers = {"X-Generation": generation.id, "ETag": _tag(generation), "Cache-Control": "no-cache"}
    if body is None:
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, **(more or {})}, media_type="application/json")

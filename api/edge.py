"""The edge: what is done with every request before a route sees it, and with every answer after."""

import logging
import re
import secrets
from itertools import count
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.errors import refusal
from api.keys import PUBLIC, is_of_page
from api.log import request_id

MAX_TARGET_BYTES = 8_192
ENCODED = re.compile(rb"%[0-9A-Fa-f]{2}")
MAX_REQUEST_ID = 128
ROUTES = frozenset({"/recommendations", "/features", "/similar"}).union(
    *(paths for name, paths in PUBLIC.items() if name != "page")
)
# Asked for every few seconds by programs that look after the service.
PROBES = PUBLIC["health"] | PUBLIC["metrics"]

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]

TARGET_TOO_LONG = refusal(414, f"the path with its parameters is longer than {MAX_TARGET_BYTES:,} bytes")
# The key in a scope under which the server hands over what is to be answered to a malformed request.
REFUSAL = "refusal"

log = logging.getLogger("api.access")


async def refused(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that no route shall see: a malformed one, or one with too long a path."""
    await scope.get(REFUSAL, TARGET_TOO_LONG)(scope, receive, send)


class Edge:
    """Wraps the application: request ids, the limit of a path, security headers, metrics, the access log."""

    def __init__(self, app: ASGIApp, refused: ASGIApp = refused, *, access_log: bool) -> None:
        self.app = app
        self._refused = refused
        self._logs = access_log
        process = secrets.token_hex(8)
        self._ids = (f"{process}-{number:x}" for number in count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand the start and the end of the process on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        known_as = _given_id(scope) or next(self._ids)
        request_id.set(known_as)
        status = 500

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in SECURITY_HEADERS if header[0] not in own),
                    (b"x-request-id", known_as.encode("ascii")),
                ]
            try:
                await send(message)
            except RuntimeError as error:
                # So uvloop says that the client has hung up; uvicorn drops what it knows nobody waits for.
                if "handler is closed" not in str(error):
                    raise

        try:
            is_refused = REFUSAL in scope or not _is_short(scope)
            await (self._refused if is_refused else self.app)(scope, receive, send_marked)
        finally:
            self._note(scope, status, perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        route = path if path in ROUTES else "page" if is_of_page(path) else "other"
        metrics.REQUEST_SECONDS.labels(route, str(status)).observe(seconds)
        if self._logs and path not in PROBES:
            # As it was sent, so that what is encoded in it can't end a line.
            query = scope["query_string"].decode("latin-1")
            raw_path = scope["raw_path"].decode("latin-1")
            target = f"{raw_path}?{query}" if query else raw_path
            client = scope["client"][0] if scope.get("client") else None
            log.info(
                "%s %s %s %.1f ms",
                scope["method"],
                target,
                status,
                seconds * 1000,
                extra={
                    "method": scope["method"],
                    "target": target,
                    "status": status,
                    "milliseconds": round(seconds * 1000, 3),
                    "client": client,
                },
            )


def _is_short(scope: Scope) -> bool:
    """Tell whether path and query are short; what is encoded counts as the byte that it is."""
    path, query = scope["raw_path"], scope["query_string"]
    size = len(path) + len(query) + bool(query)
    if MAX_TARGET_BYTES < size <= 3 * MAX_TARGET_BYTES:
        size -= 2 * (len(ENCODED.findall(path)) + len(ENCODED.findall(query)))
    return size <= MAX_TARGET_BYTES


def _given_id(scope: Scope) -> str | None:
    """Return the id that the client has given to a request, if it can stand in a header and in a log."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1").strip(" \t")
            if given.isascii() and given.isprintable() and 0 < len(given) <= MAX_REQUEST_ID:
                return given
            return None
    return None

"""The edge: what is done with every request before a route sees it, and with every answer after."""

import hmac
import logging
import secrets
from itertools import count
from time import perf_counter

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.errors import refusal
from api.log import request_id
from api.settings import Settings

LONGEST_TARGET = 8_192
LONGEST_REQUEST_ID = 128
# Which paths need no key when `--public` has the name.
PUBLIC = {
    "health": frozenset({"/healthz", "/readyz"}),
    "metrics": frozenset({"/metrics"}),
    "docs": frozenset({"/docs", "/openapi.json"}),
}
ROUTES = frozenset({"/recommendations", "/features"}).union(*PUBLIC.values())

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]

log = logging.getLogger("api.access")


class Edge:
    """Wraps the application: request ids, limits, keys, security headers, metrics and the access log."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._keys = [key.encode() for key in settings.api_keys]
        self._without_key = frozenset[str]().union(*(PUBLIC[name] for name in settings.public))
        self._logs = settings.access_log
        self._ids = (f"{secrets.token_hex(8)}-{number:x}" for number in count(1))

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
            await send(message)

        try:
            await (self._refusal(scope) or self.app)(scope, receive, send_marked)
        finally:
            self._note(scope, status, perf_counter() - began)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return why a request is not let in; None if it is."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_TARGET:
            return refusal(414, f"the path with its parameters is longer than {LONGEST_TARGET:,} bytes")
        if self._keys and scope["path"] not in self._without_key and not self._has_key(Headers(scope=scope)):
            return refusal(
                401,
                "a key is required: send it as X-API-Key, or as Authorization: Bearer",
                {"WWW-Authenticate": "Bearer"},
            )
        return None

    def _has_key(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        given = (headers.get("X-API-Key") or (bearer if scheme.lower() == "bearer" else "")).encode()
        # All are compared, each in constant time: how long it takes tells nothing about them.
        return sum(hmac.compare_digest(given, key) for key in self._keys) > 0

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope["path"] if scope["path"] in ROUTES else "other"
        metrics.REQUEST_SECONDS.labels(route, str(status)).observe(seconds)
        if self._logs:
            query = scope["query_string"].decode("latin-1")
            target = f"{scope['path']}?{query}" if query else scope["path"]
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


def _given_id(scope: Scope) -> str | None:
    """Return the id that the client has given to a request, if it can stand in a header and in a log."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if given.isascii() and given.isprintable() and 0 < len(given) <= LONGEST_REQUEST_ID:
                return given
            return None
    return None

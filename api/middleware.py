"""What is done with every request before a route sees it, and with every answer after: ids, keys, headers."""

import hmac
import logging
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from itertools import count
from time import perf_counter
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.settings import PUBLIC, Settings, plain_prefix, request_id

MAX_TARGET_BYTES = 8_192
MAX_REQUEST_ID = 128
# Asked for every few seconds by programs that look after the service.
PROBES = PUBLIC["health"] | PUBLIC["metrics"]
ROUTES = PROBES | PUBLIC["docs"] | {"/recommendations", "/features", "/similar"}
BELOW_PAGE = ("/users/", "/films/", "/static/")
# The key in a scope under which the server hands over what is to be answered to a malformed request.
REFUSAL = "refusal"

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
READABLE_HEADERS = ("ETag", "X-Generation", "X-Recommendation-Source", "X-Request-ID", "X-Unknown-Items")

# The part of the path that a proxy serves, before the path of this service: `--root-path`, or else the
# header of the proxy. Clients can send that header, too, so it counts only if it has nothing but plain words.
prefix: ContextVar[str] = ContextVar("prefix", default="")

# Makes a page that refuses, of status, message and headers.
PageRefusal = Callable[[int, str, Mapping[str, str]], Response]

log = logging.getLogger("api")
access_log = logging.getLogger("api.access")


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that refuses, in the one shape of errors."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)


TARGET_TOO_LONG = refusal(414, f"the path with its parameters is longer than {MAX_TARGET_BYTES:,} bytes")


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette or an endpoint refuses."""
    assert isinstance(error, HTTPException)
    message = {
        "Not Found": f"there is nothing at this path; {prefix.get()}/docs says what there is",
        "Method Not Allowed": f"{request.method} is not allowed here; use GET or HEAD",
    }.get(error.detail, error.detail)
    return refusal(error.status_code, message, error.headers)


async def bug(_request: Request, _error: Exception) -> Response:
    """Answer what nobody foresaw."""
    return refusal(500, "internal error; the log of the server has the details")


def is_of_page(path: str) -> bool:
    """Tell whether the page answers at a path."""
    return path in PUBLIC["page"] or path.startswith(BELOW_PAGE)


class KeysError(Exception):
    """The file of keys can't be used; the message says why, and what to do."""


class Keys:
    """The keys that are accepted: those that are given, and those in a file, which can be read again."""

    def __init__(self, settings: Settings) -> None:
        """Read the file, if there is one. Raises KeysError."""
        self._given, self._file = settings.api_keys, settings.api_keys_file
        self.read()

    @property
    def are_required(self) -> bool:
        """Whether a request needs one of them."""
        return bool(self._accepted)

    def read(self) -> None:
        """Read the file again. Raises KeysError, and then the keys of before are accepted."""
        found = []
        if self._file:
            try:
                text = self._file.read_text(encoding="utf-8-sig", errors="surrogateescape")
            except OSError as error:
                message = f"{self._file}: the keys can't be read: {error.strerror}; name a readable file"
                raise KeysError(message) from error
            lines = [line.strip() for line in text.split("\n")]
            found = [line for line in lines if line and not line.startswith("#")]
            if not found:
                raise KeysError(
                    f"{self._file}: there is no key in it; write one key per line, "
                    "or leave out --api-keys-file"
                )
        self._accepted = {key.encode("utf-8", "surrogateescape") for key in (*self._given, *found)}

    def read_again(self) -> None:
        """Read the file, and log what came of it."""
        try:
            self.read()
        except KeysError as error:
            log.warning("%s; the old keys stay valid", error)
        else:
            log.info("keys were read: %s keys are accepted", len(self._accepted))

    def allow(self, scope: Scope) -> bool:
        """Tell whether a request needs no key, or has an accepted one."""
        if not self._accepted:
            return True
        sent = _sent_key(Headers(scope=scope))
        # All are compared, each in constant time: how long it takes tells nothing about them.
        are_same = [hmac.compare_digest(sent, accepted) for accepted in self._accepted]
        return any(are_same)


def _sent_key(headers: Headers) -> bytes:
    """Return the key that a request has, which a browser sends as a password; empty if it has none."""
    if own := headers.get("X-API-Key"):
        return own.strip(" \t").encode("latin-1")
    scheme, _, sent = headers.get("Authorization", "").partition(" ")
    key = sent.strip(" \t").encode("latin-1")
    if scheme.lower() == "basic":
        with suppress(ValueError):  # it is not in base64
            return b64decode(key, validate=True).partition(b":")[2]
    return key if scheme.lower() == "bearer" else b""


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer what a browser asks before it asks; a refusal has the one shape of errors."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:  # noqa: PLR2004 (the first status that refuses)
            return answer
        return refusal(answer.status_code, bytes(answer.body).decode())


class RequestMiddleware:
    """Gives every request its id and prefix, and every answer its headers, metrics and line in the log."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys, page: PageRefusal | None = None) -> None:
        """Take `page`, which makes the page that refuses, if pages are served."""
        self._app, self._settings, self._keys, self._page = app, settings, keys, page
        self._public = frozenset[str]().union(*(PUBLIC[name] for name in settings.public))
        # What a page that is refused needs to be seen tells nothing.
        self._public_below = (BELOW_PAGE if "page" in settings.public else ("/static/",)) if page else ()
        self._checked: ASGIApp = self._check
        if settings.cors_origins:
            self._checked = _Cors(
                self._check,
                allow_origins=settings.cors_origins,
                allow_methods=("GET", "HEAD"),
                allow_headers=("*",),
                expose_headers=READABLE_HEADERS,
            )
        process = secrets.token_hex(8)
        self._ids = (f"{process}-{number:x}" for number in count(1))

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on that is well-formed, and has a key where one is required; refuse any other."""
        path = scope["path"]
        if REFUSAL in scope or not _is_short(scope):
            answer: ASGIApp = scope.get(REFUSAL, TARGET_TOO_LONG)
        elif path in self._public or path.startswith(self._public_below) or self._keys.allow(scope):
            answer = self._app
        elif self._page and is_of_page(path):
            message = "This service wants a key: load the page again, and give it as the password."
            challenge = 'Basic realm="a key as the password", charset="UTF-8"'
            answer = self._page(401, message, {"WWW-Authenticate": challenge})
        else:
            message = "a key is required: send it as X-API-Key, or as Authorization: Bearer"
            answer = refusal(401, message, {"WWW-Authenticate": "Bearer"})
        await answer(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand the start and the end of the process on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        headers = dict(reversed(scope["headers"]))  # of those that are repeated, the first counts
        known_as = _given_id(headers.get(b"x-request-id", b"")) or next(self._ids)
        # Both are set always, as a task may have been started by one that answers another request.
        request_id.set(known_as)
        below = self._settings.root_path
        if not below and b"x-forwarded-prefix" in headers:
            below = plain_prefix(headers[b"x-forwarded-prefix"].decode("latin-1")) or ""
        prefix.set(below)
        if below:
            scope = {**scope, "path": _below(below, scope["path"])}
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
            await self._checked(scope, receive, send_marked)
        finally:
            self._record(scope, status, perf_counter() - began)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request, and log it."""
        path = scope["path"]
        route = path if path in ROUTES else "page" if is_of_page(path) else "other"
        metrics.REQUEST_SECONDS.labels(route, str(status)).observe(seconds)
        if self._settings.access_log and path not in PROBES:
            details = {
                "method": scope["method"],
                # As it was sent, so that what is encoded in it can't end a line.
                "target": _target(scope).decode("latin-1"),
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
                # The socket of both families shows addresses of IPv4 as those of IPv6.
                "client": scope["client"][0].removeprefix("::ffff:") if scope.get("client") else None,
            }
            access_log.info("%(method)s %(target)s %(status)s %(milliseconds).1f ms", details, extra=details)


def _below(root: str, path: str) -> str:
    """Return a path without the prefix, if a proxy leaves it there; a path of the service is one already."""
    if path in ROUTES or is_of_page(path) or not f"{path}/".startswith(f"{root}/"):
        return path
    return path.removeprefix(root) or "/"


def _target(scope: Scope) -> bytes:
    query = scope["query_string"]
    return b"%b?%b" % (scope["raw_path"], query) if query else scope["raw_path"]


def _is_short(scope: Scope) -> bool:
    """Tell whether path and query are short; what is encoded counts as the byte that it is."""
    if len(scope["raw_path"]) + len(scope["query_string"]) < MAX_TARGET_BYTES:
        return True
    target = _target(scope)
    return len(target) <= 3 * MAX_TARGET_BYTES and len(unquote_to_bytes(target)) <= MAX_TARGET_BYTES


def _given_id(header: bytes) -> str | None:
    """Return the id that the client has given to a request, if it can stand in a header and in a log."""
    given = header.decode("latin-1").strip(" \t")
    return given if given.isascii() and given.isprintable() and 0 < len(given) <= MAX_REQUEST_ID else None

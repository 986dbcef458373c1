"""Keys: who has none sees only what is public; without any keys, everything is.

A program sends a key in a header. A browser asks its user for it, as the password of any name, where an
address of the page is refused.
"""

import hmac
import logging
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import refusal

# What `--public` can name, and which paths that is.
PUBLIC = {
    "health": frozenset({"/healthz", "/readyz"}),
    "metrics": frozenset({"/metrics"}),
    "docs": frozenset({"/docs", "/openapi.json"}),
    "page": frozenset({"/", "/users", "/random", "/films", "/new", "/system"}),
}
BELOW_PAGE = ("/users/", "/films/", "/static/")
# What a page that is refused needs to be seen tells nothing.
OPEN = ("/static/",)


log = logging.getLogger("api")


class KeysError(Exception):
    """The file of keys can't be used; the message says why, and what to do."""


class Keys:
    """The keys that are accepted: those that are given, and those in a file, which can be read again."""

    def __init__(self, given: tuple[str, ...], file: Path | None) -> None:
        self._given = given
        self._file = file
        self._known = _encoded(given)

    @property
    def are_required(self) -> bool:
        """Whether a request must have one; with a file that is so before it is read."""
        return bool(self._given or self._file)

    def read(self) -> None:
        """Read the file, if there is one. Raises KeysError, and then those of before are accepted."""
        if self._file:
            self._known = _encoded((*self._given, *_keys_in(self._file)))

    def read_again(self) -> None:
        """Read the file, and log what came of it."""
        try:
            self.read()
        except KeysError as error:
            log.warning("%s; until then the keys of before are accepted", error)
        else:
            log.info("keys were read: %s are accepted", len(self._known))

    def have(self, key: bytes) -> bool:
        """Tell whether a key is accepted."""
        # All are compared, each in constant time: how long it takes tells nothing about them.
        return sum(hmac.compare_digest(key, known) for known in self._known) > 0


def _encoded(keys: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(key.encode("utf-8", "surrogateescape") for key in keys)


def _keys_in(file: Path) -> tuple[str, ...]:
    """Return the keys in a file: one a line, without spaces around it; empty lines and comments are none."""
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise KeysError(f"{file}: the keys can't be read: {error.strerror}; name a file that can") from error
    lines = [line.strip() for line in text.split("\n")]
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise KeysError(f"{file}: there is no key in it; write one a line, or name no file")
    return keys


def is_of_page(path: str) -> bool:
    """Tell whether the page answers at a path."""
    return path in PUBLIC["page"] or path.startswith(BELOW_PAGE)


class _Required:
    def __init__(self, app: ASGIApp, keys: Keys, public: tuple[str, ...], *, has_page: bool) -> None:
        self._app = app
        self._keys = keys
        self._public = frozenset[str]().union(*(PUBLIC[name] for name in public if name in PUBLIC))
        self._open = BELOW_PAGE if "page" in public else OPEN
        self._has_page = has_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_let_in = (
            scope["type"] != "http"
            or self._is_public(scope["path"])
            or self._keys.have(_given(Headers(scope=scope)))
        )
        await (self._app if is_let_in else self._refused(scope["path"]))(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path in self._public or (self._has_page and path.startswith(self._open))

    def _refused(self, path: str) -> ASGIApp:
        if self._has_page and is_of_page(path):
            from api.page.render import refusal as page  # noqa: PLC0415 (loaded where it is served only)

            message = "This service wants a key: load the page again, and give it as the password."
            return page(
                401, message, {"WWW-Authenticate": 'Basic realm="a key as the password", charset="UTF-8"'}
            )
        message = "a key is required: send it as X-API-Key, or as Authorization: Bearer"
        return refusal(401, message, {"WWW-Authenticate": "Bearer"})


def _given(headers: Headers) -> bytes:
    """Return the key that a request has, in whichever way; empty for none."""
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if own := headers.get("X-API-Key"):
        credentials = own
    elif scheme.lower() == "basic":
        try:
            return b64decode(credentials.strip(" \t"), validate=True).partition(b":")[2]
        except (NotBase64, ValueError):
            return b""
    elif scheme.lower() != "bearer":
        return b""
    # Spaces at the end of a header are no part of it.
    return credentials.strip(" \t").encode("latin-1")


def requiring(keys: Keys, public: tuple[str, ...], app: ASGIApp, *, has_page: bool = False) -> ASGIApp:
    """Return the application, closed to who has none of the keys, but for what is public."""
    return _Required(app, keys, public, has_page=has_page) if keys.are_required else app

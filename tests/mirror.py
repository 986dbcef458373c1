"""A server of archives, real HTTP on this machine, that can behave as badly as servers do."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Mirror:
    """What the server has, how it behaves, and what it was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    # After how many bytes of the body the connections of the next requests are cut; then no more.
    cuts: list[int] = field(default_factory=list)
    # What the next requests are answered with, whatever they ask for.
    statuses: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    sends_length: bool = True
    has_version: bool = True
    # Whether it claims to send the byte after the one that it was asked for.
    miscounts: bool = False
    # Whether it goes silent where it would cut a connection, until it is released.
    stalls: bool = False
    stalled: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)
    # Of each request for an archive, what it asked for: nothing, or a range.
    asked: list[str | None] = field(default_factory=list)

    def put(self, name: str, content: bytes, checksum: str | None = "{md5}  {name}") -> None:
        """Offer an archive, with its checksum beside it in the format of some of the real ones."""
        self.files[name] = content
        self.files.pop(f"{name}.md5", None)
        if checksum is not None:
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            self.files[f"{name}.md5"] = (checksum.format(md5=md5, name=name) + "\n").encode()


@contextmanager
def mirroring() -> Iterator[Mirror]:
    """Serve for the body, on a free port."""
    mirror = Mirror()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, mirror)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the tests ask the mirror."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.url = f"http://127.0.0.1:{server.server_port}/sets"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, mirror: Mirror) -> None:
    name = handler.path.removeprefix("/sets/")
    if not name.endswith(".md5"):
        mirror.asked.append(handler.headers["Range"])
        if mirror.statuses:
            return _refuse(handler, mirror.statuses.pop(0))
    if name not in mirror.files:
        return _refuse(handler, 404)
    whole = mirror.files[name]
    version = f'"{hashlib.sha256(whole).hexdigest()}"'
    start = _start(handler, version) if mirror.knows_ranges else 0
    if start and start >= len(whole):
        return _refuse(handler, 416, {"Content-Range": f"bytes */{len(whole)}"})
    handler.send_response(206 if start else 200)
    if mirror.has_version:
        handler.send_header("ETag", version)
    if start:
        handler.send_header(
            "Content-Range", f"bytes {start + mirror.miscounts}-{len(whole) - 1}/{len(whole)}"
        )
    if mirror.sends_length:
        handler.send_header("Content-Length", str(len(whole) - start))
    handler.end_headers()
    body = whole[start:]
    cut = mirror.cuts.pop(0) if mirror.cuts and not name.endswith(".md5") else len(body)
    handler.wfile.write(body[:cut])
    if cut < len(body) and mirror.stalls:
        handler.wfile.flush()
        mirror.stalled.set()
        mirror.released.wait(60)
    handler.close_connection = cut < len(body) or not mirror.sends_length
    return None


def _start(handler: BaseHTTPRequestHandler, version: str) -> int:
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers["Range"] or "")
    return int(asked[1]) if asked and handler.headers["If-Range"] in (None, version) else 0


def _refuse(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for key, value in {"Content-Length": "0", **(headers or {})}.items():
        handler.send_header(key, value)
    handler.end_headers()

"""HTTP/1.1 as uvicorn speaks it with httptools: limited, one answer to a request, and errors in one shape."""

import asyncio
import string

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.middleware import MAX_TARGET_BYTES, REFUSAL, TARGET_TOO_LONG, refusal

MAX_HEAD_BYTES = 65_536  # of a request line with its headers
MAX_SECONDS = 10.0
# How much a client may send that nobody reads: a body, or what follows the last answer of a connection.
MAX_IGNORED_BYTES = 1_048_576
# How long it may go on to send after that answer.
MAX_LINGER_SECONDS = 2.0

# The characters that a name, an address and a port consist of (RFC 9110, section 7.2; RFC 3986, section 3.2).
HOST_CHARACTERS = (string.ascii_letters + string.digits + "-._~!$&'()*+,;=%:[]").encode()
VERSIONS = ("1.1", "1.0")
BYTES_BETWEEN = len(b": \r\n")  # a name, its value and the next name

HEADERS_TOO_LONG = refusal(431, f"the headers are longer than {MAX_HEAD_BYTES:,} bytes")
NO_HOST = refusal(400, "a request must have one valid Host header")
NO_URL = refusal(
    400,
    "the URL can't be read; begin it with /, and percent-encode what is not printable ASCII, é as %C3%A9",
)


class _RefusedError(Exception):
    """The headers of a request are such that it gets an answer, the argument, only."""


class _Connection(asyncio.Transport):
    """What answers are written to; the protocol, which knows if the client still sends, closes it."""

    def __init__(self, transport: asyncio.Transport, protocol: "LimitedProtocol") -> None:
        super().__init__()
        self.write = transport.write  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.abort = transport.abort  # type: ignore[method-assign]
        self.close = protocol.close  # type: ignore[method-assign]


class State(ServerState):
    """What the connections of a process share."""

    is_ending = False


class LimitedProtocol(HttpToolsProtocol):
    """Gives each request one answer, and hangs up on a client that sends without end, or byte by byte."""

    server_state: State
    _in_head = True  # a request has begun whose headers have not ended, or none has begun yet
    _in_body = False  # the headers of a request have ended, and its body has not
    _has_ended_part = False  # headers or a body ended in the data that arrived last
    _is_over = False  # further data is no request
    _is_lingering = False  # no further answer is sent; the client may read the last one
    _bytes = 0  # of headers or a body that have not ended, or of data after the last request
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._transport = transport
        self.transport = _Connection(transport, self)
        self._hang_up_in(MAX_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived: whole requests, and maybe a part of the next."""
        if self._is_over:
            self._ignore(data)
            return
        self._unset_keepalive_if_required()
        self._has_ended_part = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # An upgrade may be declined by an answer in HTTP/1.1. httptools has skipped the body, if there
            # is one, and would take it for the next request.
            self._end()
        except httptools.HttpParserError as error:
            answer = refusal(400, f"this is no request in HTTP/1.1: {error}")
            if isinstance(error.__context__, _RefusedError):
                answer = error.__context__.args[0]
            elif isinstance(error, httptools.HttpParserInvalidURLError | httptools.HttpParserCallbackError):
                answer = NO_URL  # all that uvicorn reads is the URL
            self._refuse(
                answer, is_method_known=not isinstance(error, httptools.HttpParserInvalidMethodError)
            )
        else:
            self._limit(data)

    def _limit(self, data: bytes) -> None:
        if self._in_head:
            self._bytes = self._measured()[0] if self._has_ended_part else self._bytes + len(data)
            if self._bytes > MAX_HEAD_BYTES:
                if self.scope is None:  # nothing but blank lines
                    self._transport.close()
                else:
                    self._refuse(self._too_long())
                return
        elif self._in_body:
            self._ignore(data)
        # What comes after an answer and begins no request, blank lines or the rest of a body, is waited for
        # no longer than the next request is.
        is_answered = self.cycle is not None and self.cycle.response_complete
        if self._deadline is None and (self._in_head or is_answered):
            self._hang_up_in(MAX_SECONDS)

    def _measured(self) -> tuple[int, list[bytes]]:
        """Return how long the request line and the headers are that httptools has read, and each Host."""
        size = len(self.url) + sum(len(name) + len(value) + BYTES_BETWEEN for name, value in self.headers)
        return size, [value for name, value in self.headers if name == b"host"]

    def _too_long(self) -> Response:
        return TARGET_TOO_LONG if len(self.url) > MAX_TARGET_BYTES else HEADERS_TOO_LONG

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Begin to answer. Raises _RefusedError if the answer can only be a refusal."""
        self._in_head = False
        self._has_ended_part = True
        self._bytes = 0
        self._hang_up_in(None)
        if len(self.url) > MAX_HEAD_BYTES:  # more than uvicorn can read
            raise _RefusedError(TARGET_TOO_LONG)
        super().on_headers_complete()
        if self.server_state.is_ending:
            self.cycle.keep_alive = False
        self._in_body = True
        version = self.scope["http_version"]
        size, hosts = self._measured()
        if size > MAX_HEAD_BYTES:
            raise _RefusedError(self._too_long())
        if version not in VERSIONS:
            raise _RefusedError(refusal(400, f"HTTP/{version} is not supported; use HTTP/1.1"))
        if len(hosts) > 1 or (hosts[0].translate(None, HOST_CHARACTERS) if hosts else version == "1.1"):
            raise _RefusedError(NO_HOST)
        self.headers = []  # the application does not see what comes after a body as headers

    def on_message_complete(self) -> None:
        """Take the end of a body."""
        super().on_message_complete()
        self._in_body = False
        self._has_ended_part = True
        self._bytes = 0

    def on_response_complete(self) -> None:
        """Begin the next answer, and read no further requests while some wait for theirs."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def _refuse(self, answer: Response, *, is_method_known: bool = True) -> None:
        """Have the application send this answer in its turn, and close the connection."""
        if not self._in_body:
            # Only a part of the request was understood.
            path, _, query = self.url[:MAX_TARGET_BYTES].partition(b"?")
            self.url = b"*"
            super().on_headers_complete()
            if not any(name == b"origin" for name, _ in self.scope["headers"]):
                # The header may follow what was not understood. If pages of all origins may read answers, so
                # may this one.
                self.scope["headers"] = [*self.scope["headers"], (b"origin", b"null")]
            self.scope |= {"path": "", "raw_path": path or b"-", "query_string": query}
            if not is_method_known:
                self.scope["method"] = "-"
        # If the answer has begun before its body was found malformed, it stays.
        self.scope[REFUSAL] = answer  # type: ignore[literal-required]
        # With this header CORS would take the request for a preflight, and grant it.
        self.scope["headers"] = [
            header for header in self.scope["headers"] if header[0] != b"access-control-request-method"
        ]
        self._end()

    def _end(self) -> None:
        """Close the connection after the answer to the current request, and ignore all data until then."""
        self._is_over = True
        self._hang_up_in(None)
        self.cycle.keep_alive = False
        if self.cycle.response_complete:
            self.close()

    def _ignore(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > MAX_IGNORED_BYTES:
            self._transport.close()

    def close(self) -> None:
        """Close the connection; if the client may still be sending, let it read the answer first.

        Data that arrives at a closed connection resets it, and what the client has not read yet is lost.
        """
        if not (self._is_over or self._in_body) or self._transport.is_closing():
            self._transport.close()
        elif not self._is_lingering:
            self._is_over = self._is_lingering = True
            self.pipeline.clear()
            self._transport.write_eof()
            self._hang_up_in(MAX_LINGER_SECONDS)

    def _hang_up_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._transport.close) if seconds else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._hang_up_in(None)
        super().connection_lost(exc)

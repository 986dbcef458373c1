"""HTTP/1.1 as uvicorn speaks it with httptools, with limits to how long a client can be in asking."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MOST_BYTES = 65_536
MOST_SECONDS = 10.0


class State(ServerState):
    """What the connections of a process share."""

    is_ending = False


class LimitedProtocol(HttpToolsProtocol):
    """Hangs up on who sends a request line and headers without end, or anything else byte by byte."""

    server_state: State
    # Whether a request has begun whose headers have not ended, or none has begun yet.
    _incomplete = True
    _bytes = 0  # of that request, as far as they came alone
    _has_ended_one = False  # whether headers ended in what arrived last
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(MOST_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived: whole requests, and maybe a part of the next."""
        self._has_ended_one = False
        super().data_received(data)
        if self._incomplete:
            self._bytes = 0 if self._has_ended_one else self._bytes + len(data)
            if self._bytes > MOST_BYTES:
                self.transport.close()
        # What comes after an answer and begins no request, blank lines or the rest of a body, is waited for
        # no longer than the next request is.
        is_answered = self.cycle is not None and self.cycle.response_complete
        if self._deadline is None and (self._incomplete or is_answered):
            self._deadline = self.loop.call_later(MOST_SECONDS, self.transport.close)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._incomplete = True

    def on_headers_complete(self) -> None:
        """Begin to answer. Raises ValueError, which becomes 400, if the headers are too long."""
        self._incomplete = False
        self._has_ended_one = True
        self._bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if sum(len(name) + len(value) for name, value in self.headers) > MOST_BYTES:
            raise ValueError("the headers are too long")
        super().on_headers_complete()
        if self.server_state.is_ending:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

"""HTTP/1.1 as uvicorn speaks it with httptools, with limits to how long a client can be in asking."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536
MOST_SECONDS = 10.0


class LimitedProtocol(HttpToolsProtocol):
    """Hangs up on who sends a request line and headers without end, or byte by byte."""

    _incomplete = True
    _bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(MOST_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        super().data_received(data)
        if self._incomplete:
            self._bytes += len(data)
            if self._bytes > MOST_BYTES:
                self.transport.close()
            elif self._deadline is None:
                self._deadline = self.loop.call_later(MOST_SECONDS, self.transport.close)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._incomplete = True

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._incomplete = False
        self._bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

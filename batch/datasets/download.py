"""Download: a file comes over HTTP, and the part that is here already is not asked for again.

A part is kept beside its version, the ETag or the time of change that the server gave. The server is
asked for the rest if it still has that version (RFC 9110, sections 13.1.5 and 14.2), else for all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx2
from rich.filesize import decimal
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from batch.datasets.folder import naming
from batch.errors import BatchError
from batch.runtime.progress import Step, Transfer

Result = TypeVar("Result")

# Seconds without a byte after which a connection counts as lost.
_SILENCE = 30.0
_LONGEST_WAIT = 30.0
# A server that says these is busy, or restarts; all other errors it would repeat.
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_TO_A_RANGE = {HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}


@dataclass(frozen=True)
class Source:
    """Where archives are, and how often to try again after a failure that may pass."""

    mirror: str | None = None  # None: where each set is published
    retries: int = 4
    wait: float = 1.0  # seconds before the first new try; doubled each time


class NotThereError(BatchError):
    """The server answers, and has no such file."""


class Downloads:
    """A client for the time of a fetch; `remedy` says what to do if a download fails."""

    def __init__(self, client: httpx2.Client, source: Source, remedy: str) -> None:
        self._client = client
        self._source = source
        self._remedy = remedy

    def text(self, url: str, step: Step) -> str:
        """Return a small file. Raises NotThereError, or BatchError if it can't be had."""
        with self._faults_named(url):
            return self._patiently(lambda: self._client.get(url).raise_for_status().text, step)

    def file(self, url: str, part: Path, step: Transfer) -> None:
        """Complete a part of a file. Raises as `text` does; what has come stays for the next time."""
        with self._faults_named(url):
            self._patiently(lambda: _receive(self._client, url, part, step), step)

    def _patiently(self, work: Callable[[], Result], step: Step) -> Result:
        def announce(state: RetryCallState) -> None:
            assert state.outcome is not None
            reason = _reason(state.outcome.exception())
            step.says(f"{reason}; trying again in {state.upcoming_sleep:.0f} s")

        retrying = Retrying(
            stop=stop_after_attempt(self._source.retries + 1),
            wait=wait_exponential(multiplier=self._source.wait, max=_LONGEST_WAIT),
            retry=retry_if_exception(_may_pass),
            before_sleep=announce,
            reraise=True,
        )
        return retrying(work)

    @contextmanager
    def _faults_named(self, url: str) -> Iterator[None]:
        try:
            yield
        except httpx2.HTTPStatusError as error:
            missing = error.response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
            kind = NotThereError if missing else BatchError
            raise kind(f"{url}: {_reason(error)}; {self._remedy}") from error
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise BatchError(f"{url}: {_reason(error)}; {self._remedy}") from error


@contextmanager
def downloads(source: Source, remedy: str) -> Iterator[Downloads]:
    """Open a client for the body; proxies are those of the environment (HTTPS_PROXY)."""
    # A range counts the bytes as they are stored: they must not be compressed on the way.
    headers = {"Accept-Encoding": "identity"}
    with httpx2.Client(headers=headers, timeout=_SILENCE, follow_redirects=True) as client:
        yield Downloads(client, source, remedy)


def version_of(part: Path) -> Path:
    """Return the file that says to which version of the whole a part belongs."""
    return part.with_name(f"{part.name}.version")


def remove(part: Path) -> None:
    """Remove a part, or a whole, and its version."""
    part.unlink(missing_ok=True)
    version_of(part).unlink(missing_ok=True)


def _receive(client: httpx2.Client, url: str, part: Path, step: Transfer) -> None:
    """Ask for what is missing, and for the whole where the part does not belong to it."""
    here, version = _what_is_here(part)
    headers = {"Range": f"bytes={here}-", "If-Range": version} if here else {}
    with client.stream("GET", url, headers=headers) as answer:
        span = answer.headers.get("content-range", "")
        if not here or answer.status_code not in _TO_A_RANGE:
            answer.raise_for_status()
            return _write(answer, part, 0, step)
        if answer.status_code == HTTPStatus.PARTIAL_CONTENT and span.startswith(f"bytes {here}-"):
            return _write(answer, part, here, step)
        if span == f"bytes */{here}":
            return step.begin(here, here)
    remove(part)
    return _receive(client, url, part, step)


def _write(answer: httpx2.Response, part: Path, here: int, step: Transfer) -> None:
    """Append what comes to the part of these bytes; without any, it replaces what was there."""
    length = answer.headers.get("content-length", "")
    step.begin(here, here + int(length) if length.isdecimal() else None)
    with naming(part), part.open("ab" if here else "wb") as stream:
        if not here:
            # After the old bytes are gone, and before new ones come.
            version_of(part).write_text(_version(answer), encoding="utf-8")
        for chunk in answer.iter_raw():
            stream.write(chunk)
            step.advance(len(chunk))


def _what_is_here(part: Path) -> tuple[int, str]:
    """Return how many bytes there are, and of what; none, if their version is not known."""
    try:
        size, version = part.stat().st_size, version_of(part).read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0, ""
    return (size, version) if version else (0, "")


def _version(answer: httpx2.Response) -> str:
    """Return what tells one version of a file from another, byte for byte; a weak ETag does not."""
    etag = str(answer.headers.get("etag", ""))
    return etag if etag.startswith('"') else str(answer.headers.get("last-modified", ""))


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in _PASSING
    return isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.UnsupportedProtocol)


def _reason(error: BaseException | None) -> str:
    """Return in a few words why nothing, or not all, has come."""
    if isinstance(error, httpx2.HTTPStatusError):
        return f"the server answers {error.response.status_code} {error.response.reason_phrase}".rstrip()
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return f"can't be reached ({str(error) or 'no answer'})"
    if isinstance(error, httpx2.TimeoutException):
        return f"the connection was silent for {_SILENCE:.0f} s"
    return f"the connection was lost ({str(error) or 'closed'})"


def size_of(file: Path) -> str:
    """Return the size of a file as people write it."""
    return decimal(file.stat().st_size)

"""How the service starts and ends: processes that share sockets, and end without losing a request.

The kernel makes connections for a socket as long as it listens, and resets those that are not accepted when
the socket is closed. So at the end the kernel first makes no new ones, then all processes accept what waits,
and then they close the socket: a client that comes later is refused, and can go elsewhere. A client that has
a connection may send another request for a moment more; the answer says that it is the last.
"""

import asyncio
import ctypes
import errno
import logging
import math
import multiprocessing
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import click
import uvicorn
from uvicorn.supervisors.multiprocess import Process

from api.app import make_app
from api.middleware import Keys, KeysError
from api.protocol import LimitedProtocol, State
from api.settings import SHARED_FOLDER, Settings, log_config

BACKLOG = 2_048  # connections that wait to be accepted
# For which connections are still accepted: handshakes end that had begun when new ones were refused.
ACCEPT_SECONDS = 0.25
# After the first signal to end, for which connections wait for another request.
IDLE_SECONDS = 1.5
# Beyond `--shutdown-seconds`, after which a worker that has not ended is killed.
SPARE_SECONDS = 5.0
# What is sent to a process and to its group arrives twice, and is one signal.
SAME_SIGNAL_SECONDS = 0.2
LOOK_EVERY_SECONDS = 0.05
LOOK_AT_WORKERS_EVERY_SECONDS = 0.5
RETRY_SECONDS = 5.0  # after which a worker is started again that could not start
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What its parent decides for a worker, and what a worker does only when its application knows how.
_NOT_WHILE_STARTING = (signal.SIGINT, signal.SIGHUP)
# Where a family of addresses is switched off.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

# From <asm-generic/socket.h>. The filter of a listening socket sees packets from the header of TCP on:
# those with SYN and without ACK, which would begin a connection, are dropped, and all others are let through.
SO_ATTACH_FILTER = 26
_ONLY_NEW = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # if it is SYN alone:
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # else let through
)
# Bytes of `struct tcp_info` before the connections that wait to be accepted.
_BEFORE_WAITING = 24

log = logging.getLogger("api")


def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen: one, or one of each family for all addresses. Raises ClickException."""
    is_all = host in ("", "::")
    sockets: list[socket.socket] = []
    urls = []
    try:
        # One for each family, so that clients are known by their own addresses.
        for each in ("0.0.0.0", "::") if is_all else (host,):  # noqa: S104 (it is asked for)
            try:
                address = str(socket.getaddrinfo(each, None, type=socket.SOCK_STREAM)[0][4][0])
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                port = sockets[0].getsockname()[1] if sockets else port
                sockets.append(socket.create_server((address, port), family=family, backlog=BACKLOG))
            except OSError as error:
                is_missing = is_all and error.errno in _NO_SUCH_FAMILY
                if not is_missing or (each == "::" and not sockets):
                    raise
            else:
                sockets[-1].set_inheritable(True)
                shown, number = sockets[-1].getsockname()[:2]
                urls.append(f"http://[{shown}]:{number}" if ":" in shown else f"http://{shown}:{number}")
    except (OSError, UnicodeError) as error:
        # What Python says of an address repeats it; a name that is none has no number of the system.
        reason = "that is no name of a host"
        if isinstance(error, OSError):
            is_name = isinstance(error, socket.gaierror)
            reason = str(error.strerror) if is_name else os.strerror(error.errno or 0)
        raise click.ClickException(
            f"can't listen on {host or 'all addresses'}, port {port}: {reason}; "
            "name another --port or --host, or stop what is there"
        ) from error
    log.info("running on %s", " and ".join(urls))
    return sockets


def reachable(sockets: list[socket.socket]) -> str:
    """Return the addresses that other machines may reach; empty if there is none."""
    addresses = [str(each.getsockname()[0]) for each in sockets]
    return " and ".join(each for each in addresses if not ip_address(each.partition("%")[0]).is_loopback)


def run(settings: Settings, keys: Keys, listeners: list[socket.socket], metrics_folder: str | None) -> None:
    """Serve until a signal to end. Exits with 1 if that can't start, or raises ClickException.

    The metrics of several processes are in a new folder, inside of `metrics_folder` if that is given.
    """
    config = uvicorn.Config(
        partial(make_app, settings, keys),
        factory=True,
        workers=settings.workers,
        loop="uvloop",
        http=LimitedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=log_config(settings.log_format),
        access_log=False,  # ours knows more
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    try:
        if settings.workers == 1:
            # Until the application knows what to do at it.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            Server(config).run(listeners)
            return
        try:
            folder = TemporaryDirectory(
                prefix="recommender-metrics-", dir=metrics_folder, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise click.ClickException(
                f"several workers need a folder in which they count, and none can be made: {error.strerror}; "
                "name a folder that can be written to as TMPDIR, or use --workers 1"
            ) from error
        with folder:
            os.environ[SHARED_FOLDER] = folder.name
            Supervisor(config, keys, listeners).run()
    finally:
        # What comes once it has ended changes nothing of how it has.
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for listener in listeners:
            listener.close()


def refuse_new(listeners: Sequence[socket.socket]) -> None:
    """Have listening sockets make no new connections, in all processes; only Linux can."""
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _ONLY_NEW))
        of_kernel = struct.pack("HP", len(_ONLY_NEW), ctypes.addressof(program))
        for listener in listeners:
            # A sandbox may not know it, and at a second signal the socket may be closed.
            with suppress(OSError):
                listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, of_kernel)


def _waiting(listener: socket.socket) -> int:
    """Return how many connections wait to be accepted; 0 if that is not known."""
    if sys.platform != "linux":
        return 0
    information = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BEFORE_WAITING + 4)
    return int.from_bytes(information[_BEFORE_WAITING:], sys.byteorder)


class _Again:
    """Tells whether a signal to end is another one than the first."""

    _first = math.inf

    def __call__(self) -> bool:
        now = time.monotonic()
        self._first = min(self._first, now)
        return now > self._first + SAME_SIGNAL_SECONDS


class _Reason(logging.LoggerAdapter[logging.Logger]):
    """Says in one line why a process can't start: the last one of a traceback."""

    def error(self, msg: object, *_args: object, **_options: Any) -> None:
        # But for the one that says only that there was one.
        if not str(msg).startswith("Application startup failed"):
            log.error("can't start: %s", str(msg).strip().rpartition("\n")[2])


class Server(uvicorn.Server):
    """One process that answers: alone, or as a worker."""

    server_state: State

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = State()
        self._again = _Again()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """End in good order, with status 0; at another signal, at once. A worker is forced by its parent."""
        self.force_exit = self._again() and multiprocessing.parent_process() is None
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; exit with 1, and one line, if the application can't start."""
        logger, self.lifespan.logger = self.lifespan.logger, _Reason(self.lifespan.logger)
        try:
            await super().startup(sockets)
        except SystemExit:
            sys.exit(1)
        self.lifespan.logger = logger

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what waits, close the sockets, let connections end, and close what is left."""
        listeners = sockets or []
        seconds = self.config.timeout_graceful_shutdown or 0
        end = time.monotonic() + seconds
        self.server_state.is_ending = True
        parent = multiprocessing.parent_process()
        # One worker of several may end alone.
        if parent is None or not parent.is_alive():
            refuse_new(listeners)
        await self._wait(min(ACCEPT_SECONDS, seconds), lambda: True)
        await self._wait(min(IDLE_SECONDS, seconds), lambda: any(map(_waiting, listeners)))
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        await self._wait(min(IDLE_SECONDS, seconds), lambda: bool(self.server_state.connections))
        self.config.timeout_graceful_shutdown = max(0, math.ceil(end - time.monotonic()))
        await super().shutdown(sockets)
        # What has not ended in time.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.force_exit:
            await self.lifespan.shutdown()

    async def _wait(self, seconds: float, is_needed: Callable[[], bool]) -> None:
        """Wait while it is needed, and nobody forces the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and is_needed() and not self.force_exit:  # noqa: ASYNC110 (a signal sets it)
            await asyncio.sleep(LOOK_EVERY_SECONDS)


class Worker(Process):
    """One of several processes that answer, as its parent sees it, and as it sees itself."""

    has_started = False  # as far as its parent has seen
    must_hang_up = False  # SIGHUP has not been handed on to it yet

    def __init__(self, config: uvicorn.Config, listeners: list[socket.socket]) -> None:
        """Start the process. Signals wait in it until it can bear them."""
        super().__init__(config, listeners)
        signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_WHILE_STARTING)
        try:
            self.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_WHILE_STARTING)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; this runs in the process."""
        for number in _NOT_WHILE_STARTING:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_WHILE_STARTING)
        status = 0
        self._server = Server(self.config)
        try:
            super().target(sockets)
        except SystemExit:
            status = 1
        # The thread that answers the parent never ends, and what it holds can't be freed: DuckDB's binding
        # would complain.
        os._exit(status)

    def is_well(self) -> bool:
        """Tell whether the process lives, and still answers its parent if it has started."""
        if not self.process.is_alive():
            return False
        if self.has_started:
            return self.ping()
        self.has_started = self.is_ready(timeout=0)
        return True

    def how(self) -> str:
        """Return how it has ended."""
        status = self.exitcode or 0
        return signal.Signals(-status).name if status < 0 else f"status {status}"


def _fail(worker: Worker) -> None:
    """Exit with 1 because a worker can't start; if it could not say why, say so."""
    if (worker.exitcode or 0) < 0:
        log.error("can't start: a worker was ended by %s before it could answer", worker.how())
    sys.exit(1)


class Supervisor:
    """The parent of several workers: starts them, starts those anew that die, and ends them."""

    def __init__(self, config: uvicorn.Config, keys: Keys, listeners: list[socket.socket]) -> None:
        self._config = config
        self._keys = keys  # a new worker begins with a copy
        self._listeners = listeners
        self._workers: list[Worker] = []
        self._is_ending = threading.Event()
        self._has_hung_up = False
        self._again = _Again()

    def run(self) -> None:
        """Start one worker, then the others, and look after them until told to end."""
        for number in SIGNALS:
            signal.signal(number, self._signalled)
        self._workers.append(first := Worker(self._config, self._listeners))
        first.has_started = first.wait_until_ready(math.inf, self._is_ending)
        if not first.has_started and not self._is_ending.is_set():
            first.join()
            _fail(first)
        while not self._is_ending.is_set() and len(self._workers) < self._config.workers:
            self._workers.append(Worker(self._config, self._listeners))
        while not self._is_ending.wait(LOOK_AT_WORKERS_EVERY_SECONDS):
            self._look()
        self._end()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._has_hung_up = True
            return
        # At once, since the workers may have been told, too.
        refuse_new(self._listeners)
        if self._again():
            for worker in self._workers:
                worker.process.kill()
        self._is_ending.set()

    def _look(self) -> None:
        """Start workers anew that have died or no longer answer, and hand SIGHUP on."""
        for index, worker in enumerate(self._workers):
            if worker.is_well():
                continue
            worker.kill()
            worker.join()
            if not worker.has_started:
                if not any(each.process.is_alive() for each in self._workers):
                    _fail(worker)
                self._is_ending.wait(RETRY_SECONDS)
            if self._is_ending.is_set():
                return
            log.warning("worker %s has ended (%s); another takes its place", worker.pid, worker.how())
            self._workers[index] = Worker(self._config, self._listeners)
        if self._has_hung_up:
            self._has_hung_up = False
            with suppress(KeysError):  # workers log it
                self._keys.read()
            for worker in self._workers:
                worker.must_hang_up = True
        for worker in self._workers:
            # A worker that starts hears of it when it has started.
            if worker.must_hang_up and worker.has_started and worker.pid:
                worker.must_hang_up = False
                os.kill(worker.pid, signal.SIGHUP)

    def _end(self) -> None:
        """End all workers; kill those that don't end in time."""
        for worker in self._workers:
            worker.terminate()
        for listener in self._listeners:
            listener.close()
        end = time.monotonic() + (self._config.timeout_graceful_shutdown or 0) + SPARE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            worker.process.kill()
            worker.process.join()

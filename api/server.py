"""How the service starts and ends: processes that share a socket, and end without losing a request.

The kernel makes connections for a socket as long as it listens, and resets those that are not accepted when
the socket is closed. So at the end the kernel first makes no new ones, then all processes accept what waits,
and then they close the socket: a client that comes later is refused, and can go elsewhere. A client that has
a connection may send another request for a moment more; the answer says that it is the last.
"""

import asyncio
import ctypes
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
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from tempfile import TemporaryDirectory
from types import FrameType

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
POLL_EVERY_SECONDS = 0.05
POLL_WORKERS_EVERY_SECONDS = 0.5
RETRY_SECONDS = 5.0  # after which a worker is started again that could not start
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The parent ends its workers at Ctrl+C, which reaches all. SIGHUP waits until the application can handle it.
BLOCKED_IN_WORKERS = (signal.SIGINT, signal.SIGHUP)

# From <asm-generic/socket.h>. The filter of a listening socket sees packets from the header of TCP on:
# those with SYN and without ACK, which would begin a connection, are dropped, and all others are let through.
SO_ATTACH_FILTER = 26
_DROP_NEW = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # if it is SYN alone:
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # else let through
)

log = logging.getLogger("api")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens: on one address, or on all of both families. Raises ClickException."""
    is_all = host in ("", "::")
    is_dual = is_all and socket.has_dualstack_ipv6()
    name = "::" if is_dual else "0.0.0.0" if is_all else host  # noqa: S104 (it is asked for)
    try:
        family, *_, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=is_dual)
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
    listener.set_inheritable(True)
    shown, number = listener.getsockname()[:2]
    log.info("running on http://%s:%s", f"[{shown}]" if ":" in shown else shown, number)
    return listener


def reachable_address(listener: socket.socket) -> str | None:
    """Return the address on which other machines may reach a socket; None if they can't."""
    address = str(listener.getsockname()[0])
    return None if ip_address(address.partition("%")[0]).is_loopback else address


def run(settings: Settings, keys: Keys, listener: socket.socket, metrics_folder: str | None) -> None:
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
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # the application unblocks it
            Server(config).run([listener])
            return
        try:
            folder = TemporaryDirectory(
                prefix="recommender-metrics-", dir=metrics_folder, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise click.ClickException(
                f"no folder can be made in which several workers share their metrics: {error.strerror}; "
                "set TMPDIR to a folder that can be written to, or use --workers 1"
            ) from error
        with folder:
            os.environ[SHARED_FOLDER] = folder.name
            Supervisor(config, keys, listener).run()
    finally:
        # What comes once it has ended changes nothing of how it has.
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        listener.close()


def refuse_new(listener: socket.socket) -> None:
    """Have a listening socket make no new connections, in all processes; only Linux can."""
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _DROP_NEW))
        # A sandbox may not know it, and at a second signal the socket may be closed.
        with suppress(OSError):
            listener.setsockopt(
                socket.SOL_SOCKET,
                SO_ATTACH_FILTER,
                struct.pack("HP", len(_DROP_NEW), ctypes.addressof(program)),
            )


class _IsRepeated:
    """Tells of a signal to end whether it is another one than the first."""

    _first = math.inf

    def __call__(self) -> bool:
        now = time.monotonic()
        self._first = min(self._first, now)
        return now > self._first + SAME_SIGNAL_SECONDS


class Server(uvicorn.Server):
    """One process that answers: alone, or as a worker."""

    server_state: State

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = State()
        self._is_repeated = _IsRepeated()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """End in good order, with status 0; at another signal, at once. A worker is forced by its parent."""
        self.force_exit = self._is_repeated() and multiprocessing.parent_process() is None
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what waits, close the socket, let connections end, and close what is left."""
        listeners = sockets or []
        seconds = self.config.timeout_graceful_shutdown or 0
        end = time.monotonic() + seconds
        self.server_state.is_ending = True
        parent = multiprocessing.parent_process()
        # One worker of several may end alone.
        if parent is None or not parent.is_alive():
            for listener in listeners:
                refuse_new(listener)
        # Each turn of the loop accepts all that waits.
        await self._wait(min(ACCEPT_SECONDS, seconds), lambda: True)
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        await self._wait(min(IDLE_SECONDS, seconds), lambda: bool(self.server_state.connections))
        self.config.timeout_graceful_shutdown = max(0, math.ceil(end - time.monotonic()))
        await super().shutdown()
        # What has not ended in time.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.force_exit:
            await self.lifespan.shutdown()

    async def _wait(self, seconds: float, is_needed: Callable[[], bool]) -> None:
        """Wait while it is needed, and nobody forces the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and is_needed() and not self.force_exit:  # noqa: ASYNC110 (a signal sets it)
            await asyncio.sleep(POLL_EVERY_SECONDS)


class Worker(Process):
    """One of several processes that answer, as its parent sees it, and as it sees itself."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        """Start the process; it inherits which signals are blocked."""
        super().__init__(config, [listener])
        signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED_IN_WORKERS)
        try:
            self.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED_IN_WORKERS)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; this runs in the process."""
        # Once more, since the first process that is spawned unblocks SIGINT.
        signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED_IN_WORKERS)
        status = 0
        self._server = Server(self.config)
        try:
            super().target(sockets)
        except click.ClickException as error:
            error.show()
            status = error.exit_code
        # The thread that answers the parent never ends, and what it holds can't be freed: DuckDB's binding
        # would complain.
        os._exit(status)

    def exit_reason(self) -> str:
        """Return the signal or the status with which it has ended."""
        status = self.exitcode or 0
        return signal.Signals(-status).name if status < 0 else f"status {status}"


class Supervisor:
    """The parent of several workers: starts them, starts those anew that die, and ends them."""

    def __init__(self, config: uvicorn.Config, keys: Keys, listener: socket.socket) -> None:
        self._config = config
        self._keys = keys  # a new worker begins with a copy
        self._listener = listener
        self._workers: list[Worker] = []
        self._is_ending = threading.Event()
        self._must_read_keys = False
        self._is_repeated = _IsRepeated()

    def run(self) -> None:
        """Start one worker, then the others, and replace those that die, until a signal to end."""
        for number in SIGNALS:
            signal.signal(number, self._handle_signal)
        self._start(1)
        self._start(self._config.workers)
        while not self._is_ending.wait(POLL_WORKERS_EVERY_SECONDS):
            self._replace_dead()
            if self._must_read_keys:
                self._must_read_keys = False
                self._read_keys()
        self._end()

    def _handle_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._must_read_keys = True
            return
        # At once, since the same signal may have reached the workers.
        refuse_new(self._listener)
        if self._is_repeated():
            for worker in self._workers:
                worker.process.kill()
        self._is_ending.set()

    def _start(self, number: int) -> None:
        """Start workers until there are so many, and wait for them. Exits with 1 if then none lives."""
        new = [Worker(self._config, self._listener) for _ in range(number - len(self._workers))]
        self._workers += new
        are_ready = [worker.wait_until_ready(math.inf, self._is_ending) for worker in new]
        if all(are_ready) or self._is_ending.is_set():
            return
        if not any(worker.process.is_alive() for worker in self._workers):
            # A worker that ends by itself says why.
            if (self._workers[0].exitcode or 0) < 0:
                reason = self._workers[0].exit_reason()
                log.error("can't start: a worker was ended by %s before it could answer", reason)
            sys.exit(1)
        self._is_ending.wait(RETRY_SECONDS)

    def _replace_dead(self) -> None:
        """Start workers anew that have died or no longer answer."""
        for worker in [*self._workers]:
            if not worker.is_alive():
                worker.kill()
                worker.join()
                if self._is_ending.is_set():
                    return
                log.warning(
                    "worker %s has ended (%s); another takes its place", worker.pid, worker.exit_reason()
                )
                self._workers.remove(worker)
        self._start(self._config.workers)

    def _read_keys(self) -> None:
        """Read the file of keys again, here and in every worker."""
        with suppress(KeysError):  # workers log it
            self._keys.read()
        for worker in self._workers:
            if worker.pid and worker.process.is_alive():
                os.kill(worker.pid, signal.SIGHUP)

    def _end(self) -> None:
        """End all workers; kill those that don't end in time."""
        for worker in self._workers:
            worker.terminate()
        self._listener.close()
        end = time.monotonic() + (self._config.timeout_graceful_shutdown or 0) + SPARE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            worker.process.kill()
            worker.process.join()

"""Sockets: where the service listens, and who can reach it there."""

import errno
import logging
import os
import socket
from ipaddress import ip_address

import click

# Connections that wait to be accepted.
BACKLOG = 2_048
# Hosts that mean all addresses of this machine, of both families.
ALL = ("", "::")
# Where a family of addresses is switched off.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

log = logging.getLogger("api")


def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen: one, or one of each family for all addresses. Raises ClickException."""
    try:
        sockets = _all_addresses(port) if host in ALL else [_bound(_first_address(host), port)]
    except (OSError, UnicodeError) as error:
        raise click.ClickException(
            f"can't listen on {host or 'all addresses'}, port {port}: {_reason(error)}; "
            "name another --port or --host, or stop what is there"
        ) from error
    log.info("running on %s", " and ".join(map(_url, sockets)))
    return sockets


def reachable(sockets: list[socket.socket]) -> str:
    """Return the addresses that other machines may reach; empty if there is none."""
    addresses = [str(each.getsockname()[0]) for each in sockets]
    return " and ".join(each for each in addresses if not ip_address(each.partition("%")[0]).is_loopback)


def _all_addresses(port: int) -> list[socket.socket]:
    """Listen on all addresses: a socket for each family, so that clients are known by their own addresses."""
    sockets: list[socket.socket] = []
    for address in ("0.0.0.0", "::"):  # noqa: S104 (it is asked for)
        try:
            sockets.append(_bound(address, sockets[0].getsockname()[1] if sockets else port))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:
                raise
            missing = error
    if not sockets:
        raise missing
    return sockets


def _first_address(host: str) -> str:
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
    listener.set_inheritable(True)
    return listener


def _url(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "that is no name of a host"
    # What Python says of an address repeats it; a name that is none has no number of the system.
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)

"""`python -m api`: serve what is published in a folder."""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click
import uvicorn
from uvicorn.supervisors import Multiprocess

from api import __version__
from api.app import make_app
from api.keys import PUBLIC
from api.links import plain_prefix
from api.log import log_config
from api.metrics import SHARED_FOLDER
from api.protocol import LimitedProtocol
from api.settings import Settings

# Connections that wait to be accepted.
BACKLOG = 2_048
# Said in place of what is public: in an environment, an empty value is none at all.
NOTHING = "nothing"

Command = TypeVar("Command", bound=Callable[..., Any])

log = logging.getLogger("api")


class Words(click.ParamType[tuple[str, ...], str]):
    """Words with commas between them; of a choice, if there is one."""

    name = "words"

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the words, or fail as wrong usage."""
        words = tuple(word.strip() for word in value.split(",") if word.strip())
        if value and not words:
            self.fail(f"{value!r} holds nothing; leave it out, or name something.", param, ctx)
        for word in words:
            if self._choices and word not in self._choices:
                self.fail(f"{word!r} is none of {', '.join(self._choices)}.", param, ctx)
        return words


def _option(name: str, **attributes: Any) -> Callable[[Command], Command]:
    """Make an option; its environment variable has the same name, in capitals."""
    option = f"--{name.replace('_', '-')}"
    can_be_off = attributes.get("is_flag") and attributes.get("default")
    declared = f"{option}/--no-{name}" if can_be_off else option
    return click.option(declared, envvar=name.upper(), show_envvar=True, **attributes)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@_option(
    "output",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path("output"),
    help="Folder in which generations are published.",
)
@_option("host", default="127.0.0.1", help="Address to listen on.")
@_option(
    "port", type=click.IntRange(0, 65535), default=5000, help="Port to listen on; 0 for any that is free."
)
@_option(
    "root_path",
    callback=lambda _context, _option, value: _root_path(value),
    default="",
    help="Path below which a proxy serves this, as in /films; else it can say so by X-Forwarded-Prefix.",
)
@_option("workers", type=click.IntRange(1), default=1, help="Processes that answer, all from one file.")
@_option(
    "api_keys",
    type=Words(),
    default="",
    help="Keys, with commas between them, one of which a request must have; without any, none must.",
)
@_option(
    "public",
    type=Words(*PUBLIC, NOTHING),
    default="health,docs",
    help="What needs no key all the same: health, metrics, docs, page, or nothing.",
)
@_option("page", is_flag=True, default=True, help="Serve the page for people at /; --no-page leaves it out.")
@_option(
    "cors_origins",
    type=Words(),
    default="",
    help="Origins whose pages may read answers, with commas between them; * for all.",
)
@_option("log_format", type=click.Choice(["text", "json"]), default="text", help="Form of a line of the log.")
@_option("access_log", is_flag=True, help="Log every request.")
@_option(
    "shutdown_seconds",
    type=click.IntRange(0),
    default=10,
    help="Seconds for which requests may still be answered after SIGTERM.",
)
@click.version_option(__version__, message="%(version)s")
def serve(**values: Any) -> None:
    """Answer look-ups over HTTP from the published generation, and follow it to the next."""
    settings = Settings(**values)
    config = uvicorn.Config(
        partial(make_app, settings),
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
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    with _listen(settings) as listener:
        if settings.workers == 1:
            # It has ended in good order by then.
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run([listener])
        else:
            with TemporaryDirectory(prefix="recommender-metrics-") as folder:
                os.environ[SHARED_FOLDER] = folder
                Multiprocess(config, [listener]).run()


def _root_path(text: str) -> str:
    """Return the path without a slash at its end, or fail as wrong usage."""
    found = plain_prefix(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no path such as /films, of letters, digits, and any of ._~-")
    return found


def _listen(settings: Settings) -> socket.socket:
    """Return a socket that is bound, and say where."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, *_, address = found[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise click.ClickException(
            f"can't listen on {settings.host}, port {settings.port}: {_reason(error)}; "
            "name another --port or --host, or stop what is there"
        ) from error
    listener.set_inheritable(True)
    host = f"[{settings.host}]" if family == socket.AF_INET6 else settings.host
    log.info("running on http://%s:%s", host, listener.getsockname()[1])
    return listener


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "that is no name of a host"
    # What Python says of an address repeats it; a name that is none has no number of the system.
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)


if __name__ == "__main__":
    serve()

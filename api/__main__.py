"""`python -m api`: serve what is published in a folder."""

import logging
import os
from collections.abc import Callable
from logging.config import dictConfig
from pathlib import Path
from typing import Any, TypeVar

import click

from api import __version__
from api.keys import PUBLIC, Keys, KeysError
from api.links import plain_prefix
from api.listen import listen, reachable
from api.log import log_config
from api.settings import SHARED_FOLDER, Settings
from sql import openable

# Said in place of what is public: in an environment, an empty value is none at all.
NOTHING = "nothing"

Command = TypeVar("Command", bound=Callable[..., Any])

log = logging.getLogger("api")


class WrongValueError(click.ClickException):
    """The value of an option can't be used."""

    exit_code = 2


class OutputFolder(click.Path):
    """A folder in which DuckDB can open files."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return its path. Raises WrongValueError if there is none."""
        try:
            return openable(Path(os.fsdecode(super().convert(value, param, ctx))))
        except (click.BadParameter, ValueError) as error:
            raise WrongValueError(f"--output: {error}") from error


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
    type=OutputFolder(path_type=Path, file_okay=False, readable=False),
    default=Path("output"),
    help="Folder in which generations are published.",
)
@_option("host", default="127.0.0.1", help="Address to listen on; empty, or ::, for all.")
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
    "api_keys_file",
    type=click.Path(path_type=Path),
    default=None,
    help="File with more keys, one a line; SIGHUP has it read again.",
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
@_option("access_log", is_flag=True, help="Log every request but those of probes.")
@_option(
    "keep_alive_seconds",
    type=click.IntRange(1),
    default=75,
    help="Seconds for which a connection waits for its next request; more than those of a load balancer.",
)
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
    dictConfig(log_config(settings.log_format))
    keys = _keys(settings)
    metrics_folder = _inherited_folder()
    from api.server import run  # noqa: PLC0415 (it loads prometheus_client)

    listeners = listen(settings.host, settings.port)
    if (reached := reachable(listeners)) and not keys.are_required:
        log.warning("whoever reaches %s can ask for everything: no key is required (API_KEYS)", reached)
    run(settings, listeners, metrics_folder)


def _root_path(text: str) -> str:
    """Return the path without a slash at its end, or fail as wrong usage."""
    found = plain_prefix(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no path such as /films, of letters, digits, and any of ._~-")
    return found


def _keys(settings: Settings) -> Keys:
    """Return the keys, of which those in a file can be read."""
    keys = Keys(settings.api_keys, settings.api_keys_file)
    try:
        keys.read()
    except KeysError as error:
        raise WrongValueError(f"--api-keys-file: {error}") from error
    return keys


def _inherited_folder() -> str | None:
    """Return the folder for metrics that the environment names, and take it from there.

    Another program may have left it. One process does not need it; several count in a new one inside of it.
    """
    folder = os.environ.pop(SHARED_FOLDER, None) or None
    if folder and not (Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise WrongValueError(
            f"{SHARED_FOLDER}: {folder} is no folder that can be written to; name another, or unset it"
        )
    return folder


if __name__ == "__main__":
    serve()

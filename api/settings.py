"""The options of `python -m api`, each defined once, and the form of the logs."""

import logging
import os
import re
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import click

from sql import openable

# The folder in which several processes add their metrics up; prometheus_client reads it when it is loaded.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# What `--public` can name, and which paths that is.
PUBLIC = {
    "health": frozenset({"/healthz", "/readyz"}),
    "metrics": frozenset({"/metrics"}),
    "docs": frozenset({"/docs", "/openapi.json"}),
    "page": frozenset({"/", "/users", "/random", "/films", "/new", "/system"}),
    "nothing": frozenset[str](),  # an empty value of an environment variable counts as none
}
MAX_PREFIX = 256
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class WrongValueError(click.ClickException):
    """The value of an option can't be used."""

    exit_code = 2


class _OutputFolder(click.Path):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        try:
            return openable(Path(os.fsdecode(super().convert(value, param, ctx))))
        except (click.BadParameter, ValueError) as error:
            raise WrongValueError(f"--output: {error}") from error


class _Words(click.ParamType[tuple[str, ...], str]):
    name = "words"

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        words = tuple(word.strip() for word in value.split(",") if word.strip())
        if value and not words:
            self.fail(f"{value!r} holds nothing; leave it out, or name something.", param, ctx)
        for word in words:
            if self._choices and word not in self._choices:
                self.fail(f"{word!r} is none of {', '.join(self._choices)}.", param, ctx)
        return words


def plain_prefix(text: str) -> str | None:
    """Return a prefix without a slash at its end; None if it is invalid.

    Proxies behind one another name theirs with commas between them.
    """
    found = "".join(part.strip().rstrip("/") for part in text.split(","))
    return found if len(found) <= MAX_PREFIX and _PREFIX.fullmatch(found) else None


class _RootPath(click.ParamType[str, str]):
    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = plain_prefix(value)
        if found is None:
            self.fail(
                f"{value!r} is no path such as /recommender, of letters, digits, and any of ._~-", param, ctx
            )
        return found


_FOLDER = _OutputFolder(path_type=Path, file_okay=False, readable=False)


@dataclass(frozen=True)
class Settings:
    """The options of `python -m api`, each with its help; its environment variable has its name."""

    output: Annotated[Path, "Folder in which generations are published.", _FOLDER] = Path("output")
    host: Annotated[
        str, "Address to listen on; --host '' or :: for all addresses. An empty HOST means the default."
    ] = "127.0.0.1"
    port: Annotated[int, "Port to listen on; 0 for any that is free.", click.IntRange(0, 65535)] = 5000
    root_path: Annotated[
        str,
        "Path prefix of the proxy, for example /recommender. Not needed if the proxy sends "
        "X-Forwarded-Prefix.",
        _RootPath(),
    ] = ""
    workers: Annotated[int, "Processes that answer, all from one file.", click.IntRange(1)] = 1
    api_keys: Annotated[
        tuple[str, ...],
        "Accepted keys, separated by commas. Without keys here or in --api-keys-file, no key is needed.",
        _Words(),
    ] = ()
    api_keys_file: Annotated[
        Path | None,
        "File with more keys, one per line. Send SIGHUP to read it again.",
        click.Path(path_type=Path),
    ] = None
    public: Annotated[
        tuple[str, ...],
        "Parts that need no key even if keys are set: health, metrics, docs, page; or nothing.",
        _Words(*PUBLIC),
    ] = ("health", "docs")
    page: Annotated[bool, "Serve the page for people at /; --no-page leaves it out."] = True
    cors_origins: Annotated[
        tuple[str, ...],
        "Origins whose pages may read answers, with commas between them; * for all.",
        _Words(),
    ] = ()
    log_format: Annotated[str, "Form of a line of the log.", click.Choice(["text", "json"])] = "text"
    access_log: Annotated[bool, "Log every request but those of probes."] = False
    keep_alive_seconds: Annotated[
        int,
        "Seconds for which an idle connection stays open. Set it higher than the idle timeout of a load "
        "balancer.",
        click.IntRange(1),
    ] = 75
    shutdown_seconds: Annotated[
        int, "Seconds for which requests may still be answered after SIGTERM.", click.IntRange(0)
    ] = 10


def options() -> list[click.Parameter]:
    """Return the settings as options of a command."""
    found: list[click.Parameter] = []
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        option, default = f"--{name.replace('_', '-')}", getattr(Settings, name)
        text, *kind = hint.__metadata__
        found.append(
            click.Option(
                [f"{option}/--no-{name}" if default is True else option],
                envvar=name.upper(),
                show_envvar=True,
                default=",".join(default) if isinstance(default, tuple) else default,
                help=text,
                type=kind[0] if kind else None,
                is_flag=isinstance(default, bool) or None,
            )
        )
    return found


class WithRequest(logging.Filter):
    """Adds the id of the request that is being answered to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through."""
        record.request_id = request_id.get()
        return True


def log_config(log_format: str) -> dict[str, Any]:
    """Return the configuration of `logging`, for uvicorn's loggers and ours: everything goes to stderr."""
    json_formatter = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "format": "%(levelname)s %(name)s %(message)s %(request_id)s",
        "rename_fields": {"levelname": "level", "name": "logger"},
        "timestamp": "time",
        # What uvicorn and logging add to a record for lines on a terminal is left out.
        "reserved_attrs": [*logging.makeLogRecord({}).__dict__, "color_message", "message", "asctime"],
    }
    text = {"()": "uvicorn.logging.DefaultFormatter", "fmt": "%(levelprefix)s %(message)s"}
    handler = {"class": "logging.StreamHandler", "formatter": log_format, "filters": ["with_request"]}
    logger = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"with_request": {"()": WithRequest}},
        "formatters": {"text": text, "json": json_formatter},
        "handlers": {"stderr": handler},
        "loggers": {"uvicorn": logger, "api": logger},
    }

"""Options: each setting is one on the command line, and an environment variable."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from batch.errors import UsageError
from batch.settings import by_name
from sql import openable
from sql.ids import SPACES, id_of

Command = TypeVar("Command", bound=Callable[..., Any])


class FiniteRange(click.FloatRange):
    """A number in a range; NaN, which is in every range, is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or fail as wrong usage."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Id(click.ParamType[str]):
    """An id of a user or a movie, as in the input, where an empty one is missing."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, cleaned as those of the input are, or fail as wrong usage."""
        found = id_of(value)
        if found is None:
            self.fail(f"{value!r} is no id." if value.strip(SPACES) else "the id is empty.", param, ctx)
        return found


class OutputFolder(click.Path):
    """A folder in which DuckDB can open files."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return its path. Raises UsageError if there is none."""
        try:
            return openable(Path(os.fsdecode(super().convert(value, param, ctx))))
        except ValueError as error:
            raise UsageError(f"--output: {error}") from error


def own_option(name: str, text: str, **attributes: Any) -> Callable[[Command], Command]:
    """Make an option of a command: its environment variable has the same name, in capitals."""
    return click.option(
        f"--{name.replace('_', '-')}",
        envvar=name.upper(),
        show_envvar=True,
        show_default=True,
        help=text,
        **attributes,
    )


def option(name: str, text: str = "") -> Callable[[Command], Command]:
    """Make the option of a setting, with its help or the text of a command that uses it otherwise."""
    setting = by_name()[name]
    limits = setting.metadata
    kinds: dict[Any, Any] = {
        Path: (OutputFolder if name == "output" else click.Path)(
            path_type=Path, file_okay=False, readable=False
        ),
        int: click.IntRange(limits["least"], limits["most"]),
        float: FiniteRange(limits["least"], limits["most"]),
        str: click.Choice(limits["choices"]) if limits["choices"] else click.STRING,
    }
    kind = {"is_flag": True} if setting.type is bool else {"type": kinds[setting.type]}
    return own_option(name, text or limits["help"], default=setting.default, **kind)


quiet_option = own_option("quiet", "Show errors and warnings only.", is_flag=True)
json_option = click.option(
    "--json", "as_json", envvar="JSON", show_envvar=True, is_flag=True, help="Print the result as JSON."
)
in_advance_option = own_option(
    "in_advance", "Also accept an id that does not exist yet: it counts from the next run on.", is_flag=True
)


def options(*names: str) -> Callable[[Command], Command]:
    """Make the options of several settings, in this order."""

    def decorate(function: Command) -> Command:
        for name in reversed(names):
            function = option(name)(function)
        return function

    return decorate

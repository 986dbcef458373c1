"""The generated pages of `docs/`: `python -m tests.project.generated OUTPUT` writes them."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.__main__ import serve
from batch.cli import commands
from batch.data.input_spec import (
    Event,
    Files,
    HiddenFiles,
    InputSpec,
    InteractionFiles,
    ItemFiles,
    Time,
    UserFiles,
    Value,
)
from batch.errors import BatchError
from batch.generation.output_folder import Output
from batch.generation.schema import schema
from batch.settings import Settings, by_name

DOCS = Path(__file__).parents[2] / "docs"

_CONFIGURATION = """# Configuration

After this page you can set every option of a run and of the service, on the command line or by an
environment variable.

`make docs` writes this page from the definitions of the options. An option on the command line takes
precedence over its environment variable. For an option that is on or off, the variable is `true` or `false`.
[Command line](cli.md) has the options of all commands.

## Options of a run

These are the options of `python -m batch run`, in `batch/settings.py`. `evaluate` and `tune` have those of
the model too; [Model](model.md) explains them.

| option | environment | default | allowed | meaning |
|---|---|---|---|---|
"""
_SERVICE = """
## Options of the service

These are the options of `python -m api`, in `api/settings.py`.

| option | environment | default | meaning |
|---|---|---|---|
"""
_CLI = """# Command line

After this page you can call every command with every option.

`make docs` writes this page; it is what `--help` prints. [Operations](operations.md) explains the commands
and their exit statuses.
"""


def configuration() -> str:
    """Return the page about the options of a run and of the service."""
    return "\n".join((_CONFIGURATION.rstrip(), *_settings(), _SERVICE.rstrip(), *_options(), ""))


def _settings() -> Iterator[str]:
    for name, setting in by_name().items():
        option, default = f"--{name.replace('_', '-')}", getattr(Settings(), name)
        shown = "off" if default is False else f"`{default}`"
        about = setting.metadata
        allowed = f"{about['least']:,.15g} to {about['most']:,.15g}" if about["least"] is not None else ""
        allowed = ", ".join(f"`{choice}`" for choice in about["choices"]) or allowed
        yield f"| `{option}` | `{name.upper()}` | {shown} | {allowed} | {about['help']} |"


def _options() -> Iterator[str]:
    for option in serve.params:
        if isinstance(option, click.Option) and option.envvar:
            shown = f"`{option.default}`" if option.default else "none"
            default = ("on" if option.default is True else "off") if option.is_flag else shown
            yield f"| `{option.opts[0]}` | `{option.envvar}` | {default} | {option.help} |"


_REFERENCE = "## Reference of input.toml\n"
_ABOUT_REFERENCE = """`make docs` writes this section from `batch/data/input_spec.py`. A column is its name,
in any letter case, or its position from 1 in a file without a header; of lines of JSON also a path such as
`product.id`.
"""
_TABLES: dict[str, type[BaseModel]] = {
    "value": Value,
    "event": Event,
    "time": Time,
    "items": ItemFiles,
    "users": UserFiles,
    "hidden": HiddenFiles,
}


def input_reference() -> str:
    """Return the section about `input.toml`, to the end of its page: every key of every table."""
    lines = [
        _REFERENCE,
        _ABOUT_REFERENCE,
    ]
    own = {
        name: key for name, key in InputSpec.model_fields.items() if name not in {*_TABLES, "interactions"}
    }
    lines += ["### Above all tables\n", *_keys(own)]
    lines += ["### `[interactions]`\n", *_keys(InteractionFiles.model_fields)]
    for name, table in _TABLES.items():
        shared = Files.model_fields if issubclass(table, Files) else {}
        keys = {key: field for key, field in table.model_fields.items() if key not in shared}
        lines += [f"### `[{name}]`\n", f"{InputSpec.model_fields[name].description}\n"]
        if shared:
            lines += ["Also the keys of `[interactions]` from `file` to `header`.\n"]
        lines += _keys(keys)
    return "\n".join(lines).rstrip() + "\n"


def _keys(keys: Mapping[str, FieldInfo]) -> list[str]:
    rows = [
        f"| `{name}` | {_default(field)} | {field.description} |".replace("`|`", "<code>&#124;</code>")
        for name, field in keys.items()
    ]
    return ["| key | default | meaning |", "|---|---|---|", *rows, ""]


def _default(field: FieldInfo) -> str:
    """Return a default as TOML has it."""
    if field.is_required():
        return "required"
    if field.default in (None, "", (), {}):
        return '`""`' if field.default == "" and field.annotation is str else "none"
    return f"`{json.dumps(field.default)}`"


def command_line() -> str:
    """Return the page with the help of every command."""
    job = _context(commands, "python -m batch")
    of_job = (_context(command, name, job) for name, command in sorted(commands.commands.items()))
    helps = map(_help, (job, *of_job, _context(serve, "python -m api")))
    return "\n".join((_CLI, *helps))


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return click.Context(command, parent, info_name=name, terminal_width=100, **command.context_settings)


def _help(context: click.Context) -> str:
    return f"## `{context.command_path}`\n\n```\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    (DOCS / "configuration.md").write_text(configuration(), encoding="utf-8")
    page = (DOCS / "input.md").read_text(encoding="utf-8").split(_REFERENCE)[0]
    (DOCS / "input.md").write_text(page + input_reference(), encoding="utf-8")
    (DOCS / "cli.md").write_text(command_line(), encoding="utf-8")
    try:
        (DOCS / "schema.md").write_text(schema(Output(Path(sys.argv[1])).published()), encoding="utf-8")
    except BatchError as error:
        sys.exit(f"error: docs/schema.md was not written: {error}")

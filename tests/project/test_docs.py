"""What the documents say is so."""

import re
import tomllib
from pathlib import Path

import click
import pytest

import api
import batch
from api.__main__ import serve
from batch.cli import commands
from batch.datasets.catalogue import SETS
from batch.generation.publish import Published
from batch.generation.schema import schema
from batch.settings import Settings, by_name
from sql import FOLDER

README = Path("README.md").read_text(encoding="utf-8")


def test_the_schema_is_that_of_the_published_file(published: Published) -> None:
    assert Path("docs/schema.md").read_text(encoding="utf-8") == schema(published.file)


def test_the_versions_are_one_and_the_changelog_has_it() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == batch.__version__ == api.__version__


def test_every_setting_is_in_the_readme_with_its_default_and_what_it_does() -> None:
    for name, setting in by_name().items():
        option, default = f"--{name.replace('_', '-')}", getattr(Settings(), name)
        shown = "off" if default is False else f"`{default}`"
        assert f"| `{option}` | `{name.upper()}` | {shown} | {setting.metadata['help']} |" in README


def test_every_option_of_the_service_is_in_the_readme() -> None:
    options = [each for each in serve.params if isinstance(each, click.Option) and each.envvar]
    assert len(options) == 14
    for each in options:
        shown = f"`{each.default}`" if each.default else "none"
        default = ("on" if each.default is True else "off") if each.is_flag else shown
        assert f"| `{each.opts[0]}` | `{each.envvar}` | {default} | {each.help} |" in README


def test_every_rule_is_in_the_readme() -> None:
    files = [file for folder in ("load", "clean") for file in (FOLDER / folder).glob("*.sql")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    rules = set(re.findall(r"(?:then|else) '(\w+)'", code)) | {"movie_id_missing"}
    assert "superseded" in rules
    assert [rule for rule in rules if f"`{rule}`" not in README] == []


@pytest.mark.parametrize("command", [*commands.commands])
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"python -m batch {command}" in README


def test_every_data_set_is_in_the_readme() -> None:
    for each in SETS.values():
        assert f"| `{each.name}` | {each.ratings} | {each.size} | {each.about} |" in README


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named
    assert named <= targets


def test_every_path_in_the_readme_exists() -> None:
    paths = set(re.findall(r"`((?:batch|api|sql|docs|tests)/[\w./]*)`", README))
    assert paths
    assert [path for path in paths if not Path(path).exists()] == []


def test_every_saved_query_in_the_readme_exists() -> None:
    named = set(re.findall(r"python -m batch sql ([a-z_]+)", README))
    assert named
    assert named <= {file.stem for file in (FOLDER / "inspect").glob("*.sql")}


def test_requirements_are_pinned() -> None:
    for file in [*Path().glob("requirements*.txt"), *Path("benchmarks").glob("requirements*.txt")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert line.startswith(("#", "-r ")) or re.fullmatch(r"[\w-]+==[\w.]+", line), line
    assert tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["strict"]

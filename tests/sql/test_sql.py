"""Statements: each says what one row is and which parameters it takes, and that is true."""

import re
from pathlib import Path

import duckdb
import pytest

from sql import FOLDER

FILES = sorted(FOLDER.rglob("*.sql"))


def _name(file: Path) -> str:
    return file.relative_to(FOLDER).with_suffix("").as_posix()


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_header_names_the_parameters(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    declared = re.findall(r"^-- parameters: (.*)$", text, flags=re.MULTILINE)
    names = {name.strip().removeprefix("$") for line in declared for name in line.split(",")}
    used = {name for each in duckdb.extract_statements(text) for name in each.named_parameters}
    assert names == used


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_header_says_what_one_row_is(file: Path) -> None:
    question, grain, *_ = [*file.read_text(encoding="utf-8").splitlines(), ""]
    if _name(file).startswith("inspect/"):
        assert re.fullmatch(r"-- [A-Z].*\?", question)
    else:
        grain = question
    assert re.match(r"-- (one row|no row|what one value)", grain)


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_parameters_stand_in_the_last_statement_where_they_are_bound(file: Path) -> None:
    *others, _last = duckdb.extract_statements(file.read_text(encoding="utf-8"))
    assert not any(statement.named_parameters for statement in others)


def test_every_statement_is_used() -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for half in ("batch", "api", "benchmarks")
        for file in Path(half).rglob("*.py")
    )
    # The files of these folders are used because they are there.
    tables = [f"rewrite/{file.stem}" for file in (FOLDER / "generation").glob("*.sql")]
    listed = ("invariants/", "inspect/", "macros/", "generation/", "rewrite/lists/", *tables)
    unlisted = [name for name in map(_name, FILES) if not name.startswith(listed)]
    lookups = {
        f"lookups/{name}" for name in re.findall(r'"(\w+)"', Path("api/generation.py").read_text("utf-8"))
    }
    assert [name for name in unlisted if f'"{name}"' not in code and name not in lookups] == []

"""Each list of requirements is what its half imports."""

import ast
import sys
from pathlib import Path

OWN = {"api", "batch", "sql"}
# uvicorn loads the first two, and logging the third, by the name that it is told.
LOADED_BY_NAME = {"uvloop", "python-json-logger"}


def _imported(folder: str) -> set[str]:
    names = set()
    for file in Path(folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names


def _required(file: str) -> set[str]:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line}


def test_the_short_list_is_what_the_api_imports() -> None:
    imported = _imported("api") - OWN - sys.stdlib_module_names
    required = {name.replace("-", "_") for name in _required("requirements-api.txt") - LOADED_BY_NAME}
    assert imported == required


def test_the_list_is_what_the_job_imports() -> None:
    imported = _imported("batch") - OWN - sys.stdlib_module_names
    # What the API requires, too; markupsafe is of jinja2.
    shared = {"click", "duckdb", "jinja2", "markupsafe"}
    assert imported == _required("requirements.txt") | _required("requirements-spark.txt") | shared


def test_four_files_say_all() -> None:
    assert len([*Path().glob("requirements*.txt")]) <= 4

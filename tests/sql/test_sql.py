"""Statements: each says what one row is and which parameters it takes, and that is true."""

import re
from pathlib import Path

import duckdb

from batch.data.clean import RELATIONS
from sql import FOLDER

TEXTS = {
    file.relative_to(FOLDER).with_suffix("").as_posix(): file.read_text(encoding="utf-8")
    for file in sorted(FOLDER.rglob("*.sql"))
}


def _parameters(statement: duckdb.Statement) -> set[str]:
    return set(statement.named_parameters)


def test_every_header_names_the_parameters_of_its_statements() -> None:
    wrong = {}
    for name, text in TEXTS.items():
        lines = re.findall(r"^-- parameters: (.*)$", text, flags=re.MULTILINE)
        header = {parameter.strip().removeprefix("$") for line in lines for parameter in line.split(",")}
        used = set().union(*map(_parameters, duckdb.extract_statements(text)))
        if header != used:
            wrong[name] = header ^ used
    assert wrong == {}


def test_every_header_says_what_one_row_is() -> None:
    wrong = []
    for name, text in TEXTS.items():
        # A saved query begins with the question that it answers.
        question, grain = (
            r"-- [A-Z].*\?\n" if name.startswith("inspect/") else "",
            "one row|no row|what one value",
        )
        if not re.match(f"{question}-- ({grain})", text):
            wrong.append(name)
    assert wrong == []


def test_every_parameter_stands_in_the_last_statement_which_alone_gets_values() -> None:
    earlier = {name: duckdb.extract_statements(text)[:-1] for name, text in TEXTS.items()}
    assert [name for name, statements in earlier.items() if any(map(_parameters, statements))] == []


def test_statements_after_cleaning_read_only_what_their_step_was_handed() -> None:
    frames = re.findall(r'^ {8}"(\w+)": ', Path("batch/generation/write.py").read_text("utf-8"), re.MULTILINE)
    handed = {*RELATIONS, *frames}
    found = set()
    for name, text in TEXTS.items():
        if name.startswith(("train/", "write/", "generation/", "invariants/")):
            words = re.sub(r"--.*|'[^']*'", "", text)
            of_this_statement = set(re.findall(r"(\w+) as (?:not materialized )?\(", words))
            read = set(re.findall(r"\b(?:from|join)\s+(\w+)(?=[\s;)])", words))
            found |= {(name, each) for each in read - of_this_statement - handed}
    assert found == set()


def test_every_statement_is_used() -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for half in ("batch", "api", "benchmarks")
        for file in Path(half).rglob("*.py")
    )
    # The files of these folders are used because they are there.
    listed = ("invariants/", "inspect/", "macros/", "generation/")

    def is_used(name: str) -> bool:
        folder, _, stem = name.rpartition("/")
        return f'"{name}"' in code or (f'f"{folder}/{{' in code and f'"{stem}"' in code)

    assert [name for name in TEXTS if not name.startswith(listed) and not is_used(name)] == []

"""An id is cleaned by one rule: the job does it in SQL, the service and the commands in Python."""

import json
from collections.abc import Iterator

import click
import duckdb
import pytest
from hypothesis import example, given, settings, strategies as st

from batch.commands.options import Id
from batch.generation.publish import Published
from sql import statement
from sql.ids import id_of
from tests.commands import invoke

# Texts near the borders of the rule; any text is beside them.
NUMBERS = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
WORDS = st.sampled_from(["", "nan", "NaN", "NAN", "null", "NULL", "None", "\\N", "<NA>", "NA", "A", "é"])
SPACES = st.text(" \t\v\f\xa0\r\n\u3000", max_size=2)
TEXTS = st.lists(st.builds("{}{}{}".format, SPACES, NUMBERS | WORDS | st.text(max_size=8), SPACES))
BORDERS = [
    *("1.58292E+18", "1.58292e+18", "1.7014118346046923e+38", "-1.7014118346046923e+38"),
    *("1.5e+00", "2.5e+00", "-0e+00", "18\x00", "\u0663.0"),
]


@pytest.fixture(scope="module")
def cleaning() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that cleans ids as the job does."""
    with duckdb.connect() as connection:
        connection.execute(statement("load/ids"))
        yield connection


@settings(deadline=None, max_examples=200, derandomize=True)
@given(texts=TEXTS)
@example(texts=BORDERS)
def test_an_id_is_the_same_in_python_and_in_sql(
    cleaning: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    cleaned = "select list_transform($texts, lambda text: id_of(text))"
    ((expected,),) = cleaning.execute(cleaned, {"texts": texts}).fetchall()
    assert [id_of(text) for text in texts] == expected


def test_an_id_is_cleaned_and_cleaning_it_again_changes_nothing() -> None:
    texts = {"18": "18", " 18": "18", "18.0": "18", "\t18.000\xa0": "18", "1e+16": "10000000000000000"}
    texts |= {"18.5": "18.5", "018": "018", " user@x ": "user@x"}
    assert {text: id_of(text) for text in texts} == texts
    assert {text: id_of(text) for text in texts.values()} == {text: text for text in texts.values()}
    assert [id_of(text) for text in ("", " ", "NaN")] == [None] * 3


def test_an_id_on_the_command_line_is_cleaned(nights: list[Published]) -> None:
    output = nights[0].file.parent.parent
    for text in ("18", "18.0", " 18"):
        found = invoke("diff", "--user-id", text, "--output", output, "--json")
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["user_id"] == "18"


@pytest.mark.parametrize(("text", "error"), [(" ", "the id is empty."), ("NaN", "'NaN' is no id.")])
def test_an_invalid_id_is_wrong_usage(text: str, error: str) -> None:
    with pytest.raises(click.BadParameter, match=error):
        Id().convert(text, None, None)

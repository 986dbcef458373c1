"""Queries: each saved one answers its question on a real file, with parameters and the generation before."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from batch.errors import UsageError
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.query import query, saved_queries
from tests.commands import invoke
from tests.conftest import WriteInput, copied, publish
from tests.films import ITEMS, RATINGS, USERS, withheld

DOCUMENTED = Path("docs/sql.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def night(items: Path, published: Published, tmp_path_factory: pytest.TempPathFactory) -> Output:
    """A folder with two generations: in the newer one, user 18 has watched the movie that was withheld."""
    folder = tmp_path_factory.mktemp("night")
    output = Output(folder / "output")
    copied(published, output.folder)
    later = folder / "later"
    later.mkdir()
    watched = f"18,{withheld(18)},5,1600000000\n"
    (later / "ratings.csv").write_text(f"{RATINGS}{watched}", encoding="utf-8")
    (later / "movies.csv").write_bytes((items / "movies.csv").read_bytes())
    publish(later, output.folder)
    return output


def _rows(output: Output, name: str, **values: str) -> list[dict[str, Any]]:
    older, newer = output.generations()
    answer = query(output.file(newer), name, values, output.file(older))
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def test_every_saved_query_is_a_question_that_runs_and_is_documented(night: Output) -> None:
    older, newer = night.generations()
    for name, question in saved_queries().items():
        assert question.endswith("?")
        assert f"| `{name}` | {question} |" in DOCUMENTED
        assert query(night.file(newer), name, before=night.file(older)).columns


def test_users_get_the_item_that_was_withheld(night: Output) -> None:
    rows = _rows(night, "who_gets", title="the 4 (")
    assert {row["title"] for row in rows} == {"Movie, The 4 (1994)"}
    listed = "select user_id from recommendations where item_id = '4' order by rank, user_id"
    assert [row["user_id"] for row in rows] == [row["user_id"] for row in _rows(night, listed)]
    assert {"4", "24"} <= {row["user_id"] for row in rows}
    assert _rows(night, "who_gets") == []


def test_items_are_found_by_words_of_their_title(night: Output) -> None:
    assert [row["item_id"] for row in _rows(night, "find_films", title="NEVER")] == ["unrated"]
    assert len(_rows(night, "find_films")) == ITEMS + 1


def test_a_user_who_watched_the_best_of_the_list_lost_a_place(night: Output) -> None:
    lost = {row["user_id"]: row for row in _rows(night, "lists_lost")}
    assert len(lost) == USERS
    assert lost["18"]["new_ratings"] == 1
    assert lost["18"]["items_left"] < lost["18"]["items_before"]
    assert {row["new_ratings"] for user, row in lost.items() if user != "18"} == {0}


def test_an_item_that_is_in_one_list_less_has_fallen(night: Output) -> None:
    moved = {row["item_id"]: row["moved"] for row in _rows(night, "risen_and_fallen")}
    listed = "select item_id, count(*) as lists from {}recommendations group by item_id"
    now, before = (
        {row["item_id"]: row["lists"] for row in _rows(night, listed.format(schema))}
        for schema in ("", "before.")
    )
    changes = {item: now.get(item, 0) - before.get(item, 0) for item in {*now, *before}}
    assert moved == {item: change for item, change in changes.items() if change}


def test_items_in_no_list_are_never_recommended(items: Path, tmp_path: Path) -> None:
    made = publish(items, tmp_path, top_n=1)
    listed = {item_id for (item_id,) in query(made.file, "select distinct item_id from recommendations").rows}
    unseen = {row[0] for row in query(made.file, "never_recommended").rows}
    assert unseen == {str(item) for item in range(ITEMS)} - listed


def test_lists_of_popular_items_are_found(published: Published) -> None:
    # The list is as deep as there are popular movies, so nothing but watched movies is missing in it.
    found = query(published.file, "all_popular").rows
    counted = "select user_id, count(*) from recommendations where rank <= 10 and item_id in "
    expected = query(published.file, f"{counted} (select item_id from popular) group by user_id").rows
    assert {(row[0], row[3]) for row in found} == {*expected}


def test_shares_add_up(published: Published) -> None:
    for name in ("genres_shown", "decades_shown"):
        rows = query(published.file, name).rows
        assert sum(row[1] for row in rows) == pytest.approx(1, abs=1e-3)
        assert sum(row[2] for row in rows) == pytest.approx(1, abs=1e-3)


def test_hidden_items_have_the_place_that_they_would_have(write_input: WriteInput, tmp_path: Path) -> None:
    file = publish(write_input(RATINGS, hidden="movieId\n4\n"), tmp_path / "output").file
    ((item_id, _title, ratings, popularity, rank),) = query(file, "hidden_films").rows
    better = query(file, f"select count(*) from items where not is_hidden and popularity > {popularity}").rows
    assert (item_id, rank) == ("4", better[0][0] + 1)
    assert ratings > 0


def test_without_a_generation_before_there_is_nothing_to_compare_with(published: Published) -> None:
    with pytest.raises(UsageError, match="compares with the generation before, and there is none"):
        query(published.file, "lists_lost")
    done = invoke("sql", "lists_lost", "--output", published.file.parent.parent)
    assert (done.returncode, done.stdout) == (2, "")


def test_values_are_bound_and_their_names_are_checked(published: Published) -> None:
    output = published.file.parent.parent
    asked = ("select user_id from users where user_id = $user_id", "user_id=1' or '1'='1")
    assert invoke("sql", *asked, "--output", output).stdout == "user_id\n"
    for values, said in (
        (("who_gets", "titel=x"), "has no parameter titel; there is title"),
        (("select 1", "x=1"), "has no parameter x; there is none"),
        (("select $x",), "has a parameter x; give it by x=VALUE"),
        (("select", "1"), "'1' is no PARAMETER=VALUE"),
    ):
        done = invoke("sql", *values, "--output", output)
        assert done.returncode == 2
        assert said in done.stderr


def test_another_generation_can_be_asked(night: Output) -> None:
    older, newer = night.generations()
    for generation in (older, newer):
        arguments = ("--generation", generation, "--output", night.folder, "--json")
        (row,) = json.loads(invoke("sql", "select id from generation", *arguments).stdout)
        assert row == {"id": generation}


def test_a_forgotten_reader_blocks_no_run_and_keeps_what_it_has_opened(
    items: Path, published: Published, tmp_path: Path
) -> None:
    before = copied(published, tmp_path)
    tool = Path(sysconfig.get_path("scripts")) / "duckdb"
    reader = subprocess.Popen(
        [tool, "-readonly", "-csv", "-noheader", Output(tmp_path).link],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin
    assert reader.stdout
    try:
        ask = "select id from generation;\n"
        reader.stdin.write(ask)
        reader.stdin.flush()
        assert reader.stdout.readline().strip() == before.generation
        after = publish(items, tmp_path, seed=1)
        reader.stdin.write(ask)
        reader.stdin.flush()
        assert reader.stdout.readline().strip() == before.generation
    finally:
        reader.communicate()
    assert Output(tmp_path).current() == after.generation
    assert re.fullmatch(r"\S+", after.generation)

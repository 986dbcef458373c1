"""A hidden movie is in no list: of what is published at once, and of later runs."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.data.exclusions import read_exclusions
from batch.errors import RefusedError, UsageError
from batch.generation.hide import show_again
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.verify import verify
from tests.batch.generation.conftest import hidden
from tests.batch.recommend.test_segments import HEADER as USERS_HEADER
from tests.commands import invoke
from tests.conftest import WriteInput, changed, copied, publish, select
from tests.films import RATINGS, RATINGS_HEADER

# Each list that loses a movie is one shorter until the next run: table, owner of a list, movie.
LISTS = (
    ("recommendations", "user_id", "item_id"),
    ("similar_items", "item_id", "similar_item_id"),
    ("popular_by_segment", "segment", "item_id"),
)
# The rest is at once as a run with the movie hidden makes it.
SAME_TABLES = ("popular", "items", "users", "histories", "user_factors")
LENGTHS = "select distinct count(*) from recommendations group by user_id order by all"
HIDDEN = "select item_id from items where is_hidden"


def _lists(file: Path, table: str, owner: str, item: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the lists of a table by owner, each in the order of ranks."""
    lists: dict[str, list[tuple[Any, ...]]] = {}
    for name, *entry in select(file, f"select {owner}, {item}, score from {table} order by {owner}, rank"):
        lists.setdefault(name, []).append(tuple(entry))
    return lists


@pytest.mark.parametrize("top_n", [5, 10])
def test_a_list_is_at_once_the_beginning_of_the_list_that_a_run_with_the_item_hidden_makes(
    published: Published, of_five: Published, write_input: WriteInput, tmp_path: Path, top_n: int
) -> None:
    before = copied(published if top_n == 10 else of_five, tmp_path / "output")
    done = hidden(tmp_path / "output", "4")
    assert done.rewritten
    assert done.rewritten.rows_removed["recommendations"] > 0
    file = Output(tmp_path / "output").published()
    expected = publish(write_input(RATINGS, hidden="movieId\n4\n"), tmp_path / "expected", top_n=top_n).file
    for names in LISTS:
        old, new, full = (_lists(each, *names) for each in (before.file, file, expected))
        lengths = {owner: sum(item_id != "4" for item_id, _ in entries) for owner, entries in old.items()}
        assert new == {owner: full[owner][:length] for owner, length in lengths.items()}
    of_lookups = "select user_id, history, segment from lookups"
    for query in (of_lookups, *(f"from {table}" for table in SAME_TABLES)):
        assert select(file, query) == select(expected, query), query
    reasons = "select user_id, item_id, because_item_id from recommendations"
    assert {*select(file, reasons)} <= {*select(expected, reasons)}
    assert select(file, "from similar_items where item_id = '4'") != []
    assert verify(file, users=0).violations == []


def test_who_gets_an_item_because_of_a_hidden_one_gets_it_as_people_like_them_do(
    published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    because = "select distinct because_item_id from recommendations where reason = 'because'"
    item_id = min(each for (each,) in select(published.file, because))
    explained = f"select user_id, item_id from recommendations where because_item_id = '{item_id}'"
    gone = {*select(published.file, f"{explained} and reason = 'because'")}
    hidden(tmp_path, item_id)
    file = Output(tmp_path).published()
    after = {
        (user_id, item): (reason, because_item)
        for user_id, item, reason, because_item in select(
            file, "select user_id, item_id, reason, because_item_id from recommendations"
        )
    }
    assert gone
    assert {after[place] for place in gone & after.keys()} == {("people", None)}
    assert verify(file, users=0).violations == []


def test_a_file_of_a_version_before_reasons_can_hide_an_item(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("alter table recommendations drop reason; drop index lookups_user_id")
        connection.execute("alter table lookups drop reasons")
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    hidden(tmp_path, "4")
    file = Output(tmp_path).published()
    assert select(file, "from recommendations where item_id = '4'") == []
    assert verify(file, users=0).violations == []


def test_lists_of_segments_are_one_shorter(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    # Everybody has watched one of four movies, and then movie 9.
    users = range(120)
    ratings = [f"{user},{user % 4},5,{user}\n{user},9,4,{1_000 + user}" for user in users]
    attributes = USERS_HEADER + "".join(f"{user},{'FM'[user % 2]},30,writer\n" for user in users)
    text = "\n".join([RATINGS_HEADER, *ratings]) + "\n"
    publish(write_input(text, users=attributes), output, top_n=2)
    hidden(output, "9")
    data = write_input(text, users=attributes, hidden="movieId\n9\n")
    expected = publish(data, tmp_path / "expected", top_n=2)
    query = "select segment, rank, item_id from popular_by_segment"
    lists = select(Output(output).published(), query)
    assert lists == [row for row in select(expected.file, query) if row[1] == 1]
    assert [item_id for segment, _, item_id in lists if segment == "gender=F"] == ["2"]


def test_a_list_is_one_shorter_for_each_hidden_item_and_no_more(of_five: Published, tmp_path: Path) -> None:
    copied(of_five, tmp_path)
    for item_id in ("4", "6"):
        hidden(tmp_path, item_id)
    file = Output(tmp_path).published()
    assert select(file, LENGTHS) == [(3,), (4,), (5,)]
    assert select(file, "from recommendations where item_id in ('4', '6')") == []
    assert read_exclusions(tmp_path).hidden == {"4", "6"}
    assert verify(file, users=0).violations == []
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update generation set rows = map_concat(rows, map {'removed': 1::bigint})")
    assert any("every list is full" in each for each in verify(file, users=0).violations)


def test_the_generation_before_is_kept_and_an_item_hidden_already_is_not_written_again(
    published: Published, tmp_path: Path
) -> None:
    before = copied(published, tmp_path)
    done = hidden(tmp_path, "4")
    output = Output(tmp_path)
    assert output.generations() == [before.generation, done.published]
    assert output.current() == done.published
    row = select(output.published(), "select id, made_by, made_from from generation")
    assert row == [(done.published, "hide 4", before.generation)]
    assert not output.work.exists()
    again = hidden(tmp_path, "4")
    assert (again.was_hidden, again.rewritten, again.published) == (True, None, done.published)


def test_later_runs_hide_an_item_until_it_may_be_shown_again(
    items: Path, published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    hidden(tmp_path, "4")
    made = publish(items, tmp_path)
    assert made.is_new
    assert select(made.file, HIDDEN) == [("4",)]
    assert not publish(items, tmp_path).is_new
    assert show_again(Output(tmp_path), "4")
    assert Output(tmp_path).current() == made.generation
    shown = publish(items, tmp_path)
    assert select(shown.file, "from recommendations where item_id = '4'") != []
    assert select(shown.file, LENGTHS) == select(published.file, LENGTHS)
    assert not show_again(Output(tmp_path), "4")


def test_a_rollback_warns_that_items_are_back_and_they_can_be_hidden_again(
    published: Published, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copied(published, tmp_path)
    hidden(tmp_path, "5")
    hidden(tmp_path, "4")
    _, now = rollback(Output(tmp_path))
    assert f"{now} shows movies that are hidden: 4;" in caplog.text
    rollback(Output(tmp_path))
    assert "shows movies that are hidden: 4, 5; take each out again by" in caplog.text
    # Lists that still have other hidden movies do not count.
    users = select(published.file, "select count(*) from recommendations where item_id = '6'")
    rewritten = hidden(tmp_path, "6").rewritten
    assert rewritten
    assert [(rewritten.rows_removed["recommendations"],)] == users
    hidden(tmp_path, "4")
    file = Output(tmp_path).published()
    assert select(file, HIDDEN) == [("4",), ("6",)]
    assert verify(file, users=0).violations == []
    assert read_exclusions(tmp_path).hidden == {"4", "5", "6"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1O", r"perhaps.*1 \(Movie, The 1 \(1991\)\), 10 \("),
        ("the 7", r"perhaps.*7 \(Movie, The 7 \(1997\)\);"),
        ("no such movie", "look for it"),
    ],
)
def test_an_unknown_id_is_refused_with_similar_ones(
    published: Published, tmp_path: Path, typed: str, meant: str
) -> None:
    copied(published, tmp_path)
    with pytest.raises(UsageError, match=f"has the id {typed}, so nothing is hidden; {meant}"):
        hidden(tmp_path, typed)
    assert Output(tmp_path).generations() == [published.generation]
    assert read_exclusions(tmp_path).hidden == set()


def test_an_item_that_is_not_there_is_hidden_when_it_comes(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with pytest.raises(UsageError, match="nothing is published yet"):
        hidden(output, "20")
    assert hidden(output, "20", in_advance=True).published is None
    made = publish(write_input(RATINGS + "1,20,5,1\n"), output)
    assert select(made.file, HIDDEN) == [("20",)]
    assert select(made.file, "from recommendations where item_id = '20'") == []
    assert hidden(output, "21", in_advance=True).title is None
    assert hidden(output, "21").was_hidden


def test_the_last_item_that_may_be_shown_is_not_hidden(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    publish(write_input(RATINGS_HEADER + "\n1,a,5,1\n2,b,5,2\n"), output)
    hidden(output, "a")
    before = Output(output).current()
    with pytest.raises(RefusedError, match="this would leave no movie to show"):
        hidden(output, "b")
    assert Output(output).current() == before
    assert read_exclusions(output).hidden == {"a"}


def test_the_command_prints_what_it_did_and_what_is_left_to_do(published: Published, tmp_path: Path) -> None:
    before = copied(published, tmp_path)

    def printed(*arguments: str) -> str:
        return invoke("hide", *arguments, "--output", tmp_path).stdout

    shown = printed("4")
    new = Output(tmp_path).current()
    assert f"{before.generation} -> {new}: movie 4 (Movie, The 4 (1994)) is in no list" in shown
    assert json.loads(printed("4", "--json", "--quiet")) == {
        "item_id": "4",
        "title": "Movie, The 4 (1994)",
        "was_hidden": True,
        "published": new,
        "rewritten": None,
    }
    assert "from the next run on" in printed("--undo", "4")
    assert "was not hidden" in printed("--undo", "4")
    (newest, _) = json.loads(invoke("generations", "--output", tmp_path, "--json").stdout)
    assert (newest["state"], newest["made_by"]) == ("published", "hide 4")

"""A hidden movie is in no list: of what is published at once, and of later runs."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.data.exclusions import read_exclusions
from batch.errors import RefusedError, UsageError
from batch.generation.hide import Hidden, hide, show_again
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.store import Output
from batch.generation.verify import verify
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.batch.recommend.test_segments import HEADER as USERS_HEADER
from tests.commands import invoke
from tests.conftest import WriteInput, copied, publish
from tests.films import ITEMS, RATINGS, RATINGS_HEADER

# Each list that loses a movie is one shorter until the next run: table, owner of a list, movie.
LISTS = (
    ("recommendations", "user_id", "item_id"),
    ("similar_items", "item_id", "similar_item_id"),
    ("popular_by_segment", "segment", "item_id"),
)
# The rest is at once as a run with the movie hidden makes it.
SAME_TABLES = ("popular", "items", "users", "histories", "user_factors")


def _hide(output: Path, item_id: str, *, in_advance: bool = False) -> Hidden:
    progress = Progress(quiet=True)
    return hide(Output(output), item_id, Settings(output=output), progress, in_advance=in_advance)


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _lists(file: Path, table: str, owner: str, item: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the lists of a table by owner, each in the order of ranks."""
    lists: dict[str, list[tuple[Any, ...]]] = {}
    for name, *entry in _rows(file, f"select {owner}, {item}, score from {table} order by {owner}, rank"):
        lists.setdefault(name, []).append(tuple(entry))
    return lists


@pytest.mark.parametrize("top_n", [5, 100])
def test_a_list_is_at_once_the_beginning_of_the_list_that_a_run_with_the_item_hidden_makes(
    write_input: WriteInput, tmp_path: Path, top_n: int
) -> None:
    output = tmp_path / "output"
    before = publish(write_input(RATINGS), output, top_n=top_n)
    hidden = _hide(output, "4")
    assert hidden.rewritten
    assert hidden.rewritten.rows_removed["recommendations"] > 0
    file = Output(output).published()
    expected = publish(write_input(RATINGS, hidden="movieId\n4\n"), tmp_path / "expected", top_n=top_n)
    for names in LISTS:
        old, new, full = (_lists(each, *names) for each in (before.file, file, expected.file))
        lengths = {owner: sum(item_id != "4" for item_id, _ in entries) for owner, entries in old.items()}
        assert new == {owner: full[owner][:length] for owner, length in lengths.items()}
    for query in (
        "select user_id, history, segment from lookups",
        *(f"select * from {table}" for table in SAME_TABLES),
    ):
        assert _rows(file, query) == _rows(expected.file, query), query
    reasons = "select user_id, item_id, because_item_id from recommendations"
    told, all_reasons = ({row[:2]: row[2] for row in _rows(each, reasons)} for each in (file, expected.file))
    assert told == {place: all_reasons[place] for place in told}
    assert _rows(file, "select count(*) from similar_items where item_id = '4'") != [(0,)]
    assert verify(file, users=0).violations == []


def test_lists_of_segments_are_one_shorter(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    # Everybody has watched one of four movies, and then movie 9.
    users = range(120)
    ratings = [f"{user},{user % 4},5,{user}\n{user},9,4,{1_000 + user}" for user in users]
    told = USERS_HEADER + "".join(f"{user},{'FM'[user % 2]},30,writer\n" for user in users)
    text = "\n".join([RATINGS_HEADER, *ratings]) + "\n"
    publish(write_input(text, users=told), output, top_n=2)
    _hide(output, "9")
    expected = publish(write_input(text, users=told, hidden="movieId\n9\n"), tmp_path / "expected", top_n=2)
    query = "select segment, rank, item_id from popular_by_segment"
    lists = _rows(Output(output).published(), query)
    assert lists == [row for row in _rows(expected.file, query) if row[1] == 1]
    assert [item_id for segment, _, item_id in lists if segment == "gender=F"] == ["2"]


def test_a_list_is_one_shorter_for_each_hidden_item_and_no_more(items: Path, tmp_path: Path) -> None:
    publish(items, tmp_path, top_n=5)
    lengths = "select distinct count(*) from recommendations group by user_id order by all"
    for item_id in ("4", "6"):
        _hide(tmp_path, item_id)
    file = Output(tmp_path).published()
    assert _rows(file, lengths) == [(3,), (4,), (5,)]
    assert verify(file, users=0).violations == []
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update generation set rows = map_concat(rows, map {'removed': 1::bigint})")
    assert any("every list is full" in each for each in verify(file, users=0).violations)
    assert _rows(publish(items, tmp_path, top_n=5).file, lengths) == [(5,)]


def test_the_generation_before_is_kept_and_the_new_one_says_what_it_is(
    published: Published, tmp_path: Path
) -> None:
    before = copied(published, tmp_path)
    hidden = _hide(tmp_path, "4")
    output = Output(tmp_path)
    assert output.generations() == [before.generation, hidden.published]
    assert output.current() == hidden.published
    row = _rows(output.published(), "select id, made_by, made_from from generation")
    assert row == [(hidden.published, "hide 4", before.generation)]
    assert not output.work.exists()


def test_later_runs_hide_it_and_there_is_nothing_to_do_after_the_first(
    items: Path, published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    _hide(tmp_path, "4")
    made = publish(items, tmp_path)
    assert made.is_new
    assert _rows(made.file, "select item_id from items where is_hidden") == [("4",)]
    assert not publish(items, tmp_path).is_new


def test_a_second_item_is_hidden_beside_the_first(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    _hide(tmp_path, "4")
    _hide(tmp_path, "5")
    file = Output(tmp_path).published()
    assert _rows(file, "select count(*) from recommendations where item_id in ('4', '5')") == [(0,)]
    assert read_exclusions(tmp_path).hidden == {"4", "5"}
    assert verify(file, users=0).violations == []


def test_what_is_hidden_already_is_not_written_again(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    first = _hide(tmp_path, "4")
    again = _hide(tmp_path, "4")
    assert (again.was_hidden, again.rewritten, again.published) == (True, None, first.published)


def test_after_a_rollback_it_is_told_that_the_item_is_back_and_it_can_be_hidden_again(
    published: Published, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copied(published, tmp_path)
    _hide(tmp_path, "5")
    _hide(tmp_path, "4")
    _, now = rollback(Output(tmp_path))
    assert f"{now} shows movies that are hidden: 4;" in caplog.text
    rollback(Output(tmp_path))
    assert "shows movies that are hidden: 4, 5; take each out again by" in caplog.text
    for item_id, hidden in (("6", ["6"]), ("4", ["4", "6"])):
        _hide(tmp_path, item_id)
        file = Output(tmp_path).published()
        assert _rows(file, "select item_id from items where is_hidden") == [(each,) for each in hidden]
        assert verify(file, users=0).violations == []
    assert read_exclusions(tmp_path).hidden == {"4", "5", "6"}


def test_the_lists_that_are_counted_are_those_of_the_item_alone(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    _hide(tmp_path, "4")
    rollback(Output(tmp_path))
    (users,) = _rows(published.file, "select count(*) from recommendations where item_id = '6'")
    rewritten = _hide(tmp_path, "6").rewritten
    assert rewritten
    assert (rewritten.rows_removed["recommendations"],) == users


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1O", r"1 \(Movie, The 1 \(1991\)\), 10 \("), ("the 7", r"7 \(Movie, The 7 \(1997\)\);")],
)
def test_an_id_that_no_item_has_is_refused_and_what_may_be_meant_is_named(
    published: Published, tmp_path: Path, typed: str, meant: str
) -> None:
    copied(published, tmp_path)
    with pytest.raises(UsageError, match=f"has the id {typed}, so nothing is hidden; perhaps.*{meant}"):
        _hide(tmp_path, typed)
    with pytest.raises(UsageError, match="has the id no such movie, so nothing is hidden; look for it"):
        _hide(tmp_path, "no such movie")
    assert Output(tmp_path).generations() == [published.generation]
    assert read_exclusions(tmp_path).hidden == set()


def test_an_item_that_is_not_there_is_hidden_when_it_comes(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with pytest.raises(UsageError, match="nothing is published yet"):
        _hide(output, "20")
    assert _hide(output, "20", in_advance=True).published is None
    made = publish(write_input(RATINGS + "1,20,5,1\n"), output)
    assert _rows(made.file, "select is_hidden from items where item_id = '20'") == [(True,)]
    assert _rows(made.file, "select count(*) from recommendations where item_id = '20'") == [(0,)]
    assert _hide(output, "21", in_advance=True).title is None
    assert _hide(output, "21").was_hidden


def test_an_item_may_be_shown_again_from_the_next_run_on(
    items: Path, published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    hidden = _hide(tmp_path, "4")
    assert show_again(Output(tmp_path), "4")
    assert Output(tmp_path).current() == hidden.published
    made = publish(items, tmp_path)
    assert _rows(made.file, "select count(*) > 0 from recommendations where item_id = '4'") == [(True,)]
    assert not show_again(Output(tmp_path), "4")


def test_the_last_item_that_may_be_shown_is_not_hidden(write_input: WriteInput, tmp_path: Path) -> None:
    output = tmp_path / "output"
    publish(write_input(RATINGS_HEADER + "\n1,a,5,1\n2,b,5,2\n"), output)
    _hide(output, "a")
    before = Output(output).current()
    with pytest.raises(RefusedError, match="no movie would be left"):
        _hide(output, "b")
    assert Output(output).current() == before
    assert read_exclusions(output).hidden == {"a"}


def test_the_command_says_what_it_did_and_what_is_left_to_do(items: Path, tmp_path: Path) -> None:
    before = publish(items, tmp_path, top_n=ITEMS)
    done = invoke("hide", "4", "--output", tmp_path)
    new = Output(tmp_path).current()
    assert f"{before.generation} -> {new}: movie 4 (Movie, The 4 (1994)) is in no list" in done.stdout
    spoken = json.loads(invoke("hide", "4", "--output", tmp_path, "--json", "--quiet").stdout)
    assert spoken == {
        "item_id": "4",
        "title": "Movie, The 4 (1994)",
        "was_hidden": True,
        "published": new,
        "rewritten": None,
    }
    undone = invoke("hide", "--undo", "4", "--output", tmp_path).stdout
    assert "from the next run on" in undone
    assert "was not hidden" in invoke("hide", "--undo", "4", "--output", tmp_path).stdout
    (newest, _) = json.loads(invoke("generations", "--output", tmp_path, "--json").stdout)
    assert (newest["state"], newest["made_by"]) == ("published", "hide 4")

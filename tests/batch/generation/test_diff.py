"""What changed between two generations: how many lists, which movies, and one user's entries and exits."""

import json
import re
from pathlib import Path

import pytest

from batch.errors import UsageError
from batch.generation.diff import chosen, diff, diff_of_user
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.reader import noun_of
from tests.commands import invoke
from tests.conftest import changed as changed_copy, copied, publish, written
from tests.films import ITEMS, MOVIES, RATINGS, START, USERS

# User 3 has watched movie 3, which was the best of the list; user 40 is new, and so is movie 20.
LATER = START + 10_000
NEW_RATINGS = RATINGS + f"3,3,5,{LATER}\n40,1,5,{LATER}\n40,20,4,{LATER}\n"
NEW_MOVIES = MOVIES + "20,Movie the Twentieth (2020),Drama\n"


@pytest.fixture(scope="module")
def two(published: Published, tmp_path_factory: pytest.TempPathFactory) -> tuple[Published, Published]:
    """Two nights, between which something was watched, added and hidden; nobody may touch their folder."""
    folder = tmp_path_factory.mktemp("two")
    data = written(folder / "data", NEW_RATINGS, NEW_MOVIES, hidden="movieId\n4\n")
    return copied(published, folder / "output"), publish(data, folder / "output")


def test_the_same_lists_have_not_changed(published: Published, tmp_path: Path) -> None:
    same = diff(published.file, copied(published, tmp_path).file, items=10)
    assert same.items == []
    assert same.lists == {
        "users_before": USERS,
        "users_after": USERS,
        "users_of_both": USERS,
        "lists_changed": 0,
        "share_changed": 0,
        "overlap_at_10": 1,
        "overlap": 1,
    }
    assert same.origins == {"is_same_input": True, "settings": [], "versions": []}


def test_the_diff_counts_changed_lists_and_their_overlap(two: tuple[Published, Published]) -> None:
    before, after = two
    lists = diff(before.file, after.file, items=10).lists
    assert (lists["users_before"], lists["users_after"], lists["users_of_both"]) == (40, 41, 40)
    assert lists["lists_changed"] > 0
    assert lists["share_changed"] == lists["lists_changed"] / 40
    assert 0.5 < lists["overlap_at_10"] < 1
    # Lists are of ten movies at most.
    assert lists["overlap"] == lists["overlap_at_10"]


def test_a_shorter_list_overlaps_by_its_share(published: Published, of_five: Published) -> None:
    found = diff(published.file, of_five.file, items=0)
    assert found.lists["overlap"] == pytest.approx(5 / 9)
    assert found.lists["lists_changed"] == USERS
    assert found.origins["settings"] == ["top_n"]
    for files, reason in (
        ((published.file, of_five.file), "lists are shorter"),
        ((of_five.file, published.file), "lists are deeper"),
    ):
        assert {row["reason"] for row in diff_of_user(*files, "3").changes} == {reason}


def test_items_rise_and_fall_by_the_number_of_lists(two: tuple[Published, Published]) -> None:
    before, after = two
    items = diff(before.file, after.file, items=1).items
    assert [(row["item_id"], row["change"] > 0) for row in items] == [("20", True), ("4", False)]
    assert items[0]["title"] == "Movie the Twentieth (2020)"
    assert all(row["change"] == row["lists_after"] - row["lists_before"] for row in items)
    assert items[1]["lists_after"] == 0


def test_metadata_of_items_are_compared(published: Published, tmp_path: Path) -> None:
    movies = MOVIES.replace("Movie, The 1 (1991)", "Movie, The 1 (1992)").replace(
        '3,"Movie, The 3 (1993)",Drama|Comedy', '3,"Movie, The 3 (1993)",Comedy'
    )
    movies = "".join(line for line in movies.splitlines(keepends=True) if line[:2] not in {"2,", "un"})
    output = tmp_path / "output"
    copied(published, output)
    after = publish(written(tmp_path / "data", RATINGS, movies), output, max_fall=1)
    found = diff(published.file, after.file, items=10)
    assert found.metadata == {
        "items_before": ITEMS + 1,
        "items_after": ITEMS,
        "items_of_both": ITEMS,
        "titles_changed": 2,
        "years_changed": 2,
        "genres_changed": 2,
        "catalogue_share_before": 1,
        "catalogue_share_after": (ITEMS - 1) / ITEMS,
    }
    assert {*found.summary()} >= {
        "movies: 21 before, 20 after",
        "metadata changed: titles of 2, years of 2, genres of 2, among 20 movies of both",
        "rated movies with a title: 100% before, 95.0% after",
    }
    changed = {row.pop("item_id"): tuple(row.values()) for row in found.changed_items}
    assert changed == {
        "1": ("Movie, The 1 (1991)", "Movie, The 1 (1992)", 1991, 1992, *[["Drama", "Comedy"]] * 2),
        "2": ("Movie, The 2 (1992)", "2", 1992, None, ["Drama", "Comedy"], []),
        "3": (*["Movie, The 3 (1993)"] * 2, *[1993] * 2, ["Drama", "Comedy"], ["Comedy"]),
    }
    assert len(diff(published.file, after.file, items=2).changed_items) == 2
    shown = invoke("diff", "--output", output).stdout
    assert re.search(r"^1 +title +Movie, The 1 \(1991\) +Movie, The 1 \(1992\) *$", shown, re.MULTILINE)
    assert re.search(r"^2 +year +1992 *$", shown, re.MULTILINE)


def test_lines_call_items_as_the_newer_generation_does(published: Published, tmp_path: Path) -> None:
    with changed_copy(published, tmp_path) as connection:
        assert noun_of(connection) == ("movie", "movies")
        connection.execute("update generation set noun = ['product', 'products']")
        assert noun_of(connection) == ("product", "products")
        connection.execute("insert into items by name select * replace ('new' as item_id) from items limit 1")
    file = Output(tmp_path).published()
    found = diff(published.file, file, items=10)
    assert "products: 21 before, 22 after" in found.summary()
    of_user = diff_of_user(published.file, file, "3")
    assert [*of_user.summary()] == ["user 3: 0 products entered the list, and 0 left it"]


def test_unchanged_metadata_of_items_is_left_out(published: Published, nights: list[Published]) -> None:
    same = diff(published.file, nights[1].file, items=10)
    assert (same.metadata["titles_changed"], same.changed_items) == (0, [])
    assert not [line for line in same.summary() if line.startswith(("movies", "metadata", "rated"))]


def test_an_exit_has_a_reason(two: tuple[Published, Published]) -> None:
    before, after = two
    changes = {row["item_id"]: row for row in diff_of_user(before.file, after.file, "3").changes}
    assert (changes["3"]["change"], changes["3"]["reason"]) == ("left", "watched since")
    assert (changes["3"]["rank_before"], changes["3"]["rank_after"]) == (1, None)
    (found,) = [row for row in diff_of_user(before.file, after.file, "24").changes if row["item_id"] == "4"]
    assert (found["change"], found["reason"], found["rank_before"]) == ("left", "hidden", 1)


def test_an_entry_has_a_reason(two: tuple[Published, Published]) -> None:
    before, after = two
    (entry,) = [row for row in diff_of_user(before.file, after.file, "3").changes if row["item_id"] == "20"]
    assert (entry["change"], entry["reason"], entry["rank_before"]) == ("entered", "new movie", None)
    changes = {row["item_id"]: row["reason"] for row in diff_of_user(after.file, before.file, "3").changes}
    assert (changes["3"], changes["20"]) == ("no longer watched", "no longer in the input")
    back = {row["item_id"]: row["reason"] for row in diff_of_user(after.file, before.file, "24").changes}
    assert back["4"] == "no longer hidden"


def test_a_score_that_moved_has_both_ranks(items: Path, of_five: Published, tmp_path: Path) -> None:
    after = publish(items, tmp_path, top_n=5, trend_weight=100, gap_half_life=0.001).file
    users = range(0, USERS, 5)
    moved = [row for user in users for row in diff_of_user(of_five.file, after, str(user)).changes]
    assert {row["reason"] for row in moved} == {"score moved"}
    for row in moved:
        listed, unlisted = row["rank_before"], row["rank_after"]
        if row["change"] == "entered":
            listed, unlisted = unlisted, listed
        assert listed <= 5 < unlisted


def test_the_published_generation_is_compared_with_the_one_before(two: tuple[Published, Published]) -> None:
    before, after = two
    output = Output(before.file.parent.parent)
    assert chosen(output) == (before.file, after.file)
    assert chosen(output, after.generation, before.generation) == (after.file, before.file)
    with pytest.raises(UsageError, match="no older one is kept that was not rolled back; name two by"):
        chosen(output, newer=before.generation)
    with pytest.raises(UsageError, match="has no generation x"):
        chosen(output, "x")


def test_a_single_generation_has_nothing_to_be_compared_with(published: Published) -> None:
    done = invoke("diff", "--output", published.file.parent.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"nothing to compare {published.generation} with: it is the only generation;" in done.stderr
    assert "publish another by 'python -m batch run'" in done.stderr
    assert "back" not in done.stderr


def test_a_user_unknown_to_one_generation_is_named(two: tuple[Published, Published]) -> None:
    before, after = two
    with pytest.raises(UsageError, match=f"user 40 has no list in {before.generation}:"):
        diff_of_user(before.file, after.file, "40")


def test_the_command_prints_a_table_or_json(two: tuple[Published, Published]) -> None:
    before, after = two
    output = before.file.parent.parent
    spoken = json.loads(invoke("diff", "--output", output, "--json").stdout)
    assert (spoken["before"], spoken["after"]) == (before.generation, after.generation)
    assert spoken["lists"]["users_of_both"] == 40
    shown = invoke("diff", "--output", output, "--films", "1").stdout
    assert "from another input" in shown
    assert "Movie the Twentieth (2020)" in shown
    assert shown.count("item_id") == 1
    user = invoke("diff", "--output", output, "--user", "3").stdout
    assert "watched since" in user
    # Who somebody is on this machine says nothing about whose list is meant.
    assert invoke("diff", "--output", output, variables={"USER": "3"}).stdout.startswith(before.generation)

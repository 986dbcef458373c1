"""The whole job: what is in the file, and that the same input makes the same file."""

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.generation.publish import Published
from tests.commands import STEPS
from tests.conftest import WriteInput, publish, select
from tests.films import ITEMS, RATINGS, RATINGS_HEADER, START, USERS, withheld

CONTENTS = (
    "select * from recommendations order by all",
    "select * from histories order by all",
    "select * from items order by all",
    "select * from users order by all",
    "select * from popular order by all",
    "select * from user_factors order by all",
    "select * from item_factors order by all",
    "select * from training order by all",
)


def _query(made: Published, query: str) -> list[tuple[Any, ...]]:
    return select(made.file, query)


def test_every_user_gets_the_withheld_item_first(published: Published) -> None:
    first = _query(published, "select user_id, item_id from recommendations where rank = 1")
    assert dict(first) == {str(user): str(withheld(user)) for user in range(USERS)}


def test_lists_are_as_deep_as_there_are_unseen_items(published: Published) -> None:
    lengths = _query(published, "select distinct count(*) from recommendations group by user_id")
    assert lengths == [(min(10, ITEMS - (ITEMS // 2 - 1) - 2),)]


def test_histories_are_newest_first(published: Published) -> None:
    rows = _query(
        published,
        "select position, item_id, rating, epoch(rated_at) from histories where user_id = '18' "
        "order by position",
    )
    lines = [line.split(",") for line in RATINGS.splitlines() if line.startswith("18,")]
    assert [(item, rating, time) for _, item, rating, time in rows] == [
        (item, float(rating), int(time)) for _, item, rating, time in reversed(lines)
    ]
    assert [row[0] for row in rows] == list(range(1, len(lines) + 1))


def test_equal_times_keep_the_order_of_the_file(write_input: WriteInput, tmp_path: Path) -> None:
    data = write_input(RATINGS_HEADER + "\n1,b,5,7\n1,c,5,7\n1,a,5,7\n2,a,5,7\n2,d,5,7\n")
    made = publish(data, tmp_path / "output")
    assert _query(made, "select item_id from histories where user_id = '1' order by position") == [
        ("a",),
        ("c",),
        ("b",),
    ]


def test_the_inner_product_of_the_factors_is_the_score(published: Published) -> None:
    users = {key: np.array(value) for key, value in _query(published, "from user_factors")}
    items = {
        key: np.array(value) for key, value in _query(published, "select item_id, factors from item_factors")
    }
    for user_id, item_id, score in _query(published, "select user_id, item_id, score from recommendations"):
        assert users[user_id] @ items[item_id] == pytest.approx(score, rel=1e-5, abs=1e-6)


def test_users_and_items_are_described(published: Published) -> None:
    assert _query(published, "select * from users where user_id = '0'")[0][1] == ITEMS // 2 + 1
    assert _query(published, "select epoch(first_rated_at) from users where user_id = '0'") == [(START,)]
    assert _query(published, "select * exclude (popularity) from items where item_id = '7'") == [
        (
            "7",
            18,
            "Movie, The 7 (1997)",
            1997,
            ["Drama", "Comedy"],
            22,
            pytest.approx(18 * 5 / 22 + 4 / 22),
            False,
            "{}",
        )
    ]
    unrated = _query(
        published, "select ratings, mean_rating, popularity, genres from items where item_id = 'unrated'"
    )
    assert unrated == [(0, None, None, [])]


def test_the_popular_list_is_that_of_the_popularity_of_items(published: Published) -> None:
    listed = _query(published, "select item_id, score from popular order by rank")
    items = (
        "select item_id, popularity from items where ratings > 0 order by popularity desc, item_id limit 10"
    )
    assert listed == _query(published, items)


def test_an_item_without_ratings_is_in_no_list(published: Published) -> None:
    found = _query(
        published,
        "select count(*) from (select item_id from recommendations union all select item_id from popular "
        "union all select item_id from item_factors) where item_id = 'unrated'",
    )
    assert found == [(0,)]


def test_a_hidden_item_is_in_no_list_and_lists_stay_full(write_input: WriteInput, tmp_path: Path) -> None:
    made = publish(write_input(RATINGS, hidden="movieId\n4\n"), tmp_path / "output", top_n=100)
    assert _query(made, "select count(*) from recommendations where item_id = '4'") == [(0,)]
    assert _query(made, "select count(*) from popular") == [(ITEMS - 1,)]
    lengths = _query(
        made,
        "select users.user_id, count(r.rank) + any_value(users.ratings) from users "
        "left join recommendations r using (user_id) where user_id in ('4', '0') group by all order by all",
    )
    # User 0 has seen movie 4; user 4 has not, and gets one movie less.
    assert lengths == [("0", ITEMS), ("4", ITEMS - 1)]


def test_a_user_who_has_seen_everything_has_an_empty_list(write_input: WriteInput, tmp_path: Path) -> None:
    data = write_input(RATINGS_HEADER + "\n" + "1,a,5,1\n1,b,5,2\n2,a,5,3\n")
    made = publish(data, tmp_path / "output", top_n=1_000)
    assert _query(made, "select user_id, item_id from recommendations") == [("2", "b")]


def test_one_user_and_one_item_are_enough(write_input: WriteInput, tmp_path: Path) -> None:
    made = publish(write_input(RATINGS_HEADER + "\n1,a,5,1\n"), tmp_path / "output")
    assert _query(made, "select count(*) from recommendations") == [(0,)]
    assert _query(made, "select item_id from popular") == [("a",)]


def test_an_item_watched_lately_is_popular(write_input: WriteInput, tmp_path: Path) -> None:
    rows = [f"{user},old,5,{user}" for user in range(60)] + [
        f"{user},new,5,{1000 + user}" for user in range(40)
    ]
    made = publish(write_input("\n".join([RATINGS_HEADER, *rows])), tmp_path / "output")
    assert _query(made, "select item_id from popular order by rank") == [("new",), ("old",)]


def test_without_times_histories_show_the_later_line_first(write_input: WriteInput, tmp_path: Path) -> None:
    made = publish(write_input("userId,movieId\n1,9\n1,10\n"), tmp_path / "output")
    assert _query(made, "select item_id from histories order by position") == [("10",), ("9",)]


def test_without_times_the_order_of_the_file_changes_no_list(write_input: WriteInput, tmp_path: Path) -> None:
    header, *rows = (line.rsplit(",", 1)[0] for line in RATINGS.splitlines())
    orders = {"sorted": sorted(rows), "reversed": sorted(rows)[::-1]}
    one, other = (
        publish(write_input("\n".join([header, *order])), tmp_path / name) for name, order in orders.items()
    )
    for table in ("recommendations", "similar_items", "popular", "user_factors", "item_factors"):
        query = f"from {table} order by all"
        assert _query(one, query) == _query(other, query), table
    assert _query(one, "select count(because_item_id) > 100 from recommendations") == [(True,)]
    parts = {"collaborative": 4, "sequential": 0, "personal_trend": 0, "genres": 2, "trend": 1}
    assert _query(one, "select parts from generation") == [(parts,)], "no factors are spent on an order"
    assert _query(one, "select distinct len(factors) from item_factors") == [(sum(parts.values()),)]


def test_the_same_input_and_seed_give_the_same_tables(
    items: Path, published: Published, tmp_path: Path
) -> None:
    again = publish(items, tmp_path / "output")
    for query in CONTENTS:
        assert _query(again, query) == _query(published, query)
    other = publish(items, tmp_path / "output", seed=1)
    assert _query(other, CONTENTS[5]) != _query(published, CONTENTS[5])


def test_the_generation_says_from_what_it_was_made(published: Published) -> None:
    ((generation, top_n, seconds, settings, versions, read, kept),) = _query(
        published, "select id, top_n, seconds, settings, versions, rows_read, rows_kept from generation"
    )
    assert generation == published.generation == published.file.stem
    assert top_n == 10
    assert list(seconds) == STEPS[:-1]
    assert settings["factors"] == "4"
    assert {"batch", "python", "duckdb", "implicit", "numba", "numpy", "scipy"} == set(versions)
    assert read == kept == len(RATINGS.splitlines()) - 1


def test_the_generation_says_what_each_step_took(published: Published) -> None:
    ((seconds, rows, peak_mb),) = _query(published, "select seconds, rows, peak_mb from generation")
    assert list(peak_mb) == list(seconds)
    assert min(peak_mb.values()) > 1
    read = len(RATINGS.splitlines()) - 1
    assert {step: rows[step] for step in ("load", "clean", "train", "score", "evaluate")} == {
        "load": read,
        "clean": read,
        "train": read,
        "score": USERS,
        "evaluate": 20,  # half of all, by the last positive of each
    }
    tables = _query(
        published, "select table_name from duckdb_tables() where not internal and table_name <> 'generation'"
    )
    counted = [_query(published, f"select count(*) from {table}")[0][0] for (table,) in tables]
    assert rows["write"] == rows["check"] == sum(counted)


def test_every_table_and_column_says_what_it_means(published: Published) -> None:
    silent = _query(
        published,
        "select table_name, column_name from duckdb_columns() where not internal and comment is null "
        "and table_name in (select table_name from duckdb_tables()) "
        "union all select table_name, '' from duckdb_tables() where not internal and comment is null "
        "union all select view_name, '' from duckdb_views() where not internal and comment is null",
    )
    assert silent == []


def test_released_command_line_tools_open_the_file_through_the_link(published: Published) -> None:
    tool = Path(sysconfig.get_path("scripts")) / "duckdb"
    link = published.file.parent.parent / "current.duckdb"
    query = "select count(*), (select comment from duckdb_tables() where table_name = 'items') from users"
    shown = subprocess.run(
        [tool, "-readonly", "-csv", "-noheader", link, query], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == '40,"One row per movie of the input, rated or not."'

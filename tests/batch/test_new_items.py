"""A run with movies that nobody has rated yet: who gets them, where, and what commands make of them."""

from pathlib import Path

import duckdb
import pytest

from batch.generation.publish import Published
from batch.generation.verify import verify
from tests.commands import invoke
from tests.conftest import changed, copied, publish, select, written

USERS, ITEMS, PER_USER = 60, 60, 20
START = 1_500_000_000  # in 2017
NEW = {"new comedy": 2016, "new drama": 2017, "next drama": 2030}
OLD = {"old drama": 2015, "of no year": None, "undescribed": 2017, "hidden drama": 2017, "seen drama": 2017}
OF_NEW = "select user_id, rank, item_id from recommendations semi join new_items using (item_id) order by all"
NEW_ITEMS = """
create temp view new_items as
select item_id from items semi join item_factors using (item_id) where ratings = 0
"""


def _genre(item: int) -> str:
    return ("Comedy", "Drama")[item % 2]


def _movies() -> str:
    rated = [f"{item},Movie {item} ({1990 + item % 27}),{_genre(item)}" for item in range(ITEMS)]
    unrated = [
        f"{item_id},{item_id}{'' if year is None else f' ({year})'},"
        + ("Comedy" if "comedy" in item_id else "Drama")
        for item_id, year in {**NEW, **OLD}.items()
    ]
    return (
        "\n".join(["movieId,title,genres", *rated, *unrated]).replace(
            "undescribed (2017),Drama", "undescribed,"
        )
        + "\n"
    )


def _ratings() -> str:
    rows = ["userId,movieId,rating,timestamp"]
    for user in range(USERS):
        items = [2 * ((user // 2 + place) % (ITEMS // 2)) + user % 2 for place in range(PER_USER)]
        rows += [f"{user},{item},5,{START + 100_000 * place + user}" for place, item in enumerate(items)]
    return "\n".join([*rows, f"1,seen drama,none,{START}"]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("new"), _ratings(), _movies(), hidden="movieId\nhidden drama\n")


@pytest.fixture(scope="module")
def with_new(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish(folder, tmp_path_factory.mktemp("with_new"), top_n=40, new_share=0.2)


def _new(published: Published) -> list[tuple[str, int, str]]:
    with duckdb.connect(str(published.file), read_only=True) as connection:
        connection.execute(NEW_ITEMS)
        return connection.execute(OF_NEW).fetchall()


def test_new_is_what_is_described_unseen_shown_and_recent(with_new: Published) -> None:
    found = select(
        with_new.file,
        "select item_id from items semi join item_factors using (item_id) where ratings = 0 order by item_id",
    )
    assert [item_id for (item_id,) in found] == sorted(NEW)


def test_new_movies_keep_to_their_share_and_to_the_taste_of_the_user(with_new: Published) -> None:
    found = _new(with_new)
    assert {item_id for _, _, item_id in found} == {*NEW}
    assert min(rank for _, rank, _ in found) >= 15
    firsts = {}
    for user_id, rank, item_id in found:
        if rank == min(r for u, r, _ in found if u == user_id):
            firsts[int(user_id)] = item_id
    fits = [("drama" in item_id) == (user % 2 == 1) for user, item_id in firsts.items()]
    assert len(fits) > USERS / 2
    assert sum(fits) > 0.9 * len(fits)


def test_a_reason_of_a_new_movie_is_of_its_kind(with_new: Published) -> None:
    found = select(
        with_new.file,
        "select recommendations.user_id, because_item_id from recommendations semi join "
        "(select item_id from items where ratings = 0) using (item_id) where because_item_id is not null",
    )
    assert found
    assert all(int(user_id) % 2 == int(because) % 2 for user_id, because in found)


def test_new_movies_have_similar_ones_of_their_genre_and_are_in_no_such_list(with_new: Published) -> None:
    found = dict(
        select(
            with_new.file,
            "select item_id, list(similar_item_id order by rank)[:5] from similar_items "
            "where item_id not similar to '[0-9]+' group by item_id",
        )
    )
    assert found.keys() == NEW.keys()
    assert all(int(item) % 2 == 1 for item in found["new drama"])
    assert all(int(item) % 2 == 0 for item in found["new comedy"])
    others = "select count(*) from similar_items where similar_item_id not similar to '[0-9]+'"
    assert select(with_new.file, others) == [(0,)]


def test_new_movies_are_in_no_popular_list_and_have_no_popularity(with_new: Published) -> None:
    popular = "select count(*) from popular where item_id not similar to '[0-9]+'"
    assert select(with_new.file, popular) == [(0,)]
    assert select(with_new.file, "select popularity from items where item_id = 'new drama'") == [(None,)]


def test_a_file_with_new_movies_is_verified(with_new: Published) -> None:
    assert verify(with_new.file, users=0).violations == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "update recommendations set item_id = 'next drama' where user_id = '1' and rank = 5",
            "new items keep to their share",
        ),
        (
            "delete from item_factors where item_id = 'new drama'",
            "only candidates are recommended",
        ),
        (
            "update item_factors set factors = ['nan'::float] where item_id = 'new drama'",
            "every vector is finite",
        ),
        (
            "update item_factors set factors = list_reverse(factors) where item_id = 'new drama'",
            "differs from the recomputed list",
        ),
    ],
)
def test_a_list_with_wrong_new_movies_is_found(
    with_new: Published, tmp_path: Path, fault: str, said: str
) -> None:
    with changed(with_new, tmp_path) as connection:
        connection.execute(fault)
    assert any(
        said in violation for violation in verify(tmp_path / "generations" / with_new.file.name, 0).violations
    )


def test_a_share_of_0_makes_the_lists_of_a_catalogue_without_new_movies(folder: Path, tmp_path: Path) -> None:
    without = publish(folder, tmp_path / "without", top_n=40, new_share=0.0)
    rated = "\n".join(
        line for line in _movies().splitlines() if line[0].isdigit() or line.startswith("movieId")
    )
    known = publish(
        written(tmp_path / "known", _ratings(), rated + "\n"), tmp_path / "known_output", top_n=40
    )
    lists = "select user_id, rank, item_id, score from recommendations order by user_id, rank"
    assert select(without.file, lists) == select(known.file, lists)
    assert _new(without) == []


@pytest.mark.parametrize("command", [["hide", "new drama"], ["forget", "3"]])
def test_commands_rewrite_lists_with_new_movies(
    with_new: Published, tmp_path: Path, command: list[str]
) -> None:
    copied(with_new, tmp_path)
    assert invoke(command[0], "--output", str(tmp_path), *command[1:]).returncode == 0
    file = max((tmp_path / "generations").glob("*.duckdb"))
    assert verify(file, users=0).violations == []
    listed = {item_id for (item_id,) in select(file, "select distinct item_id from recommendations")}
    assert ("new drama" in listed) == (command[0] == "forget")
    assert "next drama" in listed

"""Under filters everybody gets as many items as asked for, if so many fit and are unseen."""

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import duckdb
import pytest
from starlette.testclient import TestClient

from api import filters
from api.popular import ByCode, PopularItems
from tests.asked import asking, client_of, column
from tests.batch.generation.conftest import forgotten, hidden
from tests.conftest import changed, publish, written

USERS, ITEMS, DEPTH, LIMIT = 40, 250, 12, 10
BRANDS = ("Acme", "Bolt", "Rare")
GENRES = ("Action", "Drama", "Western")
# What nobody may be shown, and what only one user has rated.
HIDDEN, LONELY, LONELY_USER = "13", "249", "7"

Item = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items, of which westerns are watched least; some ratings of every fourth user can't be read."""
    draw = random.Random(3)  # noqa: S311 (no secret)
    ratings = ["userId,movieId,rating,timestamp", f"{LONELY_USER},{LONELY},5,1000000"]
    movies = ["movieId,title,genres"]
    for item in range(ITEMS):
        year = f" ({1980 + item % 30})" if item % 11 else ""
        genres = ["Western"] * (item % 5 == 3) or draw.sample(GENRES[:2], draw.randint(0, 2))
        movies.append(f"{item},Movie{year},{'|'.join(genres)}")
    shown = range(ITEMS - 1)
    weights = [0.2 if item % 5 == 3 else 1 for item in shown]
    for user in range(USERS):
        watched = {*draw.choices(shown, weights, k=draw.choice((5, 20, 50)))}
        ratings += [f"{user},{item},{draw.randint(1, 5)},{draw.randint(1, 10**6)}" for item in watched]
        ratings += [f"{user},{item},?,1" for item in draw.sample(shown, 3) if user % 4 == 0]
    texts = ["\n".join(lines) + "\n" for lines in (ratings, movies)]
    data = written(tmp_path_factory.mktemp("data"), *texts, hidden=f"movieId\n{HIDDEN}\n")
    published = publish(data, tmp_path_factory.mktemp("published"), top_n=DEPTH)
    output = tmp_path_factory.mktemp("output")
    with changed(published, output) as connection:
        connection.execute(
            "update items set attributes = json_object('brand', "
            "case when number % 10 = 1 then 'Rare' when number % 2 = 0 then 'Acme' else 'Bolt' end, "
            "'price', number % 37) where number % 7 <> 0"
        )
    return output


class Tables(NamedTuple):
    """What is published, by user, and of all items that may be shown, most popular first."""

    lists: dict[str, list[str]]
    seen: dict[str, set[str]]
    popular: list[Item]

    def whole(self, user: str, asked: dict[str, Any]) -> list[str]:
        """Return the whole list of a user under filters."""
        fitting = [item["id"] for item in self.popular if _fits(item, asked)]
        own = [item_id for item_id in self.lists.get(user, []) if item_id in fitting]
        unseen = [item_id for item_id in fitting if item_id not in self.seen.get(user, ())]
        return [*dict.fromkeys(own + unseen)]


def _tables(folder: Path) -> Tables:
    popular = column(
        folder,
        "select {'id': item_id, 'year': year, 'genres': genres, 'brand': attributes ->> 'brand', "
        "'price': cast(attributes ->> 'price' as integer)} from items "
        "where ratings > 0 and not is_hidden order by popularity desc, item_id",
    )
    of_users = (
        "select {{'user': user_id, 'items': list(item_id order by {})}} from ({}) group by user_id".format
    )
    seen = "select user_id, item_id from histories union all select user_id, item_id from seen_items"
    lists = column(folder, of_users("rank", "from recommendations"))
    return Tables(
        {row["user"]: row["items"] for row in lists},
        {row["user"]: {*row["items"]} for row in column(folder, of_users("item_id", seen))},
        popular,
    )


def _fits(item: Item, asked: dict[str, Any]) -> bool:
    year, price = item["year"], item["price"]
    return all(
        (
            "genres" not in asked or {*item["genres"]} & {*asked["genres"].split(",")},
            "not_genres" not in asked or asked["not_genres"] not in item["genres"],
            "exclude" not in asked or item["id"] not in asked["exclude"].split(","),
            "min_year" not in asked or (year is not None and year >= asked["min_year"]),
            "max_year" not in asked or (year is not None and year <= asked["max_year"]),
            "brand" not in asked or item["brand"] in asked["brand"],
            "price" not in asked or (price is not None and price < asked["price"]),
        )
    )


def _random_filters(draw: random.Random) -> dict[str, Any]:
    every: dict[str, Any] = {
        "genres": ",".join(draw.sample(GENRES, draw.choice((1, 1, 2)))),
        "not_genres": draw.choice(GENRES),
        "exclude": ",".join(str(draw.randrange(ITEMS)) for _ in range(9)),
        "min_year": draw.randint(1975, 2012),
        "max_year": draw.randint(1975, 2012),
        "brand": draw.sample(BRANDS, draw.randint(1, 2)),
        "price": draw.randint(-1, 40),
    }
    return {name: every[name] for name in draw.sample([*every], draw.randint(1, 3))}


def _query(asked: dict[str, Any]) -> dict[str, Any]:
    """Return filters as a request has them."""
    conditions = [f"brand:{brand}" for brand in asked.get("brand", ())]
    conditions += [f"price<{asked['price']}"] if "price" in asked else []
    query = {name: value for name, value in asked.items() if name not in ("brand", "price")}
    return query | ({"where": ",".join(conditions)} if conditions else {})


def _answer(client: TestClient, **values: object) -> Any:
    answer = client.get("/recommendations?" + urlencode(values))
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(items: list[Item]) -> list[str]:
    return [item["id"] for item in items]


def _assert_like_tables(folder: Path, requests: int) -> None:
    """Compare lists under filters with what the tables say."""
    draw = random.Random(5)  # noqa: S311 (no secret)
    tables, filled = _tables(folder), 0
    with client_of(folder) as client:
        for _ in range(requests):
            asked, limit, offset = _random_filters(draw), draw.randint(1, DEPTH), draw.choice((0, 0, 5, 30))
            users = [str(user) for user in draw.sample(range(USERS + 2), 3)]
            query = {**_query(asked), "limit": limit, "offset": offset, "explain": "true"}
            expected = {user: tables.whole(user, asked)[offset:][:limit] for user in users}
            (items,) = _answer(client, user_id=users[0], **query).values()
            assert _ids(items) == expected[users[0]], (users[0], query)
            own = tables.lists.get(users[0], ())
            assert [item["source"] for item in items] == [
                "personal" if item["id"] in own else "popular" for item in items
            ]
            assert all(item["because"] is None for item in items if item["source"] == "popular")
            filled += any(item["id"] not in own for item in items)
            several = _answer(client, user_ids=",".join(users), **query)["users"]
            assert {each["user_id"]: _ids(each["items"]) for each in several} == expected, query
    assert filled > requests / 3


@pytest.mark.parametrize("most", [0, filters.MAX_SORTED])
def test_a_list_is_filled_up_with_everything_that_fits_and_is_unseen(
    folder: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Narrow filters go by what has a value, wide ones through all popular items: to the same lists."""
    monkeypatch.setattr(filters, "MAX_SORTED", most)
    assert column(folder, "select count(*) from seen_items")[0] > 10
    _assert_like_tables(folder, 150)


def test_every_genre_and_value_gives_ten_to_everybody_who_has_ten_unseen(folder: Path) -> None:
    tables, scarce = _tables(folder), 0
    rows: list[dict[str, Any]] = [
        *({"genres": genre} for genre in GENRES),
        *({"brand": [brand]} for brand in BRANDS),
        {"min_year": 2005},
        {"not_genres": "Drama"},
    ]
    with client_of(folder) as client:
        for asked in rows:
            for user in map(str, range(USERS)):
                unseen = {item["id"] for item in tables.popular if _fits(item, asked)} - tables.seen[user]
                items = _answer(client, user_id=user, **_query(asked))["items"]
                assert len({*_ids(items)}) == len(items) == min(LIMIT, len(unseen))
                assert {*_ids(items)} <= unseen
                scarce += sum(item in items for item in tables.lists[user]) < LIMIT
    assert scarce


def test_a_list_of_what_is_liked_and_of_an_unknown_user_is_filled_up(folder: Path) -> None:
    westerns = [item["id"] for item in _tables(folder).popular if "Western" in item["genres"]]
    with client_of(folder) as client:
        assert _ids(_answer(client, user_id="nobody", genres="Western")["items"]) == westerns[:LIMIT]
        like = column(folder, "select item_id from similar_items order by item_id")[0]
        liked = _answer(client, liked=like, genres="Western", limit=LIMIT)["items"]
        liked += _answer(client, liked=like, genres="Western", limit=DEPTH, offset=LIMIT)["items"]
        others = {*westerns} - {like}
        assert {*_ids(liked)} <= others
        assert len(liked) == len({*_ids(liked)}) == min(LIMIT + DEPTH, len(others))


def test_without_a_filter_lists_end_where_the_stored_ones_do(folder: Path) -> None:
    with client_of(folder) as client:
        for user in ("3", "nobody"):
            assert _answer(client, user_id=user, offset=DEPTH)["items"] == []
            assert _answer(client, user_id=user, offset=DEPTH, explain="true")["items"] == []


def test_popular_items_are_compared_in_many_turns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "ITEMS_OF_A_PART", 5)
    monkeypatch.setattr(filters, "PARTS_OF_A_TURN", 1)

    async def turns_of_others(address: str) -> int:
        """Ask, and return how often others got their turn meanwhile."""
        async with asking(folder) as asked:
            answering = asyncio.create_task(asked.client.get(address))
            turns = 0
            while not answering.done():
                await asyncio.sleep(0)
                turns += 1
            assert (await answering).json() == {"items": []}
        return turns

    address = f"/recommendations?user_id=nobody&not_genres=Drama&offset={ITEMS}"
    assert asyncio.run(turns_of_others(address)) >= (ITEMS - 2) / 5


def test_what_is_hidden_or_forgotten_fills_no_list(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(folder, output, symlinks=True)
    (western,) = [item["id"] for item in _tables(output).popular if "Western" in item["genres"]][:1]
    assert LONELY in {item["id"] for item in _tables(output).popular}
    hidden(output, western)
    forgotten(output, LONELY_USER)
    left = {item["id"] for item in _tables(output).popular}
    assert not left & {western, HIDDEN, LONELY}
    _assert_like_tables(output, 60)
    with client_of(output) as client:
        items = _answer(client, user_id="nobody", not_genres="Drama", offset=0, limit=DEPTH)["items"]
        for offset in range(DEPTH, ITEMS, DEPTH):
            items += _answer(client, user_id="nobody", not_genres="Drama", limit=DEPTH, offset=offset)[
                "items"
            ]
    assert {*_ids(items)} == {item["id"] for item in _tables(output).popular if "Drama" not in item["genres"]}


def test_a_file_of_before_is_filled_up_too(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(folder, output, symlinks=True)
    file = (output / "current.duckdb").resolve()
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        connection.execute(
            "drop index lookups_user_id; alter table lookups drop seen; "
            "create unique index lookups_user_id on lookups (user_id); delete from seen_items"
        )
    _assert_like_tables(output, 20)
    # A command takes it as it is.
    hidden(output, _tables(output).popular[0]["id"])
    _assert_like_tables(output, 20)


def test_what_is_recommended_again_stays_under_a_filter(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(folder, output, symlinks=True)
    file = (output / "current.duckdb").resolve()
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        # The list of the user begins with what the user watched last.
        connection.execute(
            "drop index lookups_user_id; update lookups set because = ',' || because, "
            "recommendations = split_part(history, ',', 1) || ',' || recommendations where user_id = '3'; "
            "create unique index lookups_user_id on lookups (user_id)"
        )
    with client_of(output) as client:
        watched = client.get("/features?user_id=3").json()["features"][0]["histories"][0]
        assert _ids(_answer(client, user_id="3", exclude="nothing")["items"])[0] == watched


def test_places_by_code_are_those_that_a_look_at_each_finds() -> None:
    draw = random.Random(6)  # noqa: S311 (no secret)
    codes = [draw.choice((0, 1, 1, 3, 7)) for _ in range(60)]
    by_code = ByCode(codes, 9)
    for wanted in (range(0), range(1, 4), range(2, 2), range(9), {3, 7}, {2}, set[int]()):
        expected = [place for place, code in enumerate(codes) if code in wanted]
        assert (by_code.places(wanted), by_code.count(wanted)) == (expected, len(expected))
    assert ByCode([], 1).places(range(1)) == []


def test_popular_items_are_found_by_genre_and_year() -> None:
    popular = PopularItems([3, 1, 2], [(), ("A",), ("A", "B"), ("B",)], [None, 1999, None, 1890])
    assert [*popular.places_of_genres(["A"])] == [1, 2]
    assert [*popular.places_of_genres(["B", "A"])] == [0, 1, 2]
    assert [*popular.places_of_genres(["C"])] == []
    assert popular.count_of_genres(["A", "B", "C"]) == 4
    assert popular.of_year.places(popular.codes_of_years(1890, 1998)) == [0]
    assert popular.of_year.places(popular.codes_of_years(1891, 3000)) == [1]
    assert popular.of_year.places(popular.codes_of_years(1900, 1800)) == []

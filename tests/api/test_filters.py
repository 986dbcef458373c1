"""Rows: what the rules leave of a list, in order, and what fills it up."""

import random
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
from starlette.testclient import TestClient

from api.app import make_app
from api.filters import FILTERS
from api.lookup import CONFIG
from api.parameters import fields
from api.settings import Settings
from batch.recommend.segments import MIN_USERS
from tests.conftest import publish

USERS, ITEMS = 2 * MIN_USERS, 80
GENRES = ("Action", "Comedy", "Drama", "Sci-Fi & Söhne")
DEPTH = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movies of all genres and years, one without a year, watched at random; women and men, all writers."""
    data = tmp_path_factory.mktemp("data")
    draw = random.Random(3)  # noqa: S311 (no secret)
    ratings, movies, users = (
        ["userId,movieId,rating,timestamp"],
        ["movieId,title,genres"],
        ["userId,gender,age"],
    )
    for item in range(ITEMS):
        year = f" ({1980 + item % 30})" if item % 9 else ""
        movies.append(f'{item},"Movie, {item}{year}",{"|".join(draw.sample(GENRES, draw.randint(0, 2)))}')
    for user in range(USERS):
        users.append(f"{user},{'FM'[user % 2]},30")
        watched = draw.sample(range(user % 2 * 10, ITEMS), draw.choice((5, 20, 50)))
        ratings += [f"{user},{item},{draw.randint(1, 5)},{draw.randint(1, 10**6)}" for item in watched]
    for name, lines in (("ratings", ratings), ("movies", movies), ("users", users)):
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return publish(data, tmp_path_factory.mktemp("output"), top_n=DEPTH, similar_n=20).file.parent.parent


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(Settings(folder))) as client:
        yield client


@pytest.fixture(scope="module")
def stored(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    # In the same process a file can be opened with one configuration only: that of the service.
    file = str((folder / "current.duckdb").resolve())
    with duckdb.connect(file, read_only=True, config=CONFIG) as connection:
        yield connection


def _column(stored: duckdb.DuckDBPyConnection, query: str, **values: Any) -> list[Any]:
    return [row[0] for row in stored.execute(query, values).fetchall()]


def _asked(client: TestClient, **values: object) -> tuple[list[dict[str, Any]], str]:
    answer = client.get("/recommendations?" + urlencode({"explain": "true", **values}))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"], answer.headers["X-Recommendation-Source"]


def _ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def _random_rules(draw: random.Random) -> dict[str, str]:
    every = {
        "genres": ",".join(draw.sample(GENRES, draw.randint(1, 2))),
        "not_genres": draw.choice(GENRES).upper(),
        "exclude": ",".join(str(draw.randrange(ITEMS)) for _ in range(draw.randint(1, 9))),
        "min_year": str(draw.randint(1980, 2010)),
        "max_year": str(draw.randint(1980, 2010)),
    }
    assert [*every] == [*FILTERS]
    return {name: every[name] for name in draw.sample([*every], draw.randint(1, 3))}


def _kept(item: dict[str, Any], rules: dict[str, str]) -> bool:
    genres = {genre.upper() for genre in item["genres"]}
    year = item["year"]
    return all(
        (
            "genres" not in rules or genres & set(rules["genres"].upper().split(",")),
            "not_genres" not in rules or rules["not_genres"].upper() not in genres,
            "exclude" not in rules or item["item_id"] not in rules["exclude"].split(","),
            "min_year" not in rules or (year is not None and year >= int(rules["min_year"])),
            "max_year" not in rules or (year is not None and year <= int(rules["max_year"])),
        )
    )


def test_a_row_is_what_the_rules_leave_of_the_list_and_then_of_wider_ones(
    client: TestClient, stored: duckdb.DuckDBPyConnection
) -> None:
    draw = random.Random(4)  # noqa: S311 (no secret)
    columns = ("item_id", "year", "genres")
    known = {
        row[0]: dict(zip(columns, row, strict=True))
        for row in stored.execute("select item_id, year, genres from items").fetchall()
    }
    popular = _column(stored, "select item_id from popular order by rank")
    for _ in range(1_000):
        user, rules = str(draw.randrange(USERS)), _random_rules(draw)
        page = {"limit": draw.randint(1, DEPTH), "offset": draw.choice((0, 0, 3, 30))}
        own = _column(
            stored, "select item_id from recommendations where user_id = $user order by rank", user=user
        )
        watched = _column(stored, "select item_id from histories where user_id = $user", user=user)
        (segment,) = _column(stored, "select segment from lookups where user_id = $user", user=user)
        in_segment = _column(
            stored, "select item_id from popular_by_segment where segment = $it order by rank", it=segment
        )
        wider = [item for item in dict.fromkeys(in_segment + popular) if item not in {*watched, *own}]
        row = [item for item in own + wider if _kept(known[item], rules)]
        items, source = _asked(client, user_id=user, **rules, **page)
        assert _ids(items) == row[page["offset"] :][: page["limit"]], (user, rules, page)
        assert source == "personal"
        for item in items:
            from_segment = "segment" if item["id"] in in_segment else "popular"
            assert item["source"] == ("personal" if item["id"] in own else from_segment)


def test_pages_put_together_are_the_row(client: TestClient) -> None:
    for rules in ({"genres": "Drama"}, {"min_year": 1990}, {"exclude": "1,2,3"}, {"gender": "F"}):
        for who in ({"user_id": "3"}, {"user_id": "nobody"}, {"liked": "5,6"}):
            whole = _ids(_asked(client, **who, **rules, limit=DEPTH)[0])
            assert len(set(whole)) == len(whole) > 0
            pages = [_ids(_asked(client, **who, **rules, limit=3, offset=at)[0]) for at in range(0, 39, 3)]
            assert [*chain(*pages)][: len(whole)] == whole[:39]


@pytest.mark.parametrize("rule", [{"genres": "Drama"}, {"not_genres": "Drama"}, {"exclude": "{first}"},
                                  {"min_year": 2000}, {"max_year": 1999}])  # fmt: skip
@pytest.mark.parametrize("who", [{"user_id": "3"}, {"user_id": "nobody"}, {"liked": "5,6"},
                                 {"user_id": "nobody", "gender": "F"}])  # fmt: skip
def test_a_rule_holds_whoever_asks(
    client: TestClient, stored: duckdb.DuckDBPyConnection, who: dict[str, str], rule: dict[str, object]
) -> None:
    without = _ids(_asked(client, **who)[0])
    given = {name: str(value).format(first=without[0]) for name, value in rule.items()}
    found = _ids(_asked(client, **who, **given)[0])
    assert found != without
    told = "select {'item_id': item_id, 'year': year, 'genres': genres} from items where item_id in $found"
    assert all(_kept(item, given) for item in _column(stored, told, found=found))


def test_an_explained_list_is_the_list(client: TestClient, stored: duckdb.DuckDBPyConnection) -> None:
    items, source = _asked(client, user_id="3", limit=DEPTH)
    assert _ids(items) == _column(
        stored, "select item_id from recommendations where user_id = '3' order by rank"
    )
    assert {item["source"] for item in items} == {source} == {"personal"}
    reasons = stored.execute(
        "select because_item_id, title from recommendations "
        "left join items on because_item_id = items.item_id where user_id = '3' order by rank"
    ).fetchall()
    assert any(reason for reason, _ in reasons)
    assert [item["because"] for item in items] == [
        {"id": reason, "title": title} if reason else None for reason, title in reasons
    ]
    assert _asked(client, user_id="3", limit=DEPTH, offset=DEPTH)[0] == []
    answer = client.get("/recommendations?user_id=3&explain=true&returnMetadata=true&limit=1").json()
    assert [*answer["items"][0]] == ["id", "title", "genres", "because", "source"]


@pytest.mark.parametrize(
    ("told", "segment"),
    [
        ({"gender": "F"}, "gender=F"),
        ({"gender": "m", "age_group": "25-34"}, "gender=M&age_group=25-34"),
        # Nobody is so old, or a farmer: wider segments are left.
        ({"gender": "F", "age_group": "over-55", "occupation": "farmer"}, "gender=F"),
        ({"age_group": "25-34", "occupation": "farmer"}, "age_group=25-34"),
    ],
)
def test_somebody_unknown_gets_the_list_of_the_narrowest_segment(
    client: TestClient, stored: duckdb.DuckDBPyConnection, told: dict[str, str], segment: str
) -> None:
    items, source = _asked(client, user_id="nobody", **told)
    assert source == f"segment {segment}"
    assert _ids(items) == _column(
        stored,
        "select item_id from popular_by_segment where segment = $it order by rank limit 10",
        it=segment,
    )


def test_somebody_of_whom_only_a_segment_is_known_needs_no_user_id(client: TestClient) -> None:
    told = {"gender": "F", "age_group": "25-34"}
    answer = client.get("/recommendations", params=told)
    with_id = client.get("/recommendations", params={"user_id": "nobody", **told})
    assert answer.headers["X-Recommendation-Source"].startswith("segment ")
    assert answer.json() == with_id.json()


def test_somebody_of_no_segment_gets_the_popular_list(
    client: TestClient, stored: duckdb.DuckDBPyConnection
) -> None:
    items, source = _asked(client, user_id="nobody", gender="X", occupation="farmer")
    assert (source, items[0]["source"], items[0]["because"]) == ("popular", "popular", None)
    assert _ids(items) == _column(stored, "select item_id from popular order by rank limit 10")


def test_likes_bring_similar_movies(client: TestClient, stored: duckdb.DuckDBPyConnection) -> None:
    items, source = _asked(client, liked="5,6,nowhere", limit=20)
    assert source == "liked"
    expected = stored.execute(
        "with likenesses as ("
        "    select similar_item_id as item_id, sum(score) as score, arg_max(item_id, score) as because"
        "    from similar_items where item_id in ('5', '6') group by all"
        ") select item_id, because from likenesses join items using (item_id) "
        "where item_id not in ('5', '6') order by likenesses.score desc, number limit 20"
    ).fetchall()
    alike = [item for item in items if item["source"] == "liked"]
    assert [(item["id"], item["because"]["id"]) for item in alike] == expected
    assert _asked(client, liked="5,6,nowhere", limit=5, offset=2)[0] == items[2:7]


@pytest.mark.parametrize("liked", ["", "nowhere", "nowhere,neither"])
def test_without_an_item_that_is_known_the_popular_list_answers_and_says_so(
    client: TestClient, liked: str
) -> None:
    answer = client.get(f"/recommendations?liked={liked}")
    assert answer.headers["X-Recommendation-Source"] == "popular"
    assert answer.json() == client.get("/recommendations?user_id=nobody").json()


def test_ids_that_no_film_has_are_told(client: TestClient) -> None:
    answer = client.get("/recommendations?liked=5,n%C3%B6,a%20b&exclude=x")
    assert answer.headers["X-Unknown-Items"] == "n%C3%B6,a%20b,x"
    assert "X-Unknown-Items" not in client.get("/recommendations?liked=5&exclude=6").headers


def test_ids_that_no_film_has_are_told_as_far_as_a_proxy_has_room_for_them(client: TestClient) -> None:
    liked = [f"{number:03d}" + "n" * 57 for number in range(100)]
    answer = client.get("/recommendations", params={"liked": ",".join(liked)})
    *told, last = answer.headers["X-Unknown-Items"].split(",")
    # Each takes 61 characters, with its comma.
    assert (told, last) == (liked[:33], "*")


def test_similar_items_are_those_that_are_stored(
    client: TestClient, stored: duckdb.DuckDBPyConnection
) -> None:
    answer = client.get("/similar?item_id=5&limit=7&offset=2")
    expected = _column(
        stored, "select similar_item_id from similar_items where item_id = '5' order by rank limit 7 offset 2"
    )
    assert answer.json() == {"items": [{"id": item_id} for item_id in expected]}
    rich = client.get("/similar?item_id=5&returnMetadata=true&limit=1").json()["items"][0]
    assert [*rich] == ["id", "title", "genres"]
    assert answer.headers["ETag"]


def test_an_item_that_nobody_knows_has_no_similar_ones(client: TestClient) -> None:
    answer = client.get("/similar?item_id=nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"error": "there is no movie 'nowhere'"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("/recommendations?limit=3", "user_id is required"),
        ("/recommendations?user_id=1&liked=2", "user_id and liked are given; give one of them"),
        ("/recommendations?user_id=1&genres=", "genres must be genres with commas between them, not ''"),
        ("/recommendations?user_id=1&genres=Drama,,Comedy", "genres must be genres with commas"),
        ("/recommendations?user_id=1&exclude=%20", "exclude must be ids with commas between them"),
        ("/recommendations?user_id=1&exclude=" + "1," * 100 + "1", "exclude has more than 100 ids"),
        ("/recommendations?user_id=1&min_year=x", "min_year must be a whole number, from 0 to 9999, not 'x'"),
        ("/recommendations?user_id=1&max_year=10000", "max_year must be a whole number"),
        ("/recommendations?user_id=1&gender=", "gender is empty"),
        ("/recommendations?user_id=1&age_group=30", "age_group must be one of under-18, 18-24,"),
        ("/recommendations?user_id=1&explain=yes", "explain must be true or false, not 'yes'"),
        ("/recommendations?user_id=1&genre=Drama", "unknown parameter 'genre'; there are user_id, liked,"),
        ("/similar", "item_id is required"),
        ("/similar?item_id=5&explain=true", "unknown parameter 'explain'"),
    ],
)
def test_invalid_parameters_are_refused_by_name(client: TestClient, query: str, message: str) -> None:
    answer = client.get(query)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)


def test_every_parameter_is_documented_where_people_look(client: TestClient) -> None:
    page = client.get("/docs").text
    document = Path("docs/api.md").read_text(encoding="utf-8")
    for path in ("/recommendations", "/similar", "/features"):
        for parameter in fields(path, DEPTH):
            assert parameter["description"] in page.replace("&#39;", "'")
            assert re.search(rf"\b{parameter['name']}\b", document), parameter["name"]

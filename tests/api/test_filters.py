"""Filtered lists: what the filters leave of a list, in order, and the wider lists that fill it up."""

import random
import re
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
from starlette.testclient import TestClient

from api.filters import FILTERS
from api.parameters import fields
from batch.generation.publish import Published
from batch.recommend.segments import MIN_USERS
from tests.asked import client_of, column
from tests.batch.generation.conftest import hidden
from tests.conftest import changed, publish, written

USERS, ITEMS = 2 * MIN_USERS, 80
GENRES = ("Action", "Comedy", "Drama", "Sci-Fi & Söhne")
DEPTH = 40

Item = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movies of all genres and years, one without a year, watched at random; women and men, all writers."""
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
    texts = ("\n".join(lines) + "\n" for lines in (ratings, movies, users))
    data = written(tmp_path_factory.mktemp("data"), next(texts), next(texts), users=next(texts))
    return publish(data, tmp_path_factory.mktemp("output"), top_n=DEPTH, similar_n=20).file.parent.parent


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with client_of(folder) as client:
        yield client


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, Item]:
    """Year and genres of each movie, by id."""
    items = column(folder, "select {'id': item_id, 'year': year, 'genres': genres} from items")
    return {item["id"]: item for item in items}


def _lists(folder: Path, table: str, key: str, order: str) -> dict[str, list[str]]:
    """Return the lists of a table, by what they are for."""
    rows = column(
        folder, f"select {{'of': {key}, 'items': list(item_id order by {order})}} from {table} group by {key}"
    )
    return {row["of"]: row["items"] for row in rows}


def _asked(client: TestClient, **values: object) -> tuple[list[Item], str]:
    answer = client.get("/recommendations?" + urlencode({"explain": "true", **values}))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"], answer.headers["X-Recommendation-Source"]


def _ids(items: list[Item]) -> list[str]:
    return [item["id"] for item in items]


def _random_filters(draw: random.Random) -> dict[str, str]:
    every = {
        "genres": ",".join(draw.sample(GENRES, draw.randint(1, 2))),
        "not_genres": draw.choice(GENRES).upper(),
        "exclude": ",".join(str(draw.randrange(ITEMS)) for _ in range(draw.randint(1, 9))),
        "min_year": str(draw.randint(1980, 2010)),
        "max_year": str(draw.randint(1980, 2010)),
    }
    assert {*every} == {*FILTERS} - {"where"}
    return {name: every[name] for name in draw.sample([*every], draw.randint(1, 3))}


def _kept(item: Item, filters: dict[str, str]) -> bool:
    genres = {genre.upper() for genre in item["genres"]}
    year = item["year"]
    return all(
        (
            "genres" not in filters or genres & set(filters["genres"].upper().split(",")),
            "not_genres" not in filters or filters["not_genres"].upper() not in genres,
            "exclude" not in filters or item["id"] not in filters["exclude"].split(","),
            "min_year" not in filters or (year is not None and year >= int(filters["min_year"])),
            "max_year" not in filters or (year is not None and year <= int(filters["max_year"])),
        )
    )


def test_a_list_is_what_the_filters_leave_of_the_own_list_and_then_of_wider_ones(
    client: TestClient, folder: Path, known: dict[str, Item]
) -> None:
    draw = random.Random(4)  # noqa: S311 (no secret)
    # As deep as it takes, and not only as deep as the list `popular`.
    popular = column(folder, "select item_id from items where ratings > 0 order by popularity desc, item_id")
    lists = _lists(folder, "recommendations", "user_id", "rank")
    histories = _lists(folder, "histories", "user_id", "position")
    of_segments = _lists(folder, "popular_by_segment", "segment", "rank")
    segments = column(folder, "select {'user': user_id, 'segment': segment} from lookups")
    segment_of = {row["user"]: row["segment"] for row in segments}
    for _ in range(300):
        user, filters = str(draw.randrange(USERS)), _random_filters(draw)
        page = {"limit": draw.randint(1, DEPTH), "offset": draw.choice((0, 0, 3, 30))}
        own, in_segment = lists[user], of_segments[segment_of[user]]
        wider = [item for item in dict.fromkeys(in_segment + popular) if item not in {*histories[user], *own}]
        whole = [item for item in own + wider if _kept(known[item], filters)]
        items, source = _asked(client, user_id=user, **filters, **page)
        assert _ids(items) == whole[page["offset"] :][: page["limit"]], (user, filters, page)
        assert source == "personal"
        for item in items:
            from_segment = "segment" if item["id"] in in_segment else "popular"
            assert item["source"] == ("personal" if item["id"] in own else from_segment)


def test_pages_put_together_are_the_list(client: TestClient) -> None:
    for filters in ({"genres": "Drama"}, {"min_year": 1990}, {"exclude": "1,2,3"}, {"gender": "F"}):
        for who in ({"user_id": "3"}, {"user_id": "nobody"}, {"liked": "5,6"}):
            whole = _ids(_asked(client, **who, **filters, limit=DEPTH)[0])
            assert len(set(whole)) == len(whole) > 0
            pages = [_ids(_asked(client, **who, **filters, limit=3, offset=at)[0]) for at in range(0, 39, 3)]
            assert [*chain(*pages)][: len(whole)] == whole[:39]


@pytest.mark.parametrize("who", [{"user_id": "3"}, {"user_id": "nobody"}, {"liked": "5,6"},
                                 {"user_id": "nobody", "gender": "F"}])  # fmt: skip
def test_a_filter_holds_whoever_asks(client: TestClient, known: dict[str, Item], who: dict[str, str]) -> None:
    without = _ids(_asked(client, **who)[0])
    for filters in (
        {"genres": "Drama"},
        {"not_genres": "Drama"},
        {"exclude": without[0]},
        {"min_year": "2000"},
        {"max_year": "1999"},
    ):
        found = _ids(_asked(client, **who, **filters)[0])
        assert found != without
        assert all(_kept(known[item], filters) for item in found)


def test_an_explained_list_is_the_list_with_reasons(client: TestClient, folder: Path) -> None:
    items, source = _asked(client, user_id="3", limit=DEPTH)
    stored = column(
        folder,
        "select {'id': item_id, 'because': case when title is not null then "
        "{'id': because_item_id, 'title': title} end, 'reason': reason} from recommendations "
        "left join (select item_id as because_item_id, title from items) using (because_item_id) "
        "where user_id = '3' order by rank",
    )
    assert [{key: item[key] for key in ("id", "because", "reason")} for item in items] == stored
    assert any(item["because"] for item in items)
    assert {item["source"] for item in items} == {source} == {"personal"}
    assert _asked(client, user_id="3", limit=DEPTH, offset=DEPTH)[0] == []
    answer = client.get("/recommendations?user_id=3&explain=true&returnMetadata=true&limit=1").json()
    assert [*answer["items"][0]] == ["id", "title", "genres", "because", "reason", "source"]


def test_items_of_a_wider_list_have_its_reason(client: TestClient) -> None:
    reasons = {"personal": {"because", "people", "genres", "trending", "new"}, "segment": {"people"}}
    reasons |= {"popular": {"trending"}, "liked": {"because", "people"}}
    found: dict[str, set[str]] = {}
    for given in ({"user_id": "3", "min_year": "1980"}, {"liked": "5,6"}, {"gender": "F"}, {"user_id": "x"}):
        for item in _asked(client, **given, limit=DEPTH)[0]:
            found.setdefault(item["source"], set()).add(item["reason"])
    assert found.keys() == reasons.keys()
    assert all(found[source] <= reasons[source] for source in found)


def test_a_file_of_a_version_before_reasons_has_none(folder: Path, tmp_path: Path) -> None:
    copy_of = shutil.copytree(folder, tmp_path / "output", symlinks=True)
    (file,) = (copy_of / "generations").glob("*.duckdb")
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("alter table recommendations drop reason; drop index lookups_user_id")
        connection.execute("alter table lookups drop reasons")
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    with client_of(copy_of) as client:
        items, _ = _asked(client, user_id="3", limit=DEPTH)
        assert {item["reason"] for item in items} == {None}
        assert any(item["because"] for item in items)
        assert "Because of" in client.get("/users/3").text


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ({"gender": "F"}, "gender=F"),
        ({"gender": "m", "age_group": "25-34"}, "gender=M&age_group=25-34"),
        # Nobody is so old, or a farmer: wider segments are left.
        ({"gender": "F", "age_group": "over-55", "occupation": "farmer"}, "gender=F"),
        ({"age_group": "25-34", "occupation": "farmer"}, "age_group=25-34"),
        ({"segment": "gender:F"}, "gender=F"),
        ({"segment": " GENDER : f ,age_group:25-34"}, "gender=F&age_group=25-34"),
        ({"segment": "gender:F", "age_group": "25-34"}, "gender=F&age_group=25-34"),
        ({"segment": "gender:X,age_group:25-34"}, "age_group=25-34"),
    ],
)
def test_an_unknown_user_gets_the_list_of_the_narrowest_segment(
    client: TestClient, folder: Path, given: dict[str, str], segment: str
) -> None:
    # With or without an id.
    items, source = _asked(client, **given)
    assert (items, source) == _asked(client, user_id="nobody", **given)
    assert source == f"segment {segment}"
    assert _ids(items) == _lists(folder, "popular_by_segment", "segment", "rank")[segment][:10]


SEGMENTS = """
insert into segments values
    ('country=DE&plan=free', 1, null, null, null, '{"country": "DE", "plan": "free"}', 60),
    ('country=DE', 2, null, null, null, '{"country": "DE"}', 90),
    ('age%20%2F%20b=a%3Ab%26c', 3, null, null, null, '{"age / b": "a:b&c"}', 70);
insert into popular_by_segment select segment, 1, place::varchar, 1 from segments
"""


def test_segments_are_of_any_attributes(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute(SEGMENTS)
    with client_of(tmp_path) as client:

        def first(segment: str) -> tuple[str, str]:
            items, source = _asked(client, segment=segment, limit=1)
            return items[0]["id"], source

        assert first("plan:free,country:DE") == ("1", "segment country=DE&plan=free")
        assert first("plan:paid,country:de") == ("2", "segment country=DE")
        assert first("age / b:a:b&c") == ("3", "segment age%20%2F%20b=a%3Ab%26c")
        assert first("country:FR")[1] == "popular"
        answer = client.get("/recommendations?segment=country:DE,contry:DE")
        assert answer.status_code == 404
        assert answer.json()["error"] == (
            "segment has 'contry', which no segment is made of; there are country, plan, age / b"
        )
        repeated = client.get("/recommendations?segment=country:DE&segment=plan:free")
        assert repeated.headers["X-Recommendation-Source"] == "segment country=DE&plan=free"


def test_segments_of_a_file_of_before_are_served(folder: Path, tmp_path: Path) -> None:
    copy_of = shutil.copytree(folder, tmp_path / "output", symlinks=True)
    (file,) = (copy_of / "generations").glob("*.duckdb")
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("alter table segments drop attributes; alter table users drop attributes")
    with client_of(copy_of) as client:
        assert _asked(client, segment="gender:F")[1] == "segment gender=F"
        assert client.get("/users/1").status_code == 200


def test_a_user_of_no_segment_gets_the_popular_list(client: TestClient, folder: Path) -> None:
    items, source = _asked(client, user_id="nobody", gender="X", occupation="farmer")
    assert (source, items[0]["source"], items[0]["because"]) == ("popular", "popular", None)
    assert _ids(items) == column(folder, "select item_id from popular order by rank limit 10")


def test_likes_bring_similar_movies(client: TestClient, folder: Path) -> None:
    items, source = _asked(client, liked="5,6,nowhere", limit=20)
    assert source == "liked"
    expected = column(
        folder,
        "with likenesses as ("
        "    select similar_item_id as item_id, sum(weight) as weight, arg_max(item_id, weight) as because"
        "    from similar_items where item_id in ('5', '6') group by all"
        ") select [item_id, because] from likenesses join items using (item_id) "
        "where item_id not in ('5', '6') order by likenesses.weight desc, number limit 20",
    )
    alike = [item for item in items if item["source"] == "liked"]
    assert [[item["id"], item["because"]["id"]] for item in alike] == expected
    assert _asked(client, liked="5,6,nowhere", limit=5, offset=2)[0] == items[2:7]


def test_a_like_is_the_reason_if_a_third_of_the_genres_is_common_or_genres_are_unknown(
    client: TestClient, known: dict[str, Item]
) -> None:
    found = set()
    for liked in ("5", "6", "5,6,7,8"):
        for item in _asked(client, liked=liked, limit=20)[0]:
            if item["source"] == "liked":
                genres, others = (set(known[each]["genres"]) for each in (item["id"], item["because"]["id"]))
                is_clear = not genres or not others or len(genres & others) / len(genres | others) >= 1 / 3
                assert item["reason"] == ("because" if is_clear else "people")
                found.add((item["reason"], bool(genres and others)))
    assert found == {("because", True), ("because", False), ("people", True)}


def test_a_hidden_like_speaks_for_others_and_is_not_named(folder: Path, tmp_path: Path) -> None:
    output = shutil.copytree(folder, tmp_path / "output", symlinks=True)
    with client_of(output) as client:
        before = _alike(client, "5")
        both = _alike(client, "5,6")
    assert {item["because"]["id"] for item in both} == {"5", "6"}
    hidden(output, "5")
    with client_of(output) as client:
        items = _alike(client, "5")
        assert _ids(items) == _ids(before)
        assert {(item["because"], item["reason"]) for item in items} == {(None, "people")}
        assert {item["because"] and item["because"]["id"] for item in _alike(client, "5,6")} == {None, "6"}
        suggested = client.get("/new?liked=5,6").text.partition('id="suggested"')[2]
        assert 'Because you like <a href="/films/6">' in suggested
        assert '"/films/5"' not in suggested


def _alike(client: TestClient, liked: str) -> list[Item]:
    return [item for item in _asked(client, liked=liked, limit=20)[0] if item["source"] == "liked"]


@pytest.mark.parametrize("liked", ["", "nowhere", "nowhere,neither"])
def test_without_a_known_item_the_popular_list_answers_and_says_so(client: TestClient, liked: str) -> None:
    items, source = _asked(client, liked=liked)
    assert source == "popular"
    assert items == _asked(client, user_id="nobody")[0]


def test_unknown_ids_are_named_as_far_as_a_proxy_has_room_for_them(client: TestClient) -> None:
    answer = client.get("/recommendations?liked=5,n%C3%B6,a%20b&exclude=x")
    assert answer.headers["X-Unknown-Items"] == "n%C3%B6,a%20b,x"
    assert "X-Unknown-Items" not in client.get("/recommendations?liked=5&exclude=6").headers
    liked = [f"{number:03d}" + "n" * 57 for number in range(100)]
    answer = client.get("/recommendations", params={"liked": ",".join(liked)})
    # Each takes 61 characters, with its comma.
    assert answer.headers["X-Unknown-Items"].split(",") == [*liked[:33], "*"]


def test_similar_items_are_those_that_are_stored(client: TestClient, folder: Path) -> None:
    answer = client.get("/similar?item_id=5&limit=7&offset=2")
    expected = _lists(
        folder, "(select item_id as of, similar_item_id as item_id, rank from similar_items)", "of", "rank"
    )
    assert answer.json() == {"items": [{"id": item_id} for item_id in expected["5"][2:9]]}
    rich = client.get("/similar?item_id=5&returnMetadata=true&limit=1").json()["items"][0]
    assert [*rich] == ["id", "title", "genres"]
    assert answer.headers["ETag"]


def test_an_unknown_item_has_no_similar_ones(client: TestClient) -> None:
    answer = client.get("/similar?item_id=nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"error": "there is no movie 'nowhere'"}


def test_every_parameter_is_documented_where_people_look(client: TestClient) -> None:
    page = client.get("/docs").text
    document = Path("docs/api.md").read_text(encoding="utf-8")
    for path in ("/recommendations", "/similar", "/features"):
        for parameter in fields(path, DEPTH):
            assert parameter["description"] in page.replace("&#39;", "'")
            assert re.search(rf"\b{parameter['name']}\b", document), parameter["name"]

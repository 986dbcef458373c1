"""Segments: popular lists of people of one kind, if there are enough of them."""

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from batch.generation.publish import Published
from batch.recommend.segments import MIN_USERS, Segments, read_attributes, segments
from tests.conftest import publish, select, written
from tests.films import MOVIES_HEADER, RATINGS_HEADER
from tests.made import interactions

HEADER = "userId,gender,age,occupation\n"


def _input(users: int = 2 * MIN_USERS) -> tuple[str, str, str]:
    """Return ratings, movies and users: women watch movie 1 and then 3, men movie 2 and then 3."""
    ratings, people = [RATINGS_HEADER], []
    for user in range(users):
        gender = "FM"[user % 2]
        ratings += [f"{user},{1 + user % 2},5,{user}", f"{user},3,4,{users + user}"]
        people.append(f"{user},{gender},{18 + 7 * (user // 2 % 2)},writer")
    movies = MOVIES_HEADER + "\n" + "".join(f"{item},Movie {item} (2000),Drama\n" for item in range(1, 5))
    return "\n".join(ratings) + "\n", movies, HEADER + "\n".join(people) + "\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("segments")
    ratings, movies, users = _input()
    # Somebody without a rating is in no segment.
    data = written(folder / "data", ratings, movies, users=users + "ghost,F,20,writer\n")
    return publish(data, folder / "output")


def _list(made: Published, segment: str) -> list[str]:
    query = "select item_id from popular_by_segment where segment = $segment order by rank"
    return [item_id for (item_id,) in select(made.file, query, segment=segment)]


def test_a_segment_lists_what_its_users_watch_lately(made: Published) -> None:
    assert _list(made, "gender=F") == ["3", "1"]
    assert _list(made, "gender=M") == ["3", "2"]
    assert _list(made, "occupation=writer") == ["3", "2", "1"]


def test_users_of_a_segment_with_few_users_are_in_a_wider_one(made: Published) -> None:
    assert _list(made, "gender=F&age_group=18-24") == []
    found = select(made.file, "select distinct segment from lookups order by all")
    assert found == [("gender=F&occupation=writer",), ("gender=M&occupation=writer",)]


def test_narrow_segments_come_first_and_say_what_they_are(made: Published) -> None:
    query = "select segment, gender, age_group, occupation, users from segments order by place"
    found = select(made.file, query)
    assert found[0] == ("gender=F&occupation=writer", "F", None, "writer", MIN_USERS)
    assert ("age_group=18-24", None, "18-24", None, MIN_USERS) in found
    assert [segment.count("&") for segment, *_ in found] == sorted(
        (segment.count("&") for segment, *_ in found), reverse=True
    )


def test_a_user_has_the_age_group_of_the_age(made: Published) -> None:
    query = "select gender, age_group, occupation from users where user_id in ('0', '3') order by all"
    assert select(made.file, query) == [("F", "18-24", "writer"), ("M", "25-34", "writer")]


def test_ages_fall_in_the_groups_of_movielens(cleaned: Any) -> None:
    groups = {"1": "under-18", "17.9": "under-18", "18": "18-24", "34": "25-34", "35": "35-44", "45": "45-49",
              "50": "50-55", "55": "50-55", "56": "over-55", "150": "over-55", "": None}  # fmt: skip
    users = "userId,age\n" + "".join(f"{user},{age}\n" for user, age in enumerate(groups))
    result = cleaned(RATINGS_HEADER + "\n1,10,3,1\n", users=users)
    query = "select age_group from validated_users where rule is null order by line"
    assert [group for (group,) in result.rows(query)] == [*groups.values()]


def test_invalid_rows_of_users_are_recorded_and_the_last_one_counts(cleaned: Any) -> None:
    users = HEADER + "1,F,20,a\n1.0, M ,30,b\n1,X,old,c\n,F,20,d\n2,,-1,e\n3\n"
    result = cleaned(RATINGS_HEADER + "\n1,10,3,1\n", users=users)
    assert result.rejected() == [
        (2, "superseded"), (3, "superseded"), (5, "user_id_missing"), (7, "missing_columns"),
    ]  # fmt: skip
    query = (
        "select user_id, gender, age_group, occupation from validated_users where rule is null order by all"
    )
    assert result.rows(query) == [("1", "X", None, "c"), ("2", None, None, "e")]


def test_an_age_that_is_none_costs_the_age_alone_and_is_recorded(cleaned: Any) -> None:
    users = HEADER + "1,F,244,a\n2,M,abc,b\n3,F,NULL,c\n4,,-1,\n5,M,30,e\n"
    result = cleaned(RATINGS_HEADER + "\n1,10,3,1\n", users=users)
    assert result.rejected() == []
    assert result.rows("select line, rule, raw, user_id from repaired_rows order by line") == [
        (2, "age_out_of_range", "1,F,244,a", "1"),
        (3, "age_out_of_range", "2,M,abc,b", "2"),
        (5, "age_out_of_range", "4,,-1,", "4"),
    ]
    assert result.rows("select gender, age_group, occupation, attributes from users") == [
        ("F", None, "a", "{}")
    ]
    assert result.rows("select warning, file, rows from input_warnings") == [
        ("age_out_of_range", "users.csv", 3)
    ]
    assert result.counts.rows_repaired == 0


def test_without_users_there_are_no_segments(published: Published) -> None:
    counts = "select count(*) from segments union all select count(*) from popular_by_segment"
    assert select(published.file, counts) == [(0,), (0,)]
    assert select(published.file, "select count(segment) from lookups") == [(0,)]


def _women(users: int, **known: str) -> pd.DataFrame:
    return pd.DataFrame({"gender": "F", "age_group": None, "occupation": None} | known, index=range(users))


def test_a_hidden_item_is_popular_nowhere() -> None:
    ratings = interactions([(user, item) for user in range(MIN_USERS) for item in range(3)])
    hidden = replace(ratings, is_hidden=np.array([False, True, False]))
    assert segments(ratings, _women(MIN_USERS), 5).item_index.tolist() == [2, 1, 0]
    assert segments(hidden, _women(MIN_USERS), 5).item_index.tolist() == [2, 0]


def test_names_are_as_in_a_query_string() -> None:
    ratings = interactions([(user, 0) for user in range(MIN_USERS)])
    attributes = _women(MIN_USERS, gender="é", occupation="a&b c")
    assert segments(ratings, attributes, 5).names[0] == "gender=%C3%A9&occupation=a%26b%20c"


USERS_OF_INPUT = """
create table users as
select
    lpad(number::varchar, 3, '0') as user_id,
    null as gender,
    case when number < 10 then '18-24' end as age_group,
    null as occupation,
    json_object(
        'country', ['DE', 'FR'][1 + number % 2], 'plan', 'free', 'age', 30, 'a/b~c', number % 3
    ) as attributes
from range(200) as numbers(number)
"""


@pytest.fixture
def users() -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute(USERS_OF_INPUT)
    return connection.table("users")


def _segments(attributes: pd.DataFrame) -> Segments:
    return segments(interactions([(user, 0) for user in range(200)]), attributes, 5)


def test_segments_are_made_of_the_attributes_that_are_named(users: duckdb.DuckDBPyRelation) -> None:
    attributes = read_attributes(users, ["country", "plan"])
    assert attributes.columns.tolist() == ["country", "plan"]
    found = _segments(attributes)
    assert dict(zip(found.names, found.users, strict=True)) == {
        "country=DE&plan=free": 100, "country=FR&plan=free": 100, "country=DE": 100, "country=FR": 100,
        "plan=free": 200,
    }  # fmt: skip
    assert found.attributes[0] == {"country": "DE", "plan": "free"}
    assert found.of_user.tolist() == [0, 1] * 100


def test_any_name_of_an_attribute_is_read_and_numbers_are_text(users: duckdb.DuckDBPyRelation) -> None:
    found = _segments(read_attributes(users, ["a/b~c", "no such"]))
    assert found.names == ["a%2Fb~c=0", "a%2Fb~c=1", "a%2Fb~c=2"]


def test_an_age_is_the_group_if_there_is_one(users: duckdb.DuckDBPyRelation) -> None:
    attributes = read_attributes(users, ["age", "age_group"])
    assert attributes["age_group"].value_counts().to_dict() == {"30": 190, "18-24": 10}


def test_segments_without_names_are_those_of_gender_age_group_and_occupation(
    users: duckdb.DuckDBPyRelation,
) -> None:
    assert read_attributes(users).columns.tolist() == ["gender", "age_group", "occupation"]


def test_no_segment_has_more_than_three_attributes(users: duckdb.DuckDBPyRelation) -> None:
    attributes = read_attributes(users, ["country", "plan", "age", "a/b~c"])
    assert max(len(each) for each in _segments(attributes).attributes) == 3


def test_of_too_many_segments_the_widest_are_kept(
    users: duckdb.DuckDBPyRelation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("batch.recommend.segments.MAX_SEGMENTS", 4)
    found = _segments(read_attributes(users, ["country", "plan"]))
    assert found.names == ["country=DE", "country=FR", "plan=free"]
    assert "there are more than 4 segments of users, so there are none of country and plan" in caplog.text

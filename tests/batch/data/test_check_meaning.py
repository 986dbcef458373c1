"""What is odd in an input as a whole is recorded, and what is not odd is not."""

from pathlib import Path
from typing import Any

import pytest

from batch.generation.publish import Published
from sql import statement
from tests.cleaned import HEADER, MOVIES, STARS, Cleaned
from tests.conftest import WriteInput, publish, select

# 2020-09-13 and later.
NOW = 1_600_000_000


SPECS_OF_OTHERS = {
    "users": '[users]\nfile = "users.csv"\nid = "userId"\nattributes = ["gender"]\n',
    "hidden": '[hidden]\nfile = "hidden.csv"\nid = "movieId"\n',
}


@pytest.fixture
def cleaned(write_input: WriteInput, tmp_path: Path) -> Any:
    """Return a function that writes files with an `input.toml`, and cleans them: nothing is guessed."""

    def make(ratings: str, movies: str = MOVIES, **others: str) -> Cleaned:
        folder = write_input(ratings, movies, **others)
        if ratings.startswith(HEADER):
            specs = [SPECS_OF_OTHERS[name] for name in others]
            (folder / "input.toml").write_text(STARS + "".join(specs))
        return Cleaned(folder, tmp_path)

    return make


def _ratings(times: list[object], users: int = 5) -> str:
    """Return a row for each time, of some users, each of another movie."""
    rows = (f"{place % users},{place},4,{time}\n" for place, time in enumerate(times))
    return HEADER + "".join(rows)


def _recent(rows: int) -> list[object]:
    return [NOW + place for place in range(rows)]


def _warnings(result: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = result.rows("select warning, file, rows from input_warnings order by all")
    return found


def _text(result: Any) -> str:
    ((text,),) = result.rows("select text from input_warnings")
    return str(text)


def test_nothing_is_odd_in_the_movies_of_the_tests(published: Published) -> None:
    assert select(published.file, "select warning, text from input_warnings") == []


def test_recent_times_are_not_odd(cleaned: Any) -> None:
    assert _warnings(cleaned(_ratings(_recent(30)))) == []


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        (range(18_000, 18_030), "30 of them would be recent as days since 1970; convert them to seconds"),
        (range(44_000, 44_030), 'days of a spreadsheet; write format = "excel"'),
        (range(440_000, 440_030), "hours since 1970"),
        (range(26_000_000, 26_000_030), "minutes since 1970"),
        (range(20_231_101, 20_231_131), 'dates such as 20231114; write format = "yyyymmdd"'),
        (range(1_990, 2_020), "would be years"),
        (["1985-05-17"] * 25 + ["1986-05-17"] * 5, "in no unit that would make them recent"),
        ([0] * 26 + [NOW, NOW + 1, NOW + 2, NOW + 3], "26 of them are 0, which says that there is no time"),
    ],
)
def test_times_before_1990_in_bulk_are_named_with_their_likely_unit(
    cleaned: Any, times: list[object], unit: str
) -> None:
    result = cleaned(_ratings(list(times)))
    ((warning, file, rows),) = _warnings(result)
    assert (warning, file) == ("times_before_1990", "ratings.csv")
    assert rows >= 26
    assert unit in _text(result)


def test_half_of_the_times_may_be_before_1990(cleaned: Any) -> None:
    assert _warnings(cleaned(_ratings([*range(15), *_recent(15)]))) == []


def test_nearly_all_rows_at_one_time_can_teach_no_order(cleaned: Any) -> None:
    result = cleaned(_ratings([NOW] * 28 + _recent(2)))
    assert _warnings(result) == [("same_time", "ratings.csv", 29)]
    assert "29 of 30 times are the same, 2020-09-13 12:26:40" in _text(result)
    assert _warnings(cleaned(_ratings([NOW] * 26 + _recent(4)))) == []


def test_rows_without_times_are_not_odd(cleaned: Any) -> None:
    assert _warnings(cleaned("userId,movieId\n" + "".join(f"1,{item}\n" for item in range(30)))) == []


def test_few_rows_say_nothing_of_the_whole(cleaned: Any) -> None:
    assert _warnings(cleaned(_ratings([0] * 19))) == []


def test_mostly_superseded_rows_may_be_meant_to_add_up(cleaned: Any) -> None:
    rows = [f"1,{item},4,{NOW + 100 * item + time}\n" for item in range(5) for time in range(6)]
    result = cleaned(HEADER + "".join(rows))
    assert _warnings(result) == [("mostly_superseded", "ratings.csv", 25)]
    assert "so that they add up" in _text(result)
    twice = [f"1,{item},4,{NOW + 100 * item + time}\n" for item in range(15) for time in range(2)]
    assert _warnings(cleaned(HEADER + "".join(twice))) == []


def test_movies_and_users_that_match_nothing_are_named(cleaned: Any) -> None:
    def movies(first: int) -> str:
        return "movieId,title,genres\n" + "".join(f"{first + item},Movie {item},\n" for item in range(30))

    def users(first: int) -> str:
        return "userId,gender\n" + "".join(f"{first + user},F\n" for user in range(30))

    ratings = _ratings(_recent(30), users=30)
    assert _warnings(cleaned(ratings, movies(0), users=users(0))) == []
    # 3 of 30 are a tenth, and 15 of 30 a half.
    assert _warnings(cleaned(ratings, movies(27), users=users(15))) == []
    assert _warnings(cleaned(ratings, movies(28), users=users(16))) == [
        ("unmatched_items", "movies.csv", 28),
        ("unmatched_users", "users.csv", 16),
    ]


def test_a_user_with_very_many_rows_is_named_with_the_remedy(
    cleaned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def ratings(rows: int) -> str:
        bot = "".join(f"bot,{item},4,{NOW + item}\n" for item in range(rows))
        others = "".join(f"{user},{item},4,{NOW + item}\n" for user in range(5) for item in range(120))
        return HEADER + bot + others

    assert _warnings(cleaned(ratings(999))) == []
    result = cleaned(ratings(1_000))
    assert result.rows("select warning, rows, user_id from input_warnings") == [("heavy_user", 1_000, "bot")]
    assert "write max_per_user = 120 in input.toml" in _text(result)
    assert caplog.messages[-1] == f"ratings.csv: {_text(result)}"


def test_too_many_values_of_a_segment_are_named(cleaned: Any) -> None:
    users = "userId,gender\n" + "".join(f"{user},F\n" for user in range(101))
    result = cleaned(_ratings(_recent(101), users=101), users=users)
    result.rows("update users set attributes = json_object('zip', user_id, 'plan', user_id::int % 100)")
    result.check_meaning(["zip", "plan"])
    assert _warnings(result) == [("too_many_segment_values", "users.csv", None)]
    assert "the attribute zip has 101 values" in _text(result)


def test_hidden_ids_that_match_nothing_are_recorded_with_the_others(cleaned: Any) -> None:
    result = cleaned(HEADER + f"1,10,3,{NOW}\n", hidden="movieId\n98\n99\n")
    assert _warnings(result) == [("unknown_item", "hidden.csv", 2)]


def test_a_line_with_a_zero_byte_is_no_text(cleaned: Any) -> None:
    result = cleaned(HEADER + f"1,10,3,{NOW}\n1\0,10,4,{NOW}\n2,1\0" + f"1,4,{NOW}\n\0\n3,10,4,{NOW}\n")
    assert result.rejected() == [(3, "not_text"), (4, "not_text"), (5, "not_text")]
    assert result.counts.rows_read == 5


CAPPED = HEADER + "1,10,3,5\n1,11,3,9\n1,12,3,9\n1,13,3,1\n2,10,3,1\n1,14,99,1\n,15,3,10\n3,10,3,1\n"


def test_of_a_user_with_many_rows_the_newest_count_and_the_others_are_recorded(cleaned: Any) -> None:
    result = cleaned(CAPPED)
    result.cap(2)
    assert result.rows("select user_id, item_id from valid_ratings order by all") == [
        ("1", "11"), ("1", "12"), ("2", "10"), ("3", "10"),
    ]  # fmt: skip
    assert result.rows("from rejected_lines where rule = 'over_max_per_user' order by line") == [
        ("ratings.csv", 2, "over_max_per_user", "1"),
        ("ratings.csv", 5, "over_max_per_user", "1"),
    ]
    rejected = result.rows(statement("clean/row_counts"))
    assert [(rows, count) for _, rows, count, *_ in rejected] == [(8, 2)]


def test_without_a_cap_every_valid_row_counts(cleaned: Any) -> None:
    result = cleaned(CAPPED)
    result.cap(None)
    assert result.rows("select count(*) from valid_ratings") == [(6,)]


SPEC = """
max_per_user = 20

[interactions]
file = "events.csv"
user = "who"
item = "what"

[time]
column = "when"

[users]
file = "people.csv"
id = "who"
attributes = ["Country", "plan", "visits"]
segments = ["Country", "plan"]
"""


def test_attributes_and_segments_of_users_and_the_cap_are_as_the_input_says(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "input.toml").write_text(SPEC)
    rows = [f"u{user},i{item},{NOW + item}\n" for user in range(60) for item in range(10 + user % 2)]
    rows += [f"bot,i{item},{NOW + item}\n" for item in range(50)]
    (data / "events.csv").write_text("who,what,when\n" + "".join(rows))
    people = [f"u{user},{'DE' if user < 50 else 'FR'},free,{user}\n" for user in range(60)]
    (data / "people.csv").write_text("who,Country,plan,visits\n" + "".join(people))
    published = publish(data, tmp_path / "output")
    query = "select segment, attributes, users from segments order by place"
    assert select(published.file, query) == [
        ("Country=DE&plan=free", '{"Country": "DE", "plan": "free"}', 50),
        ("Country=DE", '{"Country": "DE"}', 50),
        ("plan=free", '{"plan": "free"}', 60),
    ]
    attributes = (
        "select unnest(attributes ->> ['$.Country', '$.plan', '$.visits']) from users where user_id = 'u7'"
    )
    assert [each for (each,) in select(published.file, attributes)] == ["DE", "free", "7"]
    capped = "select file, rule, user_id, count(*) from rejected_rows group by all"
    assert select(published.file, capped) == [("events.csv", "over_max_per_user", "bot", 30)]
    counts = "select rows_read, rows_kept, rows_rejected, rows_superseded, rows_capped from generation"
    assert select(published.file, counts) == [(680, 650, 0, 0, 30)]
    seen = "select count(*) from recommendations where user_id = 'bot'"
    assert select(published.file, seen) == [(0,)]

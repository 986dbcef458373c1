"""Now, as the data have it, and how long ago somebody was last seen."""

import numpy as np

from batch.data.interactions import SECONDS_PER_DAY
from tests.made import START, interactions

DAY = float(SECONDS_PER_DAY)
# Five people, the last rating of each a day after that of the one before.
PEOPLE = [(user, 0, 5.0, user * DAY) for user in range(5)]


def test_now_is_the_last_moment_that_three_people_have_reached() -> None:
    assert interactions(PEOPLE).now == START + 2 * DAY


def test_another_row_moves_now_no_further_than_to_the_last_rating_of_somebody() -> None:
    for user in range(6):
        for day in (-1_000.0, 1.5, 2.5, 3.5, 4.5, 1_000.0):
            now = interactions([*PEOPLE, (user, 1, 5.0, day * DAY)]).now
            assert START + 2 * DAY <= now <= START + 3 * DAY, (user, day)


def test_many_ratings_of_one_person_are_one_opinion_of_the_time() -> None:
    burst = [(5, item, 5.0, 1_000 * DAY + item) for item in range(20)]
    assert interactions([*PEOPLE, *burst]).now == START + 3 * DAY


def test_the_moment_now_of_two_people_is_what_both_have_reached() -> None:
    assert interactions(PEOPLE[:2]).now == START
    assert interactions([(0, 0, 5.0, 0.0), (0, 1, 5.0, DAY)]).now == START + DAY


def test_days_inactive_count_from_the_last_rating_and_are_never_below_zero() -> None:
    assert interactions(PEOPLE).days_inactive().tolist() == [2, 1, 0, 0, 0]
    assert interactions(PEOPLE).days_inactive(START + 10 * DAY).tolist() == [10, 9, 8, 7, 6]


def test_users_without_times_are_not_away() -> None:
    timeless = interactions([(user, 0, 5.0, np.nan) for user in range(5)])
    assert np.isnan(timeless.now)
    assert timeless.days_inactive().tolist() == [0, 0, 0, 0, 0]

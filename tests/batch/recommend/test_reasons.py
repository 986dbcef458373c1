"""The reason of a listed item is what leads its score, and it names an item of the history that fits."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from batch.model.als import Collaborative
from batch.model.genres import Genres
from batch.model.personal_trend import PersonalTrend
from batch.model.sequential import Sequential
from batch.model.weighted_parts import PART_NAMES, FittedItems, Model, fit_items
from batch.recommend.explained import REASONS
from batch.recommend.explanations import explain
from batch.recommend.reasons import Everybody, everybody
from batch.recommend.topn import TopN
from batch.settings import Settings
from tests.made import Row, interactions

SETTINGS = Settings(data=Path(), output=Path())
DRAMA, WESTERN = [1, 0], [0, 1]


@dataclass(frozen=True)
class Case:
    """What a user has liked, oldest first, and what is listed; each is a row of what it adds and has."""

    # (liked, listed), what each liked item adds to the score of each listed one
    adds: list[list[float]]
    genres: list[list[int]]  # of liked, then of listed items
    people: list[list[float]] = field(default_factory=list)  # vectors of the same; none: all are alike
    by_genres: list[float] = field(default_factory=lambda: [0.0, 0.0])  # what each genre is worth to the user
    trend: list[float] = field(default_factory=list)  # of the same items; none: all have 5
    new: tuple[int, ...] = ()  # listed items
    of_everybody: tuple[int, ...] = ()  # listed items that the personal trend of everybody is full of


def _explained(case: Case) -> list[tuple[str, int]]:
    """Return the reason of each listed item, and the liked item that explains it."""
    adds = np.array(case.adds, dtype=np.float32)
    liked, listed = adds.shape
    items = liked + listed
    # A liked item has a column of its own, in which listed items have what it adds to them.
    history = np.eye(items, liked, dtype=np.float32)
    personal = np.vstack([np.zeros((liked, liked)), adds.T]).astype(np.float32)
    trend = np.array(case.trend or [5.0] * items, dtype=np.float32)
    nothing = np.zeros((items, 0), dtype=np.float32)
    people = np.array(case.people or [[1.0]] * items, dtype=np.float32)
    genres = Genres(sparse.csr_matrix(np.array(case.genres, dtype=np.float32)), np.full(2, 0.5), 1.0)
    fitted = FittedItems(
        Collaborative(people, [], None, 1.0),
        Sequential(nothing, nothing, 1.0),
        PersonalTrend(personal, history),
        genres,
        trend,
    )
    user = np.concatenate([np.zeros(people.shape[1]), np.ones(liked), case.by_genres, [1.0]])
    model = Model(
        user_factors=user[None, :].astype(np.float32),
        item_factors=fitted.factors,
        parts=[*fitted.columns.values()],
        part_names=PART_NAMES,
        seen=sparse.csr_matrix(np.zeros((1, items), dtype=np.float32)),
        is_candidate=np.ones(items, dtype=np.bool_),
        losses=[],
        weights=np.array([[0.0, 0.0, 1.0]]),
    )
    places = np.arange(liked, items, dtype=np.int32)
    lists = TopN(
        user_index=np.zeros(listed, dtype=np.int32),
        rank=np.arange(1, listed + 1, dtype=np.int32),
        item_index=places,
        score=(model.item_factors[places] @ model.user_factors[0]).astype(np.float32),
    )
    of_all = Everybody(np.zeros(items, dtype=np.bool_), np.zeros(items, dtype=np.float32))
    of_all.is_new[[liked + place for place in case.new]] = True
    of_all.personal_trend[[liked + place for place in case.of_everybody]] = 99
    ratings = interactions([(0, item) for item in range(liked)], items=items)
    found = explain(fitted, model, ratings, lists, of_all, SETTINGS)
    return [(REASONS[code], int(item)) for code, item in zip(found.reason, found.item_index, strict=True)]


CASES: dict[str, tuple[Case, list[tuple[str, int]]]] = {
    "a liked item of the same genre": (
        Case([[4.0], [3.0]], [DRAMA, WESTERN, WESTERN]), [("because", 1)]
    ),
    "people, if no liked item is of its genre": (
        Case([[4.0], [3.0]], [DRAMA, DRAMA, WESTERN]), [("people", 0)]
    ),
    "people, if others like both items": (
        Case([[4.0]], [DRAMA, DRAMA], people=[[1.0, 0.0], [0.1, 1.0]]), [("people", 0)]
    ),
    "not an item of its genre that adds too little": (
        Case([[9.0], [2.9]], [DRAMA, WESTERN, WESTERN]), [("people", 0)]
    ),
    "an item that adds much, if genres are unknown": (
        Case([[4.0], [3.0]], [[0, 0], [0, 0], [0, 0]]), [("because", 0)]
    ),
    "people, if genres are unknown and no item adds much": (
        Case([[1.0]] * 11, [[0, 0]] * 12), [("people", 0)]
    ),
    "the trend, if no liked item is of its genre and it is popular with everybody": (
        Case([[4.0, 4.0]], [DRAMA, WESTERN, WESTERN], of_everybody=(1,)), [("people", 0), ("trending", 0)]
    ),
    "a liked item, also if it is popular with everybody": (
        Case([[4.0]], [DRAMA, DRAMA], of_everybody=(0,)), [("because", 0)]
    ),
    "the trend that is above that of others": (
        Case([[1.0, 1.0]], [DRAMA, DRAMA, DRAMA], trend=[0.0, 9.0, 0.0]), [("trending", 0), ("because", 0)]
    ),
    "the genres that the user likes": (
        Case([[1.0, 1.0]], [DRAMA, WESTERN, DRAMA], by_genres=[0.0, 6.0]), [("genres", 0), ("because", 0)]
    ),
    "not a trend and genres that all items have": (
        Case([[0.5, 0.4]], [DRAMA] * 3, by_genres=[9.0, 0.0], trend=[9.0] * 3), [("because", 0)] * 2
    ),
    "that it is new": (Case([[4.0]], [DRAMA, DRAMA], new=(0,)), [("new", 0)]),
    "that it is new, if nothing in the history adds anything": (
        Case([[-1.0]], [DRAMA, DRAMA], new=(0,)), [("new", -1)]
    ),
    "not that it is new like a liked item of another genre": (
        Case([[4.0]], [DRAMA, WESTERN], new=(0,)), [("people", 0)]
    ),
    "the trend, if nothing in the history adds anything": (
        Case([[-1.0]], [DRAMA, DRAMA], trend=[0.0, 2.0]), [("trending", -1)]
    ),
    "not a trend that is hardly above the mean": (
        Case([[-1.0]], [DRAMA, DRAMA], trend=[0.0, 0.5]), [("people", -1)]
    ),
    "not the trend, if there is none": (
        Case([[-1.0]], [DRAMA, DRAMA], trend=[-9.0, -1.0]), [("people", -1)]
    ),
    "not genres that add nothing": (
        Case([[-9.0]], [DRAMA, WESTERN], trend=[0.0, 0.0]), [("people", -1)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_reason_is(case: str) -> None:
    assert _explained(CASES[case][0]) == CASES[case][1]


def test_an_item_explains_two_of_ten_places_if_another_adds_nearly_as_much() -> None:
    adds = [[5.0] * 12, [4.1] * 12, [3.9] * 12]
    explained = _explained(Case(adds, [DRAMA] * 15))
    # The third one adds less than four fifths of the first one; after ten places all have their turns again.
    assert [item for _, item in explained] == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_new_is_what_few_people_know_and_only_lately() -> None:
    rows: list[Row] = [(user, user % 3, 5.0, float(user)) for user in range(90)]
    # Items 3 and 4 have two interactions each: of the first days, and of the last.
    rows += [(0, 3, 5.0, 0.5), (1, 3, 5.0, 1.5), (2, 4, 5.0, 88.5), (3, 4, 5.0, 89.5)]
    ratings = interactions(rows, items=5)
    recent, of_old = np.ones(5, dtype=np.bool_), np.arange(5) != 4
    timeless = replace(ratings, rated_at=np.full(len(ratings), np.nan))
    for known, is_recent, new in ((ratings, recent, [4]), (ratings, of_old, []), (timeless, recent, [])):
        of_all = everybody(fit_items(known, SETTINGS), known, is_recent)
        assert np.flatnonzero(of_all.is_new).tolist() == new


def test_the_personal_trend_of_everybody_is_what_all_watch_lately() -> None:
    rng = np.random.default_rng(2)
    rows: list[Row] = [
        (user, item, 5.0, rng.random()) for user in range(60) for item in rng.permutation(20)[:5]
    ]
    rows += [(user, 20, 5.0, 2.0) for user in range(50)]
    ratings = interactions(rows, items=21)
    of_all = everybody(fit_items(ratings, SETTINGS), ratings, np.ones(21, dtype=np.bool_)).personal_trend
    assert int(of_all.argmax()) == 20
    assert of_all.mean() == pytest.approx(0, abs=1e-5)
    assert of_all.std() == pytest.approx(1, abs=1e-5)

"""The explanation of a movie in a list is the movie of the history that adds most to its score, or nearly."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.data.meaning import STARS, Meaning
from batch.generation.publish import Published
from batch.model.als import Collaborative
from batch.model.beginnings import share_known
from batch.model.genres import usual_genres
from batch.model.personal_trend import DISLIKED, PersonalTrend
from batch.model.positives import is_positive
from batch.model.sequential import Sequential
from batch.model.weighted_parts import PART_NAMES, FittedItems, Model, fit_items, fold_in_users
from batch.recommend.explained import MAX_TURNS, NEARLY, PLACES
from batch.recommend.explanations import explain
from batch.recommend.reasons import Everybody
from batch.recommend.topn import TopN, score
from batch.settings import Settings
from tests.conftest import WriteInput, publish, select
from tests.films import ITEMS as TOY_ITEMS, RATINGS_HEADER
from tests.made import Row, interactions

SETTINGS = Settings(data=Path(), output=Path(), factors=12, next_factors=16, iterations=5)
USERS, ITEMS = 200, 120
EVERYBODY = Everybody(np.zeros(ITEMS, dtype=np.bool_), np.zeros(ITEMS, dtype=np.float32))
MadeUp = tuple[FittedItems, Model, Interactions, TopN]


@pytest.fixture(scope="module", params=[STARS, Meaning(adds_up=True)], ids=["stars", "weights"])
def made_up(request: pytest.FixtureRequest) -> MadeUp:
    """Users of a few tastes, with histories of 1 to 110 movies, seen now, a day ago or long ago."""
    rng = np.random.default_rng(1)
    rows: list[Row] = []
    tastes = rng.dirichlet(np.full(ITEMS, 0.3), size=6)
    for user in range(USERS):
        chances = 0.9 * tastes[user % 6] + 0.1 / ITEMS
        watched = rng.choice(ITEMS, int(np.exp(rng.uniform(0, np.log(110)))), replace=False, p=chances)
        rows += [(user, int(item), rng.integers(1, 11) / 2, float(rng.integers(10**6))) for item in watched]
    ratings = interactions(rows, items=ITEMS, meaning=request.param)
    if request.param.adds_up:
        ratings = replace(ratings, weight=np.maximum(ratings.weight - 2, 0), unit=1.5)
    hidden = rng.random(ITEMS) < 0.1
    ratings = replace(ratings, is_hidden=hidden)
    fitted = fit_items(ratings, SETTINGS)
    model = fold_in_users(fitted, ratings, rng.choice([0.0, 1.0, 400.0], USERS), SETTINGS)
    return fitted, replace(model, is_candidate=~hidden), ratings, score(model, 20)


def _added(fitted: FittedItems, model: Model, ratings: Interactions, user: int) -> NDArray[np.float64]:
    """Return (history, items), what each movie of a user's history adds to each score, by the book."""
    history = np.flatnonzero(ratings.user_index == user)
    items, ages = ratings.item_index[history], np.arange(len(history))[::-1]
    vectors = fitted.collaborative.item_factors.astype(np.float64)
    positives = is_positive(ratings.weight[history])
    says = np.maximum(ratings.weight[history], 0).astype(np.float64) / ratings.unit
    confidences = SETTINGS.alpha * 0.5 ** (ages / SETTINGS.taste_half_life) * says
    system = vectors.T @ vectors + SETTINGS.regularization * np.eye(vectors.shape[1])
    for confidence, vector in zip(confidences[positives], vectors[items[positives]], strict=True):
        system += (confidence - 1) * np.outer(vector, vector)
    collaborative = confidences[:, None] * (vectors[items] @ np.linalg.inv(system) @ vectors.T)
    steps = 0.5 ** (ages / SETTINGS.next_half_life)
    steps *= says if ratings.meaning.adds_up else 1
    lately = fitted.sequential.history_factors[items].astype(np.float64) @ fitted.sequential.item_factors.T
    lately *= steps[:, None]
    personal = fitted.personal_trend.history_factors[items].astype(np.float64)
    personal = personal @ fitted.personal_trend.item_factors.T
    liked = says if ratings.meaning.adds_up else np.ones(len(history))
    personal *= np.where(ratings.weight[history] < 0, DISLIKED, liked)[:, None]
    # Each is scaled to a standard deviation of 1 over all movies, and weighed as in the list.
    weights = _weights(model, user) * share_known(np.array([positives.sum()]))
    spreads = [max(part.sum(axis=0).std(), 1e-300) for part in (collaborative, lately, personal)]
    return np.asarray(
        sum(
            weight * part / spread
            for weight, part, spread in zip(weights, (collaborative, lately, personal), spreads, strict=True)
        )
    )


def _weights(model: Model, user: int) -> NDArray[np.float64]:
    """Return what the parts that are learned from histories weigh for a user."""
    away = float(model.user_factors[user, -1]) / SETTINGS.trend_weight
    return np.array([1 - away, SETTINGS.next_weight * (1 - away), SETTINGS.personal_trend_weight * away])


def _foreseen(fitted: FittedItems, model: Model, user: int, positives: int) -> NDArray[np.float64]:
    """Return (items,), what others add to the scores of a user with so many positives."""
    of_others = _weights(model, user) * (1 - share_known(np.array([positives])))
    return np.asarray(
        sum(
            weight * fitted.beginnings.by_part[name][0].astype(np.float64) @ fitted.by_part[name].T
            for name, weight in zip(fitted.beginnings.by_part, of_others, strict=True)
        )
    )


def test_history_and_trend_add_up_to_the_score(made_up: MadeUp) -> None:
    fitted, model, ratings, _ = made_up
    for user in range(USERS):
        positives = int(is_positive(ratings.weight[ratings.user_index == user]).sum())
        if positives:
            total = (
                _added(fitted, model, ratings, user).sum(axis=0)
                + _foreseen(fitted, model, user, positives)
                + model.user_factors[user, -1] * fitted.trend
            )
            scores = model.user_factors[user].astype(np.float64) @ model.item_factors.T
            assert total == pytest.approx(scores, abs=2e-4)


def test_the_explanations_are_those_of_brute_force(made_up: MadeUp) -> None:
    fitted, model, ratings, lists = made_up
    explanations = explain(fitted, model, ratings, lists, EVERYBODY, SETTINGS).item_index
    compared = others = 0
    for user in range(USERS):
        history = np.flatnonzero(ratings.user_index == user)
        items = ratings.item_index[history]
        told = is_positive(ratings.weight[history]) & ~ratings.is_hidden[items]
        added = _added(fitted, model, ratings, user)[told]
        turns: Counter[int] = Counter()
        for row in np.flatnonzero(lists.user_index == user):
            turns = Counter() if lists.rank[row] == PLACES + 1 else turns
            of_item = dict(zip(items[told].tolist(), added[:, lists.item_index[row]].tolist(), strict=True))
            most = max(of_item.values(), default=0.0)
            if explanations[row] == -1:
                assert most <= 1e-6
            else:
                found = int(explanations[row])
                near = {each for each, adds in of_item.items() if adds >= NEARLY * most * (1 - 1e-4)}
                assert found in near
                # Two movies may add as good as the same. One that does not add most takes a turn.
                if of_item[found] < most * (1 - 1e-4):
                    assert any(turns[each] >= MAX_TURNS for each in near)
                    others += 1
                clearly_near = {each for each in near if of_item[each] >= NEARLY * most * (1 + 1e-4)}
                assert turns[found] < MAX_TURNS or all(turns[each] >= MAX_TURNS for each in clearly_near)
                turns[found] += 1
                assert most > 0
                compared += 1
    assert compared > USERS * 15
    assert others > 50


def test_a_user_who_likes_nothing_gets_no_explanation(made_up: MadeUp) -> None:
    fitted, model, ratings, lists = made_up
    positives = np.bincount(ratings.user_index, is_positive(ratings.weight), minlength=USERS)
    explanations = explain(fitted, model, ratings, lists, EVERYBODY, SETTINGS).item_index
    assert (positives == 0).sum() > 3
    assert set(explanations[positives[lists.user_index] == 0].tolist()) == {-1}


def test_the_explanations_do_not_depend_on_the_number_of_threads_or_blocks(
    made_up: MadeUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for cores, block in ((1, 512), (2, 7), (5, 64)):
        monkeypatch.setattr("batch.runtime.threads.cores", lambda cores=cores: cores)
        monkeypatch.setattr("batch.recommend.explanations.USERS_PER_BLOCK", block)
        done: list[int] = []
        explained = explain(*made_up, EVERYBODY, SETTINGS, done.append)
        found.append((explained.item_index.tolist(), explained.reason.tolist()))
        assert sum(done) == USERS
    assert found[0] == found[1] == found[2]


def _known(vectors: list[list[float]], rows: list[Row], listed: list[int], **changed: float) -> list[int]:
    """Return the explanations of a list of user 0 by the collaborative part alone, from vectors of movies."""
    collaborative = np.array(vectors, dtype=np.float32)
    nothing = np.zeros((len(vectors), 1), dtype=np.float32)
    ratings = interactions(rows, items=len(vectors))
    fitted = FittedItems(
        Collaborative(collaborative, [], None, 1.0),
        Sequential(nothing, nothing, 1.0),
        PersonalTrend(nothing, nothing),
        usual_genres(None, np.zeros(len(vectors), np.int64)),
        nothing[:, 0],
    )
    model = Model(
        user_factors=np.zeros((1, collaborative.shape[1] + 3), dtype=np.float32),
        item_factors=fitted.factors,
        parts=[collaborative.shape[1], 1, 1, 0, 1],
        part_names=PART_NAMES,
        seen=sparse.csr_matrix(np.zeros((1, len(vectors)), dtype=np.float32)),
        is_candidate=~ratings.is_hidden,
        losses=[],
        weights=np.array([[1.0, 0.0, 0.0]]),
    )
    lists = TopN(
        user_index=np.zeros(len(listed), np.int32),
        rank=np.arange(1, len(listed) + 1, dtype=np.int32),
        item_index=np.array(listed, np.int32),
        score=np.zeros(len(listed), np.float32),
    )
    settings = replace(SETTINGS, **{"taste_half_life": 1.0} | changed)  # type: ignore[arg-type]
    everybody = Everybody(np.zeros(len(vectors), dtype=np.bool_), nothing[:, 0])
    return explain(fitted, model, ratings, lists, everybody, settings).item_index.tolist()  # type: ignore[no-any-return]


DRAMA, COMEDY = [1.0, 0.0], [0.0, 1.0]
ALIKE = [DRAMA] * 4
CASES: dict[str, tuple[list[list[float]], list[Row], list[int], list[int]]] = {
    "one of its kind": (
        [DRAMA, DRAMA, COMEDY, COMEDY, [-1.0, 0.0]], [(0, 0), (0, 2)], [1, 3], [0, 2]
    ),
    "none if no positive adds anything": ([[1.0], [-1.0], [0.0], [2.0]], [(0, 0)], [1, 2, 3], [-1, -1, 0]),
    "the newest of equals": (ALIKE, [(0, 2), (0, 0), (0, 1)], [3], [1]),
    # The older one weighs half, and is twice as long.
    "the first item of a tie, watched last": ([[1.0], [2.0], [1.0]], [(0, 1), (0, 0)], [2], [0]),
    "the first item of a tie, watched first": ([[2.0], [1.0], [1.0]], [(0, 0), (0, 1)], [2], [0]),
    "not one rated below three": (ALIKE, [(0, 0, 3.0), (0, 1, 5.0), (0, 2, 2.5)], [3], [1]),
    "none if all are rated below three": (ALIKE, [(0, 2, 2.5)], [3], [-1]),
    "a vote without stars": (ALIKE, [(0, 2, 2.5), (0, 1, float("nan"))], [3], [1]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_explanation_of_an_item_is(case: str) -> None:
    vectors, rows, listed, explanations = CASES[case]
    assert _known(vectors, rows, listed) == explanations


def test_a_list_whose_sums_are_too_small_for_single_precision_has_no_explanations_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows: list[Row] = [(0, 1), (0, 0)]
    small = {"alpha": 0.001, "regularization": 0.01, "taste_half_life": 0.01}
    assert _known([[0.0], [1000.0], [0.001]], rows, [2], **small) == [-1]
    assert "the lists of 1 users have no explanations" in caplog.text
    assert _known([[0.0], [1000.0], [0.001]], rows, [2]) == [1]


def test_a_published_item_is_listed_because_of_one_of_its_kind(published: Published) -> None:
    found = select(published.file, "select item_id, because_item_id from recommendations where rank = 1")
    assert {int(item) % 2 == int(explanation) % 2 for item, explanation in found} == {True}


def test_an_item_without_an_explanation_is_null_in_the_table_and_empty_in_the_text(
    write_input: WriteInput, tmp_path: Path
) -> None:
    rows = [f"{user},{item},5,{item}" for user in range(6) for item in range(TOY_ITEMS // 2)]
    data = write_input("\n".join([RATINGS_HEADER, *rows, "7,1,1,1", "8,1,5,1", "9,5,1,1", "9,6,5,1"]))
    (data / "hidden.csv").write_text("movieId\n6\n", encoding="utf-8")
    made = publish(data, tmp_path / "output")
    texts: dict[str, str] = dict(select(made.file, "select user_id, because from lookups"))
    explanations = select(made.file, "select distinct user_id, because_item_id from recommendations")
    numbers: dict[str, str] = dict(select(made.file, "select item_id, cast(number as varchar) from items"))
    query = "select user_id, cast(count(*) as integer) from recommendations group by user_id"
    lengths: dict[str, int] = dict(select(made.file, query))
    assert {each for each in explanations if each[0] in {"7", "8", "9"}} == {
        ("7", None),
        ("8", "1"),
        ("9", None),
    }
    assert texts["7"] == "," * (lengths["7"] - 1)
    assert texts["8"] == ",".join([numbers["1"]] * lengths["8"])

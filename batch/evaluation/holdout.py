"""Hold out: the newest interactions evaluate the model of a run before it learns from them, too.

The question is that of a run: which lists would have been published at a moment, for people who were last
active when they were, and what did those watch who came back? So the model is trained on all that came before
a moment, and evaluated by what came after it. Then training goes on with the interactions that were held out,
from the vectors that it has, and the vectors that come of that are published. These are evaluated by the same
people once more. They have seen the answers, so that is no measure of quality; but vectors that rank the
answers worse than those before them are broken.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.evaluation.baselines import LATELY, lately_name, rated_lately
from batch.evaluation.bootstrap import bootstrap
from batch.evaluation.choices import learned_weights
from batch.evaluation.lists import exposure
from batch.evaluation.metrics import (
    DEPTHS,
    MODEL,
    Lists,
    UserMetrics,
    compute_metrics,
    measure_lists,
    pooled,
)
from batch.evaluation.splits import Popularity, Split, by_moment, by_time, entries
from batch.model.als import collaborative_of, iterations_from
from batch.model.personal_trend import PersonalTrend
from batch.model.positives import is_positive
from batch.model.sequential import Sequential
from batch.model.weighted_parts import FittedItems, Model, fit_items, fold_in_users
from batch.recommend.topn import TopN, best
from batch.settings import Settings

# Shares of the interactions before the moments at which a run may be evaluated, the newest moment first.
CUTS = (0.95, 0.9, 0.8, 0.7)
# In small data, few people come back: then there is another moment before, until so many came back in all.
MIN_ROLLING_USERS = 50
MAX_EVALUATED_USERS = 1_000  # of each moment
MAX_EVALUATED_SHARE = 0.5  # of all, if the last interaction of each is held out
PUBLISHED = "published"
EVALUATED_USERS = "judged_users"
ROLLING_CUTS = "rolling_cuts"
# The same metric by the vectors that are published, which have seen the answers.
SEEN = "_seen"
# How many later positives the lists should foresee; before version 0.7 any later rating counted.
POSITIVES = "judged_positives"
WITH_INTERVAL = ("hr@10", "ndcg@10")

Metrics = dict[tuple[str, str], float]  # by metric and model


@dataclass(frozen=True)
class Candidate:
    """Items as they were learned from what a split lets a model know, and who evaluates them."""

    fitted: FittedItems
    split: Split  # with the known interactions of the evaluated users alone, and the popularity of all


def hold_out(ratings: Interactions, sampling_hashes: NDArray[np.str_], seed: int) -> list[Split]:
    """Return the splits that evaluate a run, oldest moment first; nothing if nobody can evaluate it.

    Without times, or if fewer than MIN_ROLLING_USERS people come back, the last interactions of a sample of
    users are held out, those with the lowest hashes (users,), for lists made at the end of the data. If
    `ratings.has_repeats`, they are as given: only what a split knows of the same user and movie adds up.
    """
    splits = _rolling_cuts(ratings, seed)
    if sum(len(split.users) for split in splits) >= MIN_ROLLING_USERS:
        return splits
    ratings = ratings.without_superseded() if ratings.has_repeats else ratings
    drawn = draw(ratings, sampling_hashes, ratings.ratings_of_item, max_evaluated(ratings.users))
    last = hold_out_of(ratings, drawn, ratings.ratings_of_item, ratings.days_inactive())
    return [last] if len(last.users) else []


def _rolling_cuts(ratings: Interactions, seed: int) -> list[Split]:
    """Return cuts in time, oldest first: the newest one, and older ones until enough people came back."""
    splits: list[Split] = []
    for cut in CUTS if ratings.has_times else ():
        with suppress(InputError):
            split = by_time(ratings, cut) if ratings.has_repeats else by_moment(ratings, cut)
            if is_positive(split.train.weight).any():
                splits.insert(0, split.sampled(MAX_EVALUATED_USERS, seed))
        if sum(len(split.users) for split in splits) >= MIN_ROLLING_USERS:
            break
    return splits


def max_evaluated(users: int) -> int:
    """Return of how many users the last interaction may be held out."""
    return min(MAX_EVALUATED_USERS, int(users * MAX_EVALUATED_SHARE))


def draw(
    ratings: Interactions, sampling_hashes: NDArray[np.str_], ratings_of_item: NDArray[np.int64], most: int
) -> NDArray[np.int32]:
    """Return the users with the lowest hashes whose last positive can be held out, the lowest first.

    The ratings may be those of some users; `ratings_of_item` are (items,) those of all.
    """
    eligible = (
        ratings.is_last_positive
        & (ratings.ratings_of_user[ratings.user_index] > 1)
        & (ratings_of_item[ratings.item_index] > 1)
    )
    candidates = ratings.user_index[eligible]
    return np.asarray(candidates[np.argsort(sampling_hashes[candidates], kind="stable")[:most]])


def hold_out_of(
    ratings: Interactions,
    drawn: NDArray[np.int32],
    ratings_of_item: NDArray[np.int64],
    days_inactive: NDArray[np.float64],
) -> Split:
    """Hold out the last positives of these users.

    `days_inactive` are (users,) the days from the last rating of each to the moment for which lists are made.
    """
    held_out = ratings.is_last_positive & np.isin(ratings.user_index, drawn)
    # Several may have the same movie held out that nobody else has rated: all of them keep it.
    known = ratings_of_item - np.bincount(ratings.item_index[held_out], minlength=ratings.items)
    held_out &= known[ratings.item_index] > 0
    # A model needs a positive to begin with.
    held_out &= is_positive(ratings.weight[~held_out]).any()
    later = ratings.where(held_out)
    shape = len(later), ratings.items
    nothing = np.empty(0, dtype=np.int32)
    return Split(
        name="last",
        train=ratings.where(~held_out),
        days_inactive=days_inactive,
        users=later.user_index,
        relevant=entries(np.arange(len(later)), later.item_index, shape),
        disliked=entries(nothing, nothing, shape),
        unknown=np.zeros(len(later), dtype=np.int64),
        old_users=np.arange(ratings.users),
        old_items=np.arange(ratings.items),
        is_tied=np.zeros(len(later), dtype=np.bool_),
    )


def iterations(settings: Settings, splits: Sequence[Split]) -> int:
    """Return how many iterations `learn` takes."""
    later = iterations_from(settings, has_start=True)
    return iterations_from(settings, has_start=False) + later * len(splits)


def learn(
    ratings: Interactions, splits: Sequence[Split], settings: Settings, advance: Callable[[], None]
) -> tuple[list[Candidate], FittedItems]:
    """Learn the movies from what each split lets a model know, oldest first, and at last from all ratings.

    Training goes on from one to the next. What parts weigh is learned from the moments before, so the oldest
    one has the weights of the settings. Raises InputError if there is no positive.
    """
    start: NDArray[np.float32] | None = None
    before: list[tuple[FittedItems, Split]] = []
    for split in splits:
        known_start = None if start is None else start[split.old_items]
        part_weights = learned_weights(before, split, settings)
        fitted = replace(fit_items(split.train, settings, advance, known_start), part_weights=part_weights)
        start = collaborative_vectors(fitted, split, ratings.items)
        before.append((fitted, split))
    candidates = [Candidate(fitted, of_evaluated(split)) for fitted, split in before]
    fitted = fit_items(ratings, settings, advance, start)
    return candidates, replace(fitted, part_weights=learned_weights(before, None, settings))


def collaborative_vectors(fitted: FittedItems, split: Split, items: int) -> NDArray[np.float32]:
    """Return (items, factors), the collaborative vectors of all items; zeros for those not known yet."""
    vectors = np.zeros((items, fitted.collaborative.item_factors.shape[1]), dtype=np.float32)
    vectors[split.old_items] = fitted.collaborative.item_factors
    return vectors


def of_evaluated(split: Split) -> Split:
    """Return the same split with the known ratings of the evaluated users alone."""
    train = split.train
    lately = {share: rated_lately(train, share) for share in LATELY}
    return replace(
        split,
        train=train.of_users(split.users),
        days_inactive=split.days_inactive[split.users],
        users=np.arange(len(split.users), dtype=np.int32),
        old_users=split.old_users[split.users],
        popularity=Popularity(train.users, train.ratings_of_item, lately),
    )


def evaluate_candidates(
    candidates: Sequence[Candidate],
    published: FittedItems,
    settings: Settings,
    advance: Callable[[], None] = lambda: None,
) -> Metrics:
    """Measure the model by the people of all splits together, beside what is popular.

    If nobody evaluates it there is one metric, which says so. `advance` is called after each split.
    """
    if not candidates:
        return {(EVALUATED_USERS, MODEL): 0.0}
    by_name: dict[str, list[UserMetrics]] = {}
    for candidate in candidates:
        for name, lists in _lists_by_name(candidate, published, settings).items():
            measured_lists = compute_metrics(lists.items, candidate.split, lists.model)
            by_name.setdefault(name, []).append(measured_lists)
        advance()
    measured = {name: pooled(each) for name, each in by_name.items()}
    seen = measured.pop(SEEN).means()
    people = float(sum(len(candidate.split.users) for candidate in candidates))
    cuts = sum(candidate.split.is_by_time for candidate in candidates)
    positives = sum(int(each.split.relevant.nnz + each.split.unknown.sum()) for each in candidates)
    metrics: Metrics = {(ROLLING_CUTS, MODEL): float(cuts), (POSITIVES, MODEL): float(positives)}
    for name, of_model in measured.items():
        metrics[EVALUATED_USERS, name] = people
        metrics |= {(metric, name): value for metric, value in of_model.means().items()}
        for metric in WITH_INTERVAL:
            low, high = bootstrap(of_model.by_user[metric], of_model.people)
            metrics |= {(f"{metric}_low", name): low, (f"{metric}_high", name): high}
    return metrics | {(f"{metric}{SEEN}", MODEL): seen[metric] for metric in WITH_INTERVAL}


def _lists_by_name(candidate: Candidate, published: FittedItems, settings: Settings) -> dict[str, Lists]:
    """Return the lists of the evaluated users: by the model, by what is popular, by the published vectors."""
    split = candidate.split
    assert split.popularity
    popular = {
        "most_popular": split.popularity.ratings_of_item,
        **{lately_name(share): split.popularity.lately[share] for share in LATELY},
    }
    alike = np.ones((len(split.users), 1), np.float32)
    return {
        MODEL: _lists_by_model(candidate.fitted, split, settings),
        **{
            name: Lists(split.users, _ranked(alike, scores[:, None].astype(np.float32), [1], split))
            for name, scores in popular.items()
        },
        SEEN: _lists_by_model(_restricted(published, split, settings), split, settings),
    }


def _lists_by_model(fitted: FittedItems, split: Split, settings: Settings) -> Lists:
    model = fold_in_users(fitted, split.train, split.days_inactive, settings)
    return Lists(split.users, _ranked(model.user_factors, model.item_factors, model.parts, split), model)


def _ranked(
    users: NDArray[np.float32], items: NDArray[np.float32], parts: list[int], split: Split
) -> NDArray[np.int32]:
    """Rank as a run does: what `batch.evaluation.rank` returns."""
    found = best(users, items, parts, split.train.unlistable, ~split.train.is_hidden, max(DEPTHS))
    return _as_rows(found, len(split.users))


def _as_rows(lists: TopN, users: int) -> NDArray[np.int32]:
    """Return (users, depth), the lists as far as they are measured; -1 at the end of a shorter one."""
    rows = np.full((users, max(DEPTHS)), -1, dtype=np.int32)
    is_measured = lists.rank <= max(DEPTHS)
    rows[lists.user_index[is_measured], lists.rank[is_measured] - 1] = lists.item_index[is_measured]
    return rows


def _restricted(fitted: FittedItems, split: Split, settings: Settings) -> FittedItems:
    """Return the movies that a split knows, with its indices."""
    old = split.old_items
    return FittedItems(
        collaborative_of(np.ascontiguousarray(fitted.collaborative.item_factors[old]), settings),
        Sequential(
            fitted.sequential.item_factors[old],
            fitted.sequential.history_factors[old],
            fitted.sequential.half_life,
        ),
        PersonalTrend(fitted.personal_trend.item_factors[old], fitted.personal_trend.history_factors[old]),
        replace(fitted.genres, shares=fitted.genres.shares[old]),
        fitted.trend[old],
        fitted.part_weights,
        fitted.beginnings,
    )


def of_published(lists: TopN, model: Model, ratings: Interactions) -> Metrics:
    """Measure what the lists of everyone are."""
    everyone = np.arange(ratings.users, dtype=np.int32)
    measured = measure_lists(Lists(everyone, _as_rows(lists, ratings.users), model), ratings, ratings)
    return {(name, PUBLISHED): value for name, value in measured.items()}


def of_places(
    places: dict[int, NDArray[np.int64]],
    lists: int,
    ratings_of_item: NDArray[np.int64],
    users: int,
    is_hidden: NDArray[np.bool_],
) -> Metrics:
    """Measure so many lists of everyone by how many places each movie has in them, by depth."""
    return {
        (name, PUBLISHED): value
        for depth, of_items in places.items()
        for name, value in exposure(of_items, lists, ratings_of_item, users, is_hidden, depth).items()
    }

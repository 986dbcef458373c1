"""Evaluate: how good the model's lists are on splits of a folder, beside those of the baselines."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.errors import InputError, UsageError
from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.bootstrap import Interval, bootstrap
from batch.evaluation.choices import MAX_MOMENTS, learned_weights
from batch.evaluation.holdout import collaborative_vectors
from batch.evaluation.metrics import DEPTHS, MODEL, Lists, UserMetrics, compute_metrics, mean_of_known, pooled
from batch.evaluation.rank import Candidates, rank
from batch.evaluation.ratings import CleanedRatings, load_and_clean
from batch.evaluation.sampled import drawn_negatives, given_negatives
from batch.evaluation.splits import Split, by_last, by_time
from batch.model.weighted_parts import FittedItems, Model, fit_items, fold_in_users
from batch.runtime.progress import Progress, Step
from batch.settings import Settings

ACTIVITIES = ("few", "some", "many")  # thirds of the evaluated users, by the number of known ratings
# Shares of the ratings before the moments of rolling cuts: evenly over the second half.
CUTS = tuple(number / 40 for number in range(20, 40))
# What lists are is measured on those of so many of everybody who is known at a moment: few of them come back.
MAX_LISTS = 1_000

# Learns items from ratings, from collaborative vectors (items, factors) to start with or from none.
Learn = Callable[[Interactions, Settings, NDArray[np.float32] | None], FittedItems]


@dataclass(frozen=True)
class Request:
    """By what lists are evaluated."""

    split: str | None  # "time" or "last"; None: by time, and then by last
    cut: tuple[float, ...]  # shares of the ratings before the moments of a split by time; none: CUTS
    protocol: str  # "full" or "ncf"
    negatives: Path | None  # of the protocol "ncf"; None: they are drawn
    max_users: int  # of each split


@dataclass(frozen=True)
class Evaluated:
    """Who evaluated the lists of one split, and by what."""

    name: str
    is_by_time: bool
    known_ratings: int
    known_users: int
    known_items: int
    later_positives: int
    of_unknown_items: int  # of these, how many are of movies that nobody had rated
    ratings_of_user: NDArray[np.int64]  # (evaluated users,), how many of each are known
    is_tied: NDArray[np.bool_]  # (evaluated users,), as in `Split`

    @property
    def tied(self) -> float:
        """Return the share of evaluated users of whom only the file says which rating was later."""
        return float(self.is_tied.mean())


@dataclass(frozen=True)
class Evaluation:
    """The metrics of every model, by the people of all splits of one kind together."""

    splits: list[Evaluated]
    measured: dict[str, UserMetrics]  # by model
    left_out: tuple[float, ...] = ()  # cuts after which nobody came back

    @property
    def is_rolling(self) -> bool:
        """Whether lists were made as a night would make them, for people who came back."""
        return self.splits[0].is_by_time

    @property
    def people(self) -> int:
        """Return how many people evaluated; somebody may have at several moments."""
        return len(np.unique(self.measured[MODEL].people))

    def means(self, model: str) -> dict[str, float]:
        """Return every metric of a model."""
        return self.measured[model].means()

    def interval(self, model: str, metric: str) -> Interval:
        """Return the interval of a metric by bootstrap over people."""
        return bootstrap(self.measured[model].by_user[metric], self.measured[model].people)

    def lead(self, over: str, metric: str) -> tuple[float, Interval]:
        """Return by how much the model leads over another, and the interval, people drawn in pairs."""
        ours, theirs = self.measured[MODEL], self.measured[over]
        difference = ours.by_user[metric] - theirs.by_user[metric]
        return mean_of_known(difference), bootstrap(difference, ours.people)

    @cached_property
    def ratings_of_user(self) -> NDArray[np.int64]:
        """Return (evaluated users,), how many ratings of each were known."""
        return np.concatenate([split.ratings_of_user for split in self.splits])

    @cached_property
    def activity(self) -> NDArray[np.int64]:
        """Return (evaluated users,), 0 to 2: in which third by known ratings each is; equal ones together."""
        return np.searchsorted(np.quantile(self.ratings_of_user, [1 / 3, 2 / 3]), self.ratings_of_user)

    def by_activity(self, model: str, metric: str) -> dict[str, float]:
        """Return a metric for users with few, some and many known ratings."""
        values = self.measured[model].by_user[metric]
        return {
            activity: float(values[self.activity == number].mean())
            for number, activity in enumerate(ACTIVITIES)
            if (self.activity == number).any()
        }


@dataclass(frozen=True)
class _Task:
    """What is to be evaluated, and how."""

    request: Request
    settings: Settings
    cleaned: CleanedRatings
    learn: Learn
    step: Step


def evaluate_folder(
    request: Request, settings: Settings, progress: Progress, learning: AbstractContextManager[Learn]
) -> list[Evaluation]:
    """Load, clean and split; learn the model and each baseline from each split, and measure their lists.

    Returns the evaluation by time first, unless nobody can be evaluated by time and none was asked for.
    `learning` gives, for as long as it is open, the function that learns the items of the model.
    Raises InputError as a run does, and UsageError if the request contradicts itself.
    """
    if request.protocol == "ncf" and request.split == "time":
        raise UsageError("--protocol ncf: goes with --split last only; the paper holds out the last rating")
    if request.negatives and request.protocol != "ncf":
        raise UsageError("--negatives: goes with --protocol ncf only; else the whole catalogue is ranked")
    kind = "last" if request.protocol == "ncf" else request.split
    cleaned = load_and_clean(settings, progress)
    evaluations = []
    with progress.step("rank") as step, learning as learn:
        task = _Task(request, settings, cleaned, learn, step)
        if kind != "last":
            try:
                evaluations.append(_evaluate_cuts(task))
            except InputError as error:
                if kind == "time":
                    raise
                step.notes(f"no rolling cuts: {error}")
        if kind != "time":
            evaluations.append(_evaluate_last(task))
    return evaluations


def _evaluate_cuts(task: _Task) -> Evaluation:
    """Evaluate by rolling cuts in time. Raises InputError if nobody comes back after any of them."""
    cuts = sorted({*(task.request.cut or CUTS)})
    left_out: list[float] = []

    def splits() -> Iterator[Split]:
        for cut in cuts:
            try:
                split = by_time(task.cleaned.ratings, cut)
            except InputError:
                left_out.append(cut)
                if len(left_out) == len(cuts):
                    raise
            else:
                yield split.sampled(task.request.max_users, task.settings.seed)

    evaluation = _evaluate(task, splits())
    return replace(evaluation, left_out=tuple(left_out))


def _evaluate_last(task: _Task) -> Evaluation:
    """Evaluate by the last positive of each user. Raises InputError if nobody has two ratings."""
    split = by_last(task.cleaned.ratings).sampled(task.request.max_users, task.settings.seed)
    return _evaluate(task, [split], _candidates(task, split))


def _evaluate(task: _Task, splits: Iterable[Split], candidates: Candidates | None = None) -> Evaluation:
    """Learn from each split, oldest first, and measure the lists of every model.

    The model goes on from what it learned before the moment before, as a run does, and parts weigh what was
    learned from the moments before.
    """
    settings = task.settings
    evaluated: list[Evaluated] = []
    measured: dict[str, list[UserMetrics]] = {}
    start: NDArray[np.float32] | None = None
    before: list[tuple[FittedItems, Split]] = []
    for split in splits:
        fitted = task.learn(split.train, settings, None if start is None else start[split.old_items])
        fitted = replace(fitted, part_weights=learned_weights(before, split, settings))
        before = [*before[1 - MAX_MOMENTS :], (fitted, split)]
        start = collaborative_vectors(fitted, split, task.cleaned.ratings.items)
        model = fold_in_users(fitted, split.train, split.days_inactive, settings)
        learners: dict[str, Callable[[], Scores]] = {
            MODEL: partial(scores_of, model),
            **baselines(split.train, settings.seed),
        }
        for name, scores in learners.items():
            of_model = model if name == MODEL else None
            found = _measure(scores(), split, of_model, candidates, settings.seed)
            measured.setdefault(name, []).append(found)
        evaluated.append(_evaluated(split))
        task.step.says(f"{split.name}: {len(split.users):,} users evaluated")
    # Of several splits, some may have too many movies for a baseline: it has no mean then.
    complete = {name: pooled(each) for name, each in measured.items() if len(each) == len(evaluated)}
    return Evaluation(evaluated, complete)


def _measure(
    scores: Scores, split: Split, model: Model | None, candidates: Candidates | None, seed: int
) -> UserMetrics:
    """Measure the lists of those who evaluate a split; by time, what lists are on a sample of everybody's."""
    if not split.is_by_time:
        return compute_metrics(rank(scores, split, max(DEPTHS), candidates), split, model)
    users = split.train.users
    sample = np.random.default_rng(seed).permutation(users)[:MAX_LISTS].astype(np.int32)
    both = np.union1d(split.users, sample)
    ranked = rank(scores, replace(split, users=both), max(DEPTHS))
    everyone = Lists(sample, ranked[np.searchsorted(both, sample)], model)
    return compute_metrics(ranked[np.searchsorted(both, split.users)], split, model, everyone)


def _evaluated(split: Split) -> Evaluated:
    unknown = int(split.unknown.sum())
    return Evaluated(
        name=split.name,
        is_by_time=split.is_by_time,
        known_ratings=len(split.train),
        known_users=split.train.users,
        known_items=split.train.items,
        later_positives=int(split.relevant.nnz) + unknown,
        of_unknown_items=unknown,
        ratings_of_user=split.train.ratings_of_user[split.users],
        is_tied=split.is_tied,
    )


def _candidates(task: _Task, split: Split) -> Candidates | None:
    """Return the negatives of the protocol of the NCF paper; None: the whole catalogue is ranked."""
    request = task.request
    if request.protocol == "full":
        return None
    if request.negatives is None:
        return drawn_negatives(split, task.settings.seed)
    negatives, left_out = given_negatives(request.negatives, split, task.cleaned)
    if left_out:
        task.step.says(f"{left_out:,} movies of {request.negatives} are left out: not rated before, or seen")
    return negatives


def learn_items(
    ratings: Interactions, settings: Settings, start: NDArray[np.float32] | None = None
) -> FittedItems:
    """Learn the items of the model itself."""
    return fit_items(ratings, settings, start=start)


def embedding(split: Split, settings: Settings) -> Scores:
    """Learn the model itself from what a split lets it know."""
    fitted = fit_items(split.train, settings)
    return scores_of(fold_in_users(fitted, split.train, split.days_inactive, settings))


def scores_of(model: Model) -> Scores:
    """Return the scores of a model."""
    return lambda users: model.user_factors[users] @ model.item_factors.T

"""Evaluate: how good the model's lists are on splits of a folder, beside those of the baselines."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batch.errors import UsageError
from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.bootstrap import Interval, bootstrap
from batch.evaluation.metrics import DEPTHS, MODEL, UserMetrics, compute_metrics, mean_of_known
from batch.evaluation.rank import Candidates, rank
from batch.evaluation.ratings import CleanedRatings, load_and_clean
from batch.evaluation.sampled import drawn_negatives, given_negatives
from batch.evaluation.splits import Split, by_last, by_time
from batch.model.weighted_parts import fit_items, fold_in_users
from batch.runtime.progress import Progress, Step
from batch.settings import Settings

ACTIVITIES = ("few", "some", "many")  # thirds of the evaluated users, by the number of known ratings

LearnModel = Callable[[Split, Settings], Scores]


@dataclass(frozen=True)
class Request:
    """By what lists are evaluated."""

    split: str  # "last" or "time"
    cut: tuple[float, ...]  # shares of the ratings before the moment of a split by time
    protocol: str  # "full" or "ncf"
    negatives: Path | None  # of the protocol "ncf"; None: they are drawn
    max_users: int


@dataclass(frozen=True)
class Evaluation:
    """The metrics of every model on one split, or on several of which the mean is taken."""

    splits: list[Split]
    measured: dict[str, list[UserMetrics]]  # by model, one per split

    def means(self, model: str) -> dict[str, float]:
        """Return every metric of a model, the mean over the splits that have it."""
        each = [measured.means() for measured in self.measured[model]]
        return {name: mean_of_known(np.array([means[name] for means in each])) for name in each[0]}

    def interval(self, model: str, metric: str) -> Interval:
        """Return the interval of a metric by bootstrap over users."""
        return bootstrap([measured.by_user[metric] for measured in self.measured[model]])

    def lead(self, over: str, metric: str) -> tuple[float, Interval]:
        """Return by how much the model leads over another, and the interval, users drawn in pairs."""
        differences = [
            ours.by_user[metric] - theirs.by_user[metric]
            for ours, theirs in zip(self.measured[MODEL], self.measured[over], strict=True)
        ]
        return float(np.mean([each.mean() for each in differences])), bootstrap(differences)

    def by_activity(self, model: str, metric: str) -> dict[str, float]:
        """Return a metric for users with few, some and many known ratings, the mean over the splits."""
        means: dict[str, list[float]] = {}
        for split, measured in zip(self.splits, self.measured[model], strict=True):
            third = activity_of(split)
            for number, activity in enumerate(ACTIVITIES):
                if (third == number).any():
                    of_third = float(measured.by_user[metric][third == number].mean())
                    means.setdefault(activity, []).append(of_third)
        return {activity: float(np.mean(means[activity])) for activity in ACTIVITIES if activity in means}


def activity_of(split: Split) -> NDArray[np.int64]:
    """Return (evaluated users,), 0 to 2: in which third by known ratings each is; equal ones together."""
    ratings = split.train.ratings_of_user[split.users]
    return np.searchsorted(np.quantile(ratings, [1 / 3, 2 / 3]), ratings)


def evaluate_folder(
    request: Request, settings: Settings, progress: Progress, learning: AbstractContextManager[LearnModel]
) -> Evaluation:
    """Load, clean and split; learn the model and each baseline from each split, and measure their lists.

    `learning` gives, for as long as it is open, the function that learns the model.
    Raises InputError as a run does, and UsageError if the request contradicts itself.
    """
    if request.protocol == "ncf" and request.split != "last":
        raise UsageError("--protocol ncf: goes with --split last only; the paper holds out the last rating")
    if request.negatives and request.protocol != "ncf":
        raise UsageError("--negatives: goes with --protocol ncf only; else the whole catalogue is ranked")
    cleaned = load_and_clean(settings, progress)
    if request.split == "last":
        splits = [by_last(cleaned.ratings)]
    else:
        splits = [by_time(cleaned.ratings, cut) for cut in request.cut]
    splits = [split.sampled(request.max_users, settings.seed) for split in splits]
    measured: dict[str, list[UserMetrics]] = {}
    with progress.step("rank") as step, learning as learn_model:
        candidates = _candidates(request, settings, splits[0], cleaned, step)
        for split in splits:
            learners: dict[str, Callable[[], Scores]] = {
                MODEL: partial(learn_model, split, settings),
                **baselines(split.train, settings.seed),
            }
            for model, learn in learners.items():
                ranked = rank(learn(), split, max(DEPTHS), candidates)
                measured.setdefault(model, []).append(compute_metrics(ranked, split))
                step.says(f"{split.name}: {model} is measured")
    # Of several splits, some may have too many movies for a baseline: it has no mean then.
    complete = {model: each for model, each in measured.items() if len(each) == len(splits)}
    return Evaluation(splits, complete)


def _candidates(
    request: Request, settings: Settings, split: Split, cleaned: CleanedRatings, step: Step
) -> Candidates | None:
    """Return the negatives of the protocol of the NCF paper; None: the whole catalogue is ranked."""
    if request.protocol == "full":
        return None
    if request.negatives is None:
        return drawn_negatives(split, settings.seed)
    negatives, left_out = given_negatives(request.negatives, split, cleaned)
    if left_out:
        step.says(f"{left_out:,} movies of {request.negatives} are left out: not rated before, or seen")
    return negatives


def embedding(split: Split, settings: Settings) -> Scores:
    """Learn the model itself from what a split lets it know."""
    fitted = fit_items(split.train, settings)
    model = fold_in_users(fitted, split.train, split.days_inactive, settings)
    return lambda users: model.user_factors[users] @ model.item_factors.T

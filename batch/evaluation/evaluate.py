"""Evaluate: how good the model's lists are on a split, beside those of the baselines."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.bootstrap import Interval, bootstrap
from batch.evaluation.metrics import DEPTHS, MODEL, UserMetrics, compute_metrics
from batch.evaluation.rank import Rank, whole_catalogue
from batch.evaluation.splits import Split
from batch.model.embedding import train
from batch.settings import Settings

ACTIVITIES = ("few", "some", "many")  # thirds of the judged users, by the number of known ratings


@dataclass(frozen=True)
class Evaluation:
    """What was measured of every model on one split, or on several of which the mean is taken."""

    splits: list[Split]
    measured: dict[str, list[UserMetrics]]  # by model, one per split

    def means(self, model: str) -> dict[str, float]:
        """Return every metric of a model, the mean over the splits."""
        each = [measured.means() for measured in self.measured[model]]
        values = {name: np.array([means[name] for means in each]) for name in each[0]}
        # Of one split nobody may say anything about a metric: the mean is over the others.
        return {
            name: float(np.mean(of[np.isfinite(of)])) if np.isfinite(of).any() else np.nan
            for name, of in values.items()
        }

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
        means: dict[str, list[float]] = {activity: [] for activity in ACTIVITIES}
        for split, measured in zip(self.splits, self.measured[model], strict=True):
            third = activity_of(split)
            for place, activity in enumerate(ACTIVITIES):
                if (third == place).any():
                    means[activity].append(float(measured.by_user[metric][third == place].mean()))
        return {activity: float(np.mean(each)) for activity, each in means.items() if each}


def activity_of(split: Split) -> NDArray[np.int64]:
    """Return (judged users,), 0 to 2: in which third by known ratings each user is; equal ones together."""
    ratings = split.train.ratings_of_user[split.users]
    return np.searchsorted(np.quantile(ratings, [1 / 3, 2 / 3]), ratings)


def evaluate(
    splits: list[Split],
    settings: Settings,
    rank: Rank = whole_catalogue,
    done: Callable[[str, Split], None] = lambda _model, _split: None,
    learn_model: Callable[[Split, Settings], Scores] | None = None,
) -> Evaluation:
    """Learn the model and each baseline from what a split lets them know, and measure their lists.

    `done` is called with model and split after each. `learn_model` learns the model where it is not learned
    here. Raises InputError if nobody likes anything.
    """
    measured: dict[str, list[UserMetrics]] = {}
    for split in splits:
        learners: dict[str, Callable[[], Scores]] = {
            MODEL: partial(learn_model or embedding, split, settings),
            **baselines(split.train, settings.seed),
        }
        for model, learn in learners.items():
            lists = rank(learn(), split, max(DEPTHS))
            measured.setdefault(model, []).append(compute_metrics(lists, split))
            done(model, split)
    # Of several splits, some may have too many movies for a baseline: it has no mean then.
    complete = {model: each for model, each in measured.items() if len(each) == len(splits)}
    return Evaluation(splits, complete)


def embedding(split: Split, settings: Settings) -> Scores:
    """Learn the model itself from what a split lets it know."""
    model = train(split.train, split.days_inactive, settings)
    return lambda users: model.user_factors[users] @ model.item_factors.T

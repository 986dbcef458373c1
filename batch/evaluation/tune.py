"""Tune: better options of the model, on ratings before those that `evaluate` measures by.

By Optuna's tree-structured Parzen estimator (Watanabe, arXiv 2304.11127), which learns from each trial where
better options lie.
"""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.evaluation.evaluate import embedding
from batch.evaluation.metrics import compute_metrics
from batch.evaluation.rank import rank
from batch.evaluation.ratings import load_and_clean
from batch.evaluation.splits import Split, by_last, by_time
from batch.runtime.progress import Progress
from batch.settings import MODEL_SETTINGS, Settings

METRIC = "ndcg@10"
DEPTH = 10
MIN_WORTH = 1e-3  # a ratio to a lower NDCG says nothing
# Shares of the ratings before the first cut of `evaluate`.
CUTS = (0.6, 0.75, 0.85)
BEFORE = 0.7
MAX_EVALUATED = 2_000

# Lowest and highest value; searched on a logarithmic scale, but for whole numbers and weights.
SPACE: Mapping[str, tuple[float, float]] = {
    "factors": (16, 128),
    "alpha": (1.0, 100.0),
    "regularization": (0.5, 60.0),
    "item_half_life": (10.0, 500.0),
    "taste_half_life": (1.0, 20.0),
    "next_half_life": (0.5, 8.0),
    "next_regularization": (10.0, 1_000.0),
    "next_weight": (0.0, 1.5),
    "trend_half_life": (0.01, 0.3),
    "trend_weight": (0.0, 8.0),
    "personal_weight": (0.0, 8.0),
    "genre_weight": (0.0, 6.0),
}


@dataclass(frozen=True)
class Tuned:
    """The best options found, and their NDCG on the splits of the search."""

    settings: dict[str, float | int]  # by name
    trials: int
    before: dict[str, float]  # ndcg@10 by split, of the settings that the search began with
    after: dict[str, float]  # the same, of the best


def tune_folder(settings: Settings, seconds: float, progress: Progress) -> Tuned:
    """Load, clean, and search until the time is over, from these settings on; at least they are tried.

    Maximised is the mean, over both kinds of split, of NDCG@10 as a ratio to that of the settings given: so a
    kind of split with higher values weighs no more. Raises InputError as a run does.
    """
    splits = validation_splits(load_and_clean(settings, progress).ratings, settings.seed)
    with progress.step("search") as step:
        step.expect(round(seconds))
        before = worth(splits, settings)

        def ratio(trial: optuna.Trial) -> float:
            return mean_ratio(worth(splits, _suggested(trial, settings)), before)

        def after_trial(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            step.advance(trial.duration.total_seconds() if trial.duration else 0)
            trials = trial.number + 1
            step.says(f"{trials} trials, the best is {study.best_value:.3f} times as good as what was given")

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=settings.seed, multivariate=True)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.enqueue_trial({name: getattr(settings, name) for name in SPACE}, skip_if_exists=True)
        study.optimize(ratio, timeout=seconds, callbacks=[after_trial])
        best = replace(settings, **_rounded(study.best_params))
        found = {name: getattr(best, name) for name in MODEL_SETTINGS}
        return Tuned(found, len(study.trials), before, worth(splits, best))


def validation_splits(ratings: Interactions, seed: int) -> list[Split]:
    """Return both kinds of split, of ratings other than those that `evaluate` measures by.

    The second-last rating of everyone, as the last one is never looked at; and cuts in time, all of them
    before the first cut of `evaluate`. A second-last rating may lie after that cut. Raises InputError if
    nobody has three ratings.
    """
    before_last = ratings.where(
        ~ratings.is_from_last_positive | (ratings.ratings_of_user[ratings.user_index] == 1)
    )
    early = before_last.where(before_last.time_rank < BEFORE * len(ratings))
    splits = [by_last(before_last)]
    for cut in CUTS:
        # If nobody comes back, the search goes on with the other kind.
        with suppress(InputError):
            splits.append(by_time(early, cut))
    return [split.sampled(MAX_EVALUATED, seed) for split in splits]


def worth(splits: list[Split], settings: Settings) -> dict[str, float]:
    """Return NDCG@10 of the model by split."""
    return {
        split.name: compute_metrics(rank(embedding(split, settings), split, DEPTH), split).means()[METRIC]
        for split in splits
    }


def mean_ratio(worths: dict[str, float], before: dict[str, float]) -> float:
    """Return the mean over the kinds of split of the ratios within each kind."""
    kinds: dict[str, list[float]] = {}
    for name, value in worths.items():
        kinds.setdefault(name.replace(",", " ").split()[0], []).append(value / max(before[name], MIN_WORTH))
    return float(np.mean([np.mean(ratios) for ratios in kinds.values()]))


def _suggested(trial: optuna.Trial, settings: Settings) -> Settings:
    values: dict[str, Any] = {}
    for name, limits in SPACE.items():
        # The given value may lie outside, and is tried first.
        given = getattr(settings, name)
        lowest, highest = min(*limits, given), max(*limits, given)
        if isinstance(given, int):
            values[name] = trial.suggest_int(name, int(lowest), int(highest))
        else:
            values[name] = trial.suggest_float(name, lowest, highest, log=lowest > 0)
    return replace(settings, **_rounded(values))


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that can be typed: three digits say as much as fifteen."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in values.items()
    }

"""Search: better options of the model, on ratings before those that an evaluation judges by.

By Optuna's tree-structured Parzen estimator (Watanabe, arXiv 2304.11127), which learns from each trial where
better options lie.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.evaluation.answer import load_and_clean
from batch.evaluation.evaluate import embedding
from batch.evaluation.metrics import compute_metrics
from batch.evaluation.rank import whole_catalogue
from batch.evaluation.splits import Split, by_last, by_time
from batch.runtime.progress import Progress
from batch.settings import MODEL_SETTINGS, Settings

METRIC = "ndcg@10"
DEPTH = 10
MIN_WORTH = 1e-3  # what is worth less began with nothing, and no ratio to it says anything
# Of the time before the first cut by which `evaluate` judges.
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
}


@dataclass(frozen=True)
class Tuned:
    """The best options found, and what they are worth where the search looked."""

    settings: dict[str, float | int]  # by name
    trials: int
    before: dict[str, float]  # ndcg@10 by split, of the settings that the search began with
    after: dict[str, float]  # the same, of the best


def tune_folder(settings: Settings, seconds: float, progress: Progress) -> Tuned:
    """Load, clean and search. Raises InputError as a run does."""
    cleaned = load_and_clean(settings, progress)
    with progress.step("search") as step:
        step.expect(round(seconds))
        spent = 0

        def after_trial(trials: int, best: float, now: float) -> None:
            nonlocal spent
            step.advance(round(now) - spent)
            spent = round(now)
            step.says(f"{trials} trials, the best is {best:.3f} times as good as what was given")

        return search(cleaned.ratings, settings, seconds, after_trial)


def validation_splits(ratings: Interactions, seed: int) -> list[Split]:
    """Return both kinds of split, of ratings other than those that `evaluate` judges by.

    The second-last rating of everyone, as the last one is never looked at; and cuts in time, all of them
    before the first cut of `evaluate`. A second-last rating may lie after that cut. Raises InputError if
    nobody has three ratings.
    """
    before_last = ratings.where((ratings.age > 0) | (ratings.ratings_of_user[ratings.user_index] == 1))
    early = before_last.where(before_last.time_rank < BEFORE * len(ratings))
    splits = [by_last(before_last)]
    for cut in CUTS:
        # Of few or one-time users, nobody comes back: the search goes on with the other kind.
        with suppress(InputError):
            splits.append(by_time(early, cut))
    return [split.sampled(MAX_EVALUATED, seed) for split in splits]


def search(
    ratings: Interactions,
    settings: Settings,
    seconds: float,
    done: Callable[[int, float, float], None] = lambda _trials, _best, _seconds: None,
) -> Tuned:
    """Search until the time is over, from these settings on; at least they are tried.

    What counts is the mean, over both kinds of split, of NDCG@10 as a ratio to that of the settings given:
    so a kind of split with higher figures weighs no more. `done` is called after each trial with the number
    of trials, the best ratio, and the seconds spent.
    """
    splits = validation_splits(ratings, settings.seed)
    before = worth(splits, settings)
    started = time.monotonic()

    def ratio(trial: optuna.Trial) -> float:
        return mean_ratio(worth(splits, _suggested(trial, settings)), before)

    def after_trial(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done(trial.number + 1, study.best_value, time.monotonic() - started)

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


def worth(splits: list[Split], settings: Settings) -> dict[str, float]:
    """Return NDCG@10 of the model by split."""
    worths = {}
    for split in splits:
        lists = whole_catalogue(embedding(split, settings), split, DEPTH)
        worths[split.name] = compute_metrics(lists, split).means()[METRIC]
    return worths


def mean_ratio(worths: dict[str, float], before: dict[str, float]) -> float:
    """Return the mean over the kinds of split of the ratios within each kind."""
    kinds: dict[str, list[float]] = {}
    for name, value in worths.items():
        kinds.setdefault(name.replace(",", " ").split()[0], []).append(value / max(before[name], MIN_WORTH))
    return float(np.mean([np.mean(ratios) for ratios in kinds.values()]))


def _suggested(trial: optuna.Trial, settings: Settings) -> Settings:
    values: dict[str, Any] = {}
    for name, limits in SPACE.items():
        # What is given may lie outside, and is tried first.
        given = getattr(settings, name)
        lowest, highest = min(*limits, given), max(*limits, given)
        if isinstance(given, int):
            values[name] = trial.suggest_int(name, int(lowest), int(highest))
        else:
            values[name] = trial.suggest_float(name, lowest, highest, log=lowest > 0)
    return replace(settings, **_rounded(values))


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be typed: three digits say as much as fifteen."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in values.items()
    }

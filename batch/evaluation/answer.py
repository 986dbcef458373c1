"""Answer: what `evaluate` and `tune` are asked for, from a folder of ratings to what was measured."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from batch.errors import UsageError
from batch.evaluation.baselines import Scores
from batch.evaluation.evaluate import Evaluation, embedding, evaluate
from batch.evaluation.rank import Rank, given, whole_catalogue
from batch.evaluation.ratings import CleanedRatings, cleaned_ratings
from batch.evaluation.request import Request
from batch.evaluation.sampled import drawn_negatives, given_negatives
from batch.evaluation.splits import Split, by_last, by_time
from batch.evaluation.tuned import Tuned
from batch.runtime.progress import Progress, Step
from batch.settings import Settings

LearnModel = Callable[[Split, Settings], Scores]
Learning = Callable[[Settings], AbstractContextManager[LearnModel]]


def learning_here(_settings: Settings) -> AbstractContextManager[LearnModel]:
    """Give what learns the model on this machine."""
    return nullcontext(embedding)


def evaluate_folder(
    request: Request, settings: Settings, progress: Progress, learning: Learning = learning_here
) -> Evaluation:
    """Load, clean, split, learn every model and measure it.

    `learning` gives, for as long as it is open, the function that learns the model.
    Raises InputError as a run does, and UsageError if the request contradicts itself.
    """
    if request.protocol == "ncf" and request.split != "last":
        raise UsageError("--protocol ncf: goes with --split last only; the paper holds out the last rating")
    if request.negatives and request.protocol != "ncf":
        raise UsageError("--negatives: goes with --protocol ncf only; else the whole catalogue is ranked")
    cleaned = _load(settings, progress)
    splits = [split.sampled(request.max_users, settings.seed) for split in _splits(request, cleaned)]
    with progress.step("rank") as step, learning(settings) as learn_model:
        rank = _rank(request, settings, splits[0], cleaned, step)
        return evaluate(
            splits,
            settings,
            rank,
            lambda model, split: step.says(f"{split.name}: {model} is measured"),
            learn_model,
        )


def tune_folder(settings: Settings, seconds: float, progress: Progress) -> Tuned:
    """Load, clean and search. Raises InputError as a run does, and UsageError if Optuna is missing."""
    try:
        search = importlib.import_module("batch.evaluation.tune")
    except ModuleNotFoundError as error:
        raise UsageError(
            "tune: searches by the package optuna, which is missing; "
            "install it by 'pip install -r requirements-tune.txt'"
        ) from error
    cleaned = _load(settings, progress)
    with progress.step("search") as step:
        step.expect(round(seconds))
        spent = 0

        def after_trial(trials: int, best: float, now: float) -> None:
            nonlocal spent
            step.advance(round(now) - spent)
            spent = round(now)
            step.says(f"{trials} trials, the best is {best:.3f} times as good as what was given")

        tuned: Tuned = search.search(cleaned.ratings, settings, seconds, after_trial)
    return tuned


def _load(settings: Settings, progress: Progress) -> CleanedRatings:
    with progress.step("load") as step:
        cleaned = cleaned_ratings(settings, step.notes)
        step.finds(f"{cleaned.counts.rows_kept:,} of {cleaned.counts.rows_read:,} rows kept")
    return cleaned


def _splits(request: Request, cleaned: CleanedRatings) -> list[Split]:
    if request.split == "last":
        return [by_last(cleaned.ratings)]
    return [by_time(cleaned.ratings, cut) for cut in request.cut]


def _rank(request: Request, settings: Settings, split: Split, cleaned: CleanedRatings, step: Step) -> Rank:
    if request.protocol == "full":
        return whole_catalogue
    if request.negatives is None:
        return given(drawn_negatives(split, settings.seed))
    lists, left_out = given_negatives(request.negatives, split, cleaned)
    if left_out:
        step.says(f"{left_out:,} movies of {request.negatives} are left out: not rated before, or seen")
    return given(lists)

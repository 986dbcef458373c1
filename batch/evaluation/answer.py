"""Answer: what `evaluate` is asked for, from a folder of ratings to what was measured."""

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
    cleaned = load_and_clean(settings, progress)
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


def load_and_clean(settings: Settings, progress: Progress) -> CleanedRatings:
    """Load and clean the ratings of `settings.data`, as steps of a run. Raises InputError as a run does."""
    with progress.step("load") as step:
        cleaned = cleaned_ratings(settings, step.notes)
        step.status(f"{cleaned.counts.rows_kept:,} of {cleaned.counts.rows_read:,} rows kept")
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

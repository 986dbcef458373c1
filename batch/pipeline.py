"""The nightly job as a sentence: load, clean, train, score, similar, judge, write, check, publish."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from batch.check import check
from batch.clean import Counts, clean
from batch.inputs import find_inputs
from batch.interactions import read_interactions, read_lots
from batch.load import load
from batch.output import Output
from batch.popular import popular
from batch.progress import Progress
from batch.publish import Provenance, publish
from batch.quality.evaluate import MODEL
from batch.quality.gate import Night
from batch.quality.holdout import JUDGED_USERS, Metrics, hold_out, judge, of_published
from batch.refuse import refuse
from batch.score import score
from batch.settings import Settings
from batch.similar import similar
from batch.train import learn_films, place_users
from batch.workspace import connect
from batch.write import Contents, write


@dataclass(frozen=True)
class Published:
    """What a run has published."""

    generation: str
    file: Path
    counts: Counts
    seconds: dict[str, float]  # by step


def run(settings: Settings, progress: Progress) -> Published:
    """Turn the folder `settings.data` into a new generation in `settings.output`.

    Raises LockedError, InputError or RefusedError; whatever is raised, and whenever the process dies,
    the generation that was published before stays so.
    """
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    inputs = find_inputs(settings.data)
    with output.locked(), connect(output.work, settings) as connection:
        draft = output.work / "draft.duckdb"
        with progress.step("load") as step:
            fingerprint = inputs.fingerprint()
            if not settings.force:
                output.refuse_what_was_rolled_back(fingerprint)
            loaded = load(connection, inputs, output.work)
            step.finds(", ".join(file.name for file in inputs.files()))
        with progress.step("clean") as step:
            counts = clean(connection, loaded, settings.max_rejected)
            step.finds(_told(counts))
        with progress.step("train") as step:
            step.expect(settings.iterations)
            ratings = read_interactions(connection)
            split = hold_out(ratings, read_lots(connection))
            films = learn_films(split.train, settings, step.advance)
            model = place_users(films, ratings, ratings.gaps(), settings)
            step.finds(f"{counts.users:,} users, {counts.items:,} films, loss {model.losses[-1]:.4f}")
        with progress.step("score") as step:
            step.expect(counts.users)
            lists = score(model, settings.top_n, step.advance)
            step.finds(f"{len(lists.rank):,} places in lists of up to {settings.top_n:,}")
        with progress.step("similar") as step:
            step.expect(counts.items)
            alike = similar(films.taste.item_factors, model.is_candidate, settings.similar_n, step.advance)
            step.finds(f"{len(alike.rank):,} places in lists of up to {settings.similar_n:,}")
        with progress.step("judge") as step:
            metrics = judge(films, split, settings) | of_published(lists, ratings)
            step.finds(_judged(metrics))
        with progress.step("write"):
            contents = Contents(model, lists, alike, popular(ratings, settings.top_n), metrics)
            write(connection, draft, contents)
        with progress.step("check") as step:
            tonight = Night(metrics, counts.users)
            faults = check(connection, tonight, output.current_file(), settings.top_n, settings.max_fall)
            step.finds("; ".join(faults))
        provenance = Provenance(settings, fingerprint, counts, started_at, dict(progress.seconds), faults)
        if faults and not settings.force:
            raise refuse(output, provenance, metrics, faults)
        with progress.step("publish") as step:
            generation = publish(connection, draft, output, provenance)
            step.finds(generation)
    return Published(generation, output.file(generation), counts, progress.seconds)


def _told(counts: Counts) -> str:
    found = [f"{counts.rows_kept:,} of {counts.rows_read:,} rows kept"]
    found += [f"{counts.rows_rejected:,} rejected"] if counts.rows_rejected else []
    found += [f"{counts.rows_superseded:,} superseded"] if counts.rows_superseded else []
    found += [f"{counts.rows_repaired:,} repaired"] if counts.rows_repaired else []
    return ", ".join(found)


def _judged(metrics: Metrics) -> str:
    if not metrics[JUDGED_USERS, MODEL]:
        return "nobody to judge by"
    ours, popular = (metrics["ndcg@10", model] for model in (MODEL, "most_popular"))
    return f"ndcg@10 {ours:.4f}, most popular {popular:.4f}, over {metrics[JUDGED_USERS, MODEL]:,.0f} users"

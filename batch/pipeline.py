"""The nightly job as a sentence: load, clean, train, score, write, check, publish."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from batch.check import check
from batch.clean import Counts, clean
from batch.inputs import find_inputs
from batch.load import load
from batch.output import Output
from batch.progress import Progress
from batch.publish import Provenance, publish
from batch.score import score
from batch.settings import Settings
from batch.train import train
from batch.write import write


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
    with output.locked(), duckdb.connect(config=_config(output)) as connection:
        draft = output.work / "draft.duckdb"
        with progress.step("load") as step:
            fingerprint = inputs.fingerprint()
            if not settings.force:
                output.refuse_what_was_rolled_back(fingerprint)
            loaded = load(connection, inputs, output.work)
            step.finds(", ".join(file.name for file in inputs.files()))
        with progress.step("clean") as step:
            counts = clean(connection, inputs, loaded, settings.max_rejected)
            step.finds(_told(counts))
        with progress.step("train") as step:
            step.expect(settings.iterations)
            model = train(connection, settings, step.advance)
            step.finds(f"{counts.users:,} users, {counts.items:,} films, loss {model.losses[-1]:.4f}")
        with progress.step("score") as step:
            step.expect(counts.users)
            lists = score(model, settings.top_n, step.advance)
            step.finds(f"{len(lists.rank):,} places in lists of up to {settings.top_n:,}")
        with progress.step("write"):
            write(connection, draft, model, lists, settings.top_n)
        with progress.step("check"):
            check(connection, settings.top_n)
        with progress.step("publish") as step:
            provenance = Provenance(settings, fingerprint, counts, started_at, dict(progress.seconds))
            generation = publish(connection, draft, output, provenance)
            step.finds(generation)
    return Published(generation, output.file(generation), counts, progress.seconds)


def _config(output: Output) -> dict[str, str | bool | int | float | list[str]]:
    # What does not fit into memory goes where litter is removed. That rows keep the order of the file is
    # what line numbers rest on; it is DuckDB's default, and must stay so.
    return {"temp_directory": str(output.work / "spill"), "preserve_insertion_order": True}


def _told(counts: Counts) -> str:
    found = [f"{counts.rows_kept:,} of {counts.rows_read:,} rows kept"]
    found += [f"{counts.rows_rejected:,} rejected"] if counts.rows_rejected else []
    found += [f"{counts.rows_superseded:,} superseded"] if counts.rows_superseded else []
    found += [f"{counts.rows_repaired:,} repaired"] if counts.rows_repaired else []
    return ", ".join(found)

"""Write: everything that a generation holds, into a new DuckDB file that nobody sees yet."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batch.data.clean import Cleaned
from batch.data.interactions import read_item_ids, read_user_ids, read_users_of_item
from batch.evaluation.holdout import Metrics
from batch.generation.lookups import lookups
from batch.model.part_weights import TRAITS, PartWeights
from batch.recommend.explained import REASONS
from batch.recommend.popular import Popular
from batch.recommend.reasons import Explanations
from batch.recommend.segments import ATTRIBUTES, Segments
from batch.recommend.topn import TopN
from sql import FOLDER, statement

# What the command-line tool of DuckDB 1.5 reads; the format that 2.0 writes by default it can't. Formats
# before that of 1.5 keep floating point as it is in blocks of this size, and files are a fifth larger.
STORAGE_VERSION = "v1.5.0"
# Bytes that are read at a time: a look-up wants one row, and the service little memory. In smaller blocks
# DuckDB packs times and lists less, in larger ones more of each is empty.
BLOCK_SIZE = 65_536

# Computed from other tables of the file, so they come last.
DERIVED = ("rows_by_rule", "similar_lookups", "item_stats")
_FILES = {file.stem for file in (FOLDER / "generation").glob("*.sql")}
TABLES = (*sorted(_FILES - {"generation", *DERIVED}), *DERIVED)


@dataclass(frozen=True)
class Draft:
    """A generation that nobody sees yet: a database file, attached to a connection as `draft`."""

    connection: duckdb.DuckDBPyConnection
    file: Path
    rows: int  # of all tables


@dataclass(frozen=True)
class ItemOutput:
    """What a generation holds of movies, beside the cleaned input."""

    item_factors: NDArray[np.float32]  # (items, factors)
    parts: dict[str, int]  # how many of these columns each part of the model has, in order
    part_weights: PartWeights
    losses: list[float]  # one per iteration
    similar: TopN  # its users are movies
    similar_weights: NDArray[np.int16]  # one element per row of these lists
    popular: Popular
    segments: Segments
    metrics: Metrics


@dataclass(frozen=True)
class UserOutput:
    """What a generation holds of users, beside the cleaned input."""

    user_factors: NDArray[np.float32]  # (users, factors)
    lists: TopN
    explanations: Explanations


def write(
    cleaned: Cleaned,
    item_output: ItemOutput,
    user_output: UserOutput | None,
    file: Path,
    advance: Callable[[], None] = lambda: None,
) -> Draft:
    """Fill every table of a new file but `generation`, which `publish` adds.

    Without a user output, views by the names of `_frames_of_users` are in the database of `cleaned`.
    `advance` is called after each table.
    """
    connection = cleaned.connection
    connection.execute(
        "attach $file as draft (storage_version $version, block_size $block)",
        {"file": str(file), "version": STORAGE_VERSION, "block": BLOCK_SIZE},
    )
    item_ids = pd.Index(read_item_ids(cleaned.items))
    frames = _frames_of_items(item_output, item_ids, read_users_of_item(cleaned.items))
    if user_output is not None:
        frames |= _frames_of_users(cleaned, user_output, item_output.segments, item_ids)
    for name, frame in frames.items():
        connection.register(name, frame)
    for table in TABLES:
        connection.execute(statement(f"generation/{table}"))
        advance()
    for name in frames:
        connection.unregister(name)
    ((rows,),) = connection.execute(statement("write/rows")).fetchall()
    return Draft(connection, file, int(rows))


def _frames_of_users(
    cleaned: Cleaned,
    user_output: UserOutput,
    segments: Segments,
    item_ids: "pd.Index[str]",
) -> dict[str, pd.DataFrame]:
    """Return the contents by the names by which the statements know them, column by column."""
    user_ids = pd.Index(read_user_ids(cleaned))
    lists, explanations = user_output.lists, user_output.explanations
    return {
        "lists": pd.DataFrame(
            {
                "user_id": pd.Categorical.from_codes(lists.user_index, user_ids),
                "rank": lists.rank,
                "item_id": pd.Categorical.from_codes(lists.item_index, item_ids),
                "score": lists.score,
                "because_item_id": pd.Categorical.from_codes(explanations.item_index, item_ids),
                "reason": pd.Categorical.from_codes(explanations.reason, pd.Index(REASONS, dtype=object)),
            }
        ),
        "rendered": lookups(cleaned, lists, explanations, segments, user_ids),
        "user_vectors": _vectors("user_id", user_ids, user_output.user_factors),
    }


def _frames_of_items(
    item_output: ItemOutput, item_ids: "pd.Index[str]", users_of_item: NDArray[np.int64]
) -> dict[str, pd.DataFrame]:
    """Return the contents by the names by which the statements know them, column by column."""
    similar, popular, segments = item_output.similar, item_output.popular, item_output.segments
    return {
        "similar_lists": pd.DataFrame(
            {
                "item_id": pd.Categorical.from_codes(similar.user_index, item_ids),
                "rank": similar.rank,
                "similar_item_id": pd.Categorical.from_codes(similar.item_index, item_ids),
                "score": similar.score,
                "weight": item_output.similar_weights,
            }
        ),
        "popular_list": pd.DataFrame(
            {
                "rank": range(1, len(popular.item_index) + 1),
                "item_id": pd.Categorical.from_codes(popular.item_index, item_ids),
                "score": popular.score,
            }
        ),
        "lately": pd.DataFrame(
            {
                "item_id": pd.Categorical.from_codes(np.arange(len(popular.of_items)), item_ids),
                "popularity": popular.of_items,
            }
        ),
        "segments_told": pd.DataFrame(
            {
                "segment": segments.names,
                "place": range(1, len(segments.names) + 1),
                **{name: [each.get(name) for each in segments.attributes] for name in ATTRIBUTES},
                "attributes": [json.dumps(each, ensure_ascii=False) for each in segments.attributes],
                "users": segments.users,
            }
        ),
        "segment_lists": pd.DataFrame(
            {
                "segment": pd.Categorical.from_codes(
                    segments.segment_index, pd.Index(segments.names, dtype=object)
                ),
                "rank": segments.rank,
                "item_id": pd.Categorical.from_codes(segments.item_index, item_ids),
                "score": segments.score,
            }
        ),
        "item_vectors": _vectors("item_id", item_ids, item_output.item_factors).assign(
            users=users_of_item[: len(item_output.item_factors)]
        ),
        "measured": pd.DataFrame(
            [(metric, model, value) for (metric, model), value in item_output.metrics.items()],
            columns=["metric", "model", "value"],
        ),
        "part_effects": pd.DataFrame(item_output.part_weights.effects.T, columns=[*TRAITS]).assign(
            part=[*item_output.parts]
        ),
        "losses": pd.DataFrame(
            {"iteration": range(1, len(item_output.losses) + 1), "loss": item_output.losses}
        ),
    }


def _vectors(name: str, ids: "pd.Index[str]", factors: NDArray[np.float32]) -> pd.DataFrame:
    """Return ids and vectors, a column for each factor: no object per row, no list in Python.

    The last ids may have none.
    """
    each = pd.DataFrame({name: pd.Categorical.from_codes(np.arange(len(factors)), ids)})
    return pd.concat([each, pd.DataFrame(factors)], axis=1)

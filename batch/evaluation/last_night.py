"""Last night's truth: how good the lists published before were, by what people did since.

No leak is possible, and nothing is simulated: these lists were served before the interactions happened. They
are those of the generation that is published when a run begins; the figures are stored in the one that it
makes.
"""

import logging
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from batch.evaluation.bootstrap import bootstrap
from batch.evaluation.holdout import EVALUATED_USERS, WITH_INTERVAL, Metrics
from batch.evaluation.metrics import accuracy
from sql import statement

log = logging.getLogger("batch")

LAST_NIGHT = "last_night"
# The popular list of that generation, for the same people.
POPULAR = "last_night_popular"
# The popular list for people who were unknown to that generation; their number is UNKNOWN_USERS.
UNKNOWN = "last_night_unknown"
UNKNOWN_USERS = "unknown_users"
DEPTH = 10
# Of fewer people, a headline would say more about chance than about the lists.
MIN_USERS_OF_HEADLINE = 50
# The interval of so many is narrow, and drawing samples of more would take seconds.
MAX_USERS = 5_000
# Between the last interaction that the generation knew of somebody, and the first one since.
BAND_ENDS = (1.0, 7.0, 30.0)  # days
BANDS = ("under_1_day", "1_to_7_days", "7_to_30_days", "over_30_days")

Columns = dict[str, NDArray[Any]]


def last_night(connection: duckdb.DuckDBPyConnection, published: Path | None) -> Metrics:
    """Score the lists of a published file by the relation `interactions` of a job's database.

    Nothing if there is no such file, or if nobody came back since. A file that can't be read, as one of an
    older version of the program, is left out with a warning.
    """
    if published is None:
        return {}
    try:
        columns = _came_back(connection, published)
    except duckdb.Error as error:
        log.warning(
            "%s can't be scored by what people did since, and is left out (%s)",
            published.stem,
            str(error).splitlines()[0],
        )
        return {}
    is_known = columns["is_known"].astype(np.bool_)
    known, unknown = ({name: each[rows] for name, each in columns.items()} for rows in (is_known, ~is_known))
    metrics: Metrics = {}
    if len(known["found"]):
        for model, found in ((LAST_NIGHT, "found"), (POPULAR, "found_by_popular")):
            metrics |= _measured(model, known[found], known["positives"], known["days_away"])
    if len(unknown["found"]):
        metrics[UNKNOWN_USERS, LAST_NIGHT] = float(unknown["people"][0])
        metrics |= _measured(UNKNOWN, unknown["found"], unknown["positives"])
    return metrics


def summary_of_last_night(metrics: Metrics) -> str | None:
    """Return in a few words how good the lists published before were; None if nobody came back."""
    if (EVALUATED_USERS, LAST_NIGHT) not in metrics:
        return None
    ours, popular = (metrics["ndcg@10", model] for model in (LAST_NIGHT, POPULAR))
    people = metrics[EVALUATED_USERS, LAST_NIGHT]
    return (
        f"lists published before: ndcg@10 {ours:.4f}, popular list {popular:.4f}, "
        f"over {people:,.0f} users who came back"
    )


def _came_back(connection: duckdb.DuckDBPyConnection, published: Path) -> Columns:
    connection.execute("attach $file as previous (read_only)", {"file": str(published)})
    try:
        values = {"depth": DEPTH, "max_users": MAX_USERS}
        found = connection.execute(statement("evaluate/last_night"), values).fetchnumpy()
    finally:
        connection.execute("detach previous")
    return {name: np.ma.filled(column, 0) for name, column in found.items() if name != "user_id"}


def _measured(
    model: str, found: NDArray[Any], positives: NDArray[Any], days_away: NDArray[np.float64] | None = None
) -> Metrics:
    """Return hit rate and NDCG with their intervals, and the number of people; also by days of absence."""
    is_hit = (found.astype(np.int64)[:, None] >> np.arange(DEPTH) & 1).astype(np.bool_)
    of_people = accuracy(is_hit, positives.astype(np.int64), DEPTH)
    bands = {"": np.ones(len(found), np.bool_)}
    if days_away is not None:
        band = np.digitize(days_away, BAND_ENDS)
        bands |= {f"_{name}": band == number for number, name in enumerate(BANDS)}
    metrics: Metrics = {}
    for suffix, chosen in bands.items():
        if chosen.any():
            metrics[f"{EVALUATED_USERS}{suffix}", model] = float(chosen.sum())
            for metric in WITH_INTERVAL:
                values = of_people[metric][chosen]
                low, high = bootstrap(values)
                metrics[f"{metric}{suffix}", model] = float(values.mean())
                metrics[f"{metric}{suffix}_low", model] = low
                metrics[f"{metric}{suffix}_high", model] = high
    return metrics

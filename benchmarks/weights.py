"""Weights: what they are worth, on made-up data whose tastes are known.

`python -m benchmarks.weights`. First a shop: users look at much, half of it by chance, and buy what they
like. The job learns from the views and purchases of a time, once with weights (a view 1, a purchase 5) and
once from the same rows without, and its lists are evaluated by later purchases. Then play counts without
times: of everyone one artist is held out, and the lists of the job are compared with those of plain ALS by
the package `implicit`: with the settings of its tutorial, on logarithms of the counts, and on the weights of
BM25 that the tutorial takes. All is read by `input.toml`, cleaned and learned as in a run.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import bm25_weight
from rich.console import Console
from rich.table import Table
from scipy import sparse
from threadpoolctl import threadpool_limits

from batch.evaluation.ratings import CleanedRatings, cleaned_ratings
from batch.model.weighted_parts import fit_items, fold_in_users
from batch.recommend.topn import best, score
from batch.settings import Settings
from benchmarks.machine import machine

DEPTH = 10
TASTES = 20
ITEMS_OF_TASTE = 40
SECONDS = 30 * 86_400.0
SHARE_KNOWN = 0.75

SHOP = """
[interactions]
file = "events.csv"
user = "user"
item = "item"

[time]
column = "time"
"""
EVENTS = """
[event]
column = "event"
kinds = {view = 1, purchase = 5}
"""
ALIKE = EVENTS.replace("purchase = 5", "purchase = 1")
PLAYS = """
[interactions]
file = "plays.csv"
user = "user"
item = "item"

[value]
column = "plays"
kind = "weight"
"""


@dataclass(frozen=True)
class Shop:
    """Events before a moment, and which items users buy after it without having seen them before."""

    known: pd.DataFrame  # user, item, event, time
    bought: dict[int, set[int]]  # by user


@click.command()
@click.option("--users", type=click.IntRange(min=100), default=2_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True)
def weights(users: int, seed: int) -> None:
    """Print what weights are worth, and how lists from play counts compare with plain ALS."""
    rng = np.random.default_rng(seed)
    console = Console()
    console.print(machine())
    shop = make_shop(rng, users)
    console.print(f"a shop: {len(shop.known):,} events of {users:,} users, evaluated by later purchases")
    figures = {
        "with weights": ndcg(learned(SHOP + EVENTS, "events", shop.known, seed), shop.bought),
        "each event 1, added up": ndcg(learned(SHOP + ALIKE, "events", shop.known, seed), shop.bought),
        "the same rows without": ndcg(learned(SHOP, "events", shop.known, seed), shop.bought),
    }
    console.print(table(f"ndcg@{DEPTH}", figures))
    plays, held_out = make_plays(rng, users)
    console.print(
        f"play counts without times: {len(plays):,} rows of {users:,} users, one artist held out each"
    )
    figures = {
        "job": hit_rate(learned(PLAYS, "plays", plays, seed), held_out),
        "implicit, logarithms": hit_rate(plain_als(plays, seed, is_bm25=False), held_out),
        "implicit, BM25": hit_rate(plain_als(plays, seed, is_bm25=True), held_out),
    }
    console.print(table(f"hr@{DEPTH}", figures))


def make_shop(rng: np.random.Generator, users: int) -> Shop:
    """Make up users of one to three tastes, who look at much and buy what they like.

    Half of what is looked at is popular with everybody, the rest is of the user's tastes; of that, a third is
    bought, and of the popular rest nothing but every fortieth.
    """
    popularity = rng.pareto(1.2, TASTES * ITEMS_OF_TASTE) + 0.1
    rows = []
    for user in range(users):
        tastes = rng.choice(TASTES, rng.integers(1, 4), replace=False)
        times = np.sort(rng.random(rng.integers(30, 120)) * SECONDS)
        for time in times.tolist():
            is_liked = rng.random() < 0.5  # noqa: PLR2004 (half of what is looked at)
            own = np.flatnonzero(np.isin(np.arange(len(popularity)) // ITEMS_OF_TASTE, tastes))
            among = own if is_liked else np.arange(len(popularity))
            chances = popularity[among] / popularity[among].sum()
            item = int(rng.choice(among, p=chances))
            rows.append((user, item, "view", time))
            if rng.random() < (1 / 3 if is_liked else 1 / 40):
                rows.append((user, item, "purchase", time + 1))
    events = pd.DataFrame(rows, columns=["user", "item", "event", "time"])
    moment = SECONDS * SHARE_KNOWN
    known, later = events[events.time < moment], events[events.time >= moment]
    pairs = set(zip(known.user, known.item, strict=True))
    bought: dict[int, set[int]] = {}
    for user, item in zip(
        later.user[later.event == "purchase"], later.item[later.event == "purchase"], strict=True
    ):
        if (user, item) not in pairs:
            bought.setdefault(int(user), set()).add(int(item))
    return Shop(known.assign(time=1_500_000_000 + known.time.astype(int)), bought)


def make_plays(rng: np.random.Generator, users: int) -> tuple[pd.DataFrame, dict[int, set[int]]]:
    """Make up how often users play artists, and hold out one artist of each that the user plays often.

    Most artists are played once or twice by chance, and those of the user's tastes again and again.
    """
    popularity = rng.pareto(1.2, TASTES * ITEMS_OF_TASTE) + 0.1
    rows = []
    held_out: dict[int, set[int]] = {}
    for user in range(users):
        tastes = rng.choice(TASTES, rng.integers(1, 4), replace=False)
        is_own = np.isin(np.arange(len(popularity)) // ITEMS_OF_TASTE, tastes)
        chances = popularity * np.where(is_own, TASTES / len(tastes), 1.0)
        artists = rng.choice(len(popularity), rng.integers(15, 60), replace=False, p=chances / chances.sum())
        plays = np.ceil(rng.lognormal(np.where(is_own[artists], 3.0, 0.5), 1.2)).astype(int)
        often = artists[is_own[artists]]
        if len(often):
            held_out[user] = {int(rng.choice(often))}
        rows += [
            (user, int(artist), int(count))
            for artist, count in zip(artists, plays, strict=True)
            if artist not in held_out.get(user, ())
        ]
    return pd.DataFrame(rows, columns=["user", "item", "plays"]), held_out


def learned(spec: str, name: str, rows: pd.DataFrame, seed: int) -> dict[int, list[int]]:
    """Return the lists of users by the job, from rows that `input.toml` describes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "input.toml").write_text(spec, encoding="utf-8")
        rows.to_csv(Path(folder, f"{name}.csv"), index=False)
        settings = Settings(data=Path(folder), seed=seed)
        cleaned = cleaned_ratings(settings)
    return lists_of(cleaned, settings)


def lists_of(cleaned: CleanedRatings, settings: Settings) -> dict[int, list[int]]:
    """Return the lists of users as a run makes them; users and items are whole numbers here."""
    ratings = cleaned.ratings.without_superseded()
    model = fold_in_users(fit_items(ratings, settings), ratings, ratings.days_inactive(), settings)
    lists = score(model, DEPTH)
    found: dict[int, list[int]] = {}
    for user, item in zip(lists.user_index, lists.item_index, strict=True):
        found.setdefault(int(cleaned.user_ids[user]), []).append(int(cleaned.item_ids[item]))
    return found


def plain_als(plays: pd.DataFrame, seed: int, *, is_bm25: bool) -> dict[int, list[int]]:
    """Return the lists by ALS of `implicit` with the settings of its tutorial."""
    shape = int(plays.user.max()) + 1, int(plays.item.max()) + 1
    counts = sparse.csr_matrix((plays.plays.to_numpy(np.float32), (plays.user, plays.item)), shape=shape)
    weighted = bm25_weight(counts.T, K1=100, B=0.8).T.tocsr() if is_bm25 else counts.log1p()
    with threadpool_limits(limits=1, user_api="blas"):
        als = AlternatingLeastSquares(factors=64, regularization=0.05, alpha=2.0, random_state=seed)
        als.fit(weighted.astype(np.float32), show_progress=False)
    is_candidate = np.asarray(counts.sum(axis=0)).ravel() > 0
    users, items = np.asarray(als.user_factors), np.asarray(als.item_factors)
    lists = best(users, items, [items.shape[1]], counts, is_candidate, DEPTH)
    found: dict[int, list[int]] = {}
    for user, item in zip(lists.user_index.tolist(), lists.item_index.tolist(), strict=True):
        found.setdefault(user, []).append(item)
    return found


def ndcg(lists: dict[int, list[int]], relevant: dict[int, set[int]]) -> float:
    """Return the mean NDCG over users with something relevant."""
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    values = []
    for user, items in relevant.items():
        gains = sum(discounts[rank] for rank, item in enumerate(lists.get(user, [])) if item in items)
        values.append(gains / discounts[: len(items)].sum())
    return float(np.mean(values))


def hit_rate(lists: dict[int, list[int]], relevant: dict[int, set[int]]) -> float:
    """Return the share of users in whose list something relevant is."""
    return float(np.mean([bool(items & set(lists.get(user, []))) for user, items in relevant.items()]))


def table(metric: str, figures: dict[str, float]) -> Table:
    """Return a row for each figure, and the first one divided by it."""
    rows = Table("", metric, "ratio")
    first = next(iter(figures.values()))
    for name, figure in figures.items():
        rows.add_row(name, f"{figure:.4f}", f"{first / figure:.2f}")
    return rows


if __name__ == "__main__":
    weights()

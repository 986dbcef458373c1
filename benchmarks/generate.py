"""Generate: a made-up data set like MovieLens 25M, of any size, and as dirty as it is told to be.

`python -m benchmarks.generate FOLDER --scale 1/16 --dirt 0.02`. The same options give the same bytes. What
is alike: how many ratings movies and users have, long-tailed both; groups of taste, which a user keeps to
for some movies in a row; sittings of ratings that are seconds apart; movies that come out in the course of
time, and are rated most when they are new; half stars. What is not: nobody ever liked these movies.

Dirt is that of the input format. Beside it stands the truth: `truth.csv`, one row per row of `ratings.csv`
that does not count, with its rule, or that counts after a repair, with the user whose it is.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import click
import duckdb
import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sql import statement

# MovieLens 25M, from its summary.
USERS, ITEMS, RATINGS, UNRATED_ITEMS = 162_541, 59_047, 25_000_095, 3_376
MIN_RATINGS = 20
# So many movies have at least so many ratings there: the curve between is straight on logarithmic scales.
ITEMS_WITH = ((1, 81_491), (588, 10_000), (3_794, 1_000), (13_176, 50), (24_330, 10), (59_047, 1))
MEDIAN_RATINGS, SPREAD_OF_RATINGS = 71, 1.39  # of a user; the spread is that of the logarithm
FIRST_RATING, LAST_RATING = 789_652_009, 1_574_327_703  # seconds since 1970
DAY, YEAR = 86_400, 31_556_952

MAX_GROUPS = 64  # of taste
ITEMS_PER_GROUP = 60  # at least
SHARE_OF_OTHERS = 0.004  # how likely a movie of another group is, where one of the group's own is 1
KEEPS_TO_GROUP = 0.9
NEW_SITTING = 0.01
SECONDS_BETWEEN = 8.0
MAX_TRIES = 40

GENRES = (
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
FIRST_WORDS = ("Silent", "Crimson", "Último", "Broken", "Golden", "Électrique", "Lost", "Midnight", "Über")
LAST_WORDS = ("River", "Señor", "Empire", '"Ace"', "Garden", "Étoile", "Winter", "Station", "Harbour")
OF_WHAT = ("", "", " of Glass", " of the North", ", Part Two", " & Sons", " 3000", ": Redux")

# Of the first ones a user is missing too; single rows have one of the others.
FAULTS = (
    "none",
    "user_id_between_neighbours",
    "rating_out_of_range_and_user_id_missing",
    "user_id_missing",
    "missing_columns",
    "too_many_columns",
    "misplaced_quote",
    "rating_not_a_number",
    "rating_out_of_range",
    "movie_id_missing",
    "timestamp_not_a_time",
    "superseded",
)


@dataclass(frozen=True)
class Size:
    """How many users, movies with and without ratings, and ratings there are."""

    users: int
    items: int
    unrated_items: int
    ratings: int

    @classmethod
    def of(cls, scale: Fraction) -> "Size":
        """Return MovieLens 25M, or a part of it: users, movies and ratings shrink together."""
        return cls(*(max(1, round(number * scale)) for number in (USERS, ITEMS, UNRATED_ITEMS, RATINGS)))


@dataclass(frozen=True)
class Items:
    """What is made up about the movies; an element for each, movies without ratings last."""

    item_id: NDArray[np.int64]
    weight: NDArray[np.float64]  # how often a movie is rated, relative to others; 0 for those without ratings
    group: NDArray[np.int64]
    quality: NDArray[np.float64]  # in stars, over the mean
    released_at: NDArray[np.int64]  # seconds since 1970


@dataclass(frozen=True)
class Ratings:
    """One element per rating; by user and movie."""

    user_id: NDArray[np.int64]
    item_id: NDArray[np.int64]
    rating: NDArray[np.float64]
    timestamp: NDArray[np.int64]


class Scale(click.ParamType[Fraction, str]):
    """A part of one, as `1/16` or `0.25`."""

    name = "part"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Return the part, or fail as wrong usage."""
        try:
            scale = Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value} is no part of one, as 1/16 is.", param, ctx)
        if not 0 < scale <= 4:  # noqa: PLR2004 (a hundred million ratings)
            self.fail(f"{value} is not between 0 and 4.", param, ctx)
        return scale


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--scale", type=Scale(), default="1", show_default=True, help="Part of MovieLens 25M, from 1/200."
)
@click.option(
    "--dirt", type=click.FloatRange(0, 0.5), default=0.0, show_default=True, help="Share of dirty rows."
)
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True)
def main(folder: Path, scale: Fraction, dirt: float, seed: int) -> None:
    """Write ratings.csv and movies.csv, and with dirt the truth.csv of it, into a folder."""
    size = Size.of(scale)
    generate(folder, size, dirt, seed)
    click.echo(f"wrote {size.ratings:,} ratings of {size.items:,} movies by {size.users:,} users to {folder}")


def generate(folder: Path, size: Size, dirt: float, seed: int) -> None:
    """Write a data set of that size into a folder."""
    rng = np.random.default_rng(seed)
    items = make_items(rng, size)
    made = pd.DataFrame(vars(make_ratings(rng, items, size)))
    movies = _titled(rng, items)
    folder.mkdir(parents=True, exist_ok=True)
    ratings = str(folder / "ratings.csv")
    with duckdb.connect() as connection:
        if dirt:
            # Some movies that are rated have no row, and every line is spoiled in some way.
            movies = movies[rng.random(len(movies)) >= dirt]
            made["fault"] = _faults(rng, made, dirt)
            connection.register("made", made)
            connection.execute(statement("generate/dirty_lines"))
            connection.execute(statement("generate/dirty_ratings"), {"path": ratings})
            truth = connection.table("dirty_lines").filter("rule is not null").order("line")
            truth.project("line, rule, user_id").write_csv(str(folder / "truth.csv"), header=True)
        else:
            rows = connection.from_df(made)
            columns = 'user_id as "userId", item_id as "movieId", rating, "timestamp"'
            rows.project(columns).write_csv(ratings, header=True)
    movies.to_csv(folder / "movies.csv", index=False, encoding="utf-8")


def make_items(rng: np.random.Generator, size: Size) -> Items:
    """Make up the movies; which one is popular, of which group and how good is drawn."""
    items = size.items + size.unrated_items
    rank, ratings = np.log(ITEMS_WITH).T
    # A smaller catalogue has the same curve: its ranks are spread over those of the large one.
    spread = np.linspace(0, rank[-1], size.items) if size.items > 1 else np.zeros(1)
    places = np.log(np.linspace(1, ITEMS, size.items)) if size.items > 1 else spread
    weight = np.zeros(items)
    weight[: size.items] = rng.permutation(np.exp(np.interp(places, rank, ratings)))
    # Half of what is rated was there before the first rating.
    age = rng.exponential(25 * YEAR, items) * (rng.random(items) < 0.5)  # noqa: PLR2004
    released_at = np.where(age > 0, FIRST_RATING - age, rng.uniform(FIRST_RATING, LAST_RATING - YEAR, items))
    return Items(
        item_id=np.cumsum(rng.integers(1, 6, items)),
        weight=weight,
        group=rng.integers(0, _groups(size), items),
        quality=rng.normal(0, 0.5, items),
        released_at=released_at.astype(np.int64),
    )


def make_ratings(rng: np.random.Generator, items: Items, size: Size) -> Ratings:
    """Make up who rates what, when and how."""
    of_user = _ratings_of_users(rng, size)
    rated = np.flatnonzero(items.weight)
    in_group = np.where(items.group[rated] == np.arange(_groups(size))[:, None], 1.0, SHARE_OF_OTHERS)
    user, item, stars, time = _rate(
        rng,
        of_user,
        np.cumsum(in_group * items.weight[rated], axis=1),
        items.group[rated],
        items.quality[rated],
        items.released_at[rated],
    )
    order = np.lexsort((item, user))
    return Ratings(
        user_id=user[order] + 1,
        item_id=items.item_id[rated][item[order]],
        rating=stars[order],
        timestamp=time[order],
    )


def _groups(size: Size) -> int:
    return min(MAX_GROUPS, max(1, size.items // ITEMS_PER_GROUP))


def _ratings_of_users(rng: np.random.Generator, size: Size) -> NDArray[np.int64]:
    """Return (users,), how many movies each rates: above the least, log-normal; in all as many as told."""
    most = max(1, size.items * 9 // 10)
    least = min(MIN_RATINGS, most, size.ratings // size.users)
    weight = rng.lognormal(np.log(MEDIAN_RATINGS - MIN_RATINGS), SPREAD_OF_RATINGS, size.users)
    numbers = np.full(size.users, least)
    while (missing := size.ratings - numbers.sum()) > 0:
        weight[numbers >= most] = 0
        if not weight.any():
            raise click.ClickException(
                f"{size.ratings:,} ratings do not fit {size.users:,} users and {size.items:,} movies; "
                "take a scale of 1/200 or more"
            )
        more = np.ceil(weight * missing / weight.sum()).astype(np.int64)
        numbers = np.minimum(numbers + more, most)
    too_many = numbers.sum() - size.ratings
    spare = np.repeat(np.arange(size.users), numbers - least)
    return numbers - np.bincount(rng.choice(spare, too_many, replace=False), minlength=size.users)


@numba.njit(cache=True)
def _rate(  # noqa: PLR0913, PLR0917 (plain arrays for compiled code)
    rng: np.random.Generator,
    of_user: NDArray[np.int64],  # (users,)
    cumulated: NDArray[np.float64],  # (groups, movies), the weights of movies for each group, summed up
    group_of: NDArray[np.int64],  # (movies,)
    quality: NDArray[np.float64],  # (movies,)
    released_at: NDArray[np.int64],  # (movies,)
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return user, movie, stars and time of each rating, one user after the other."""
    groups, items = cumulated.shape
    total = of_user.sum()
    user, item = np.empty(total, np.int64), np.empty(total, np.int64)
    stars, time = np.empty(total, np.float64), np.empty(total, np.int64)
    rated_by = np.full(items, -1)
    newest_first = np.argsort(-released_at)
    place = 0
    for who in range(len(of_user)):
        # The first ratings take the movies in turn, so that each has one.
        now = rng.uniform(FIRST_RATING, LAST_RATING)
        likes = np.cumsum(rng.exponential(1.0, groups) ** 2)
        kindness = rng.normal(0.0, 0.4)
        group = 0
        for number in range(of_user[who]):
            if number == 0 or rng.random() > KEEPS_TO_GROUP:
                group = min(np.searchsorted(likes, rng.random() * likes[-1]), groups - 1)
            if rng.random() < NEW_SITTING:
                now += (LAST_RATING - now) * min(1.0, rng.exponential(0.1))
            else:
                now = min(now + rng.exponential(SECONDS_BETWEEN), float(LAST_RATING))
            chosen = newest_first[who] if number == 0 and who < items else -1
            tries = 0
            while chosen < 0:
                tries += 1
                if tries < MAX_TRIES:
                    drawn = np.searchsorted(cumulated[group], rng.random() * cumulated[group, -1])
                    chosen = min(drawn, items - 1)
                    age = now - released_at[chosen]
                    # What is new is rated twice as often.
                    if age < 0 or (age > YEAR and rng.random() < 0.5):  # noqa: PLR2004
                        chosen = -1
                else:
                    chosen = rng.integers(0, items)
                if chosen >= 0 and rated_by[chosen] == who:
                    chosen = -1
            rated_by[chosen] = who
            fits = 0.4 if group_of[chosen] == group else 0.0
            felt = 3.3 + fits + kindness + quality[chosen] + rng.normal(0.0, 0.8)
            user[place], item[place] = who, chosen
            stars[place] = min(5.0, max(0.5, round(felt * 2) / 2))
            time[place] = int(now)
            place += 1
    return user, item, stars, time


def _titled(rng: np.random.Generator, items: Items) -> pd.DataFrame:
    """Return the table of movies as MovieLens has it, with titles and genres."""
    number = len(items.item_id)
    first, last, what = (rng.integers(0, len(words), number) for words in (FIRST_WORDS, LAST_WORDS, OF_WHAT))
    has_article = rng.random(number) < 0.3  # noqa: PLR2004
    years = pd.to_datetime(items.released_at, unit="s").year
    titles = [
        f"{FIRST_WORDS[a]} {LAST_WORDS[b]}{OF_WHAT[c]}{', The' if article else ''} ({year})"
        for a, b, c, article, year in zip(first, last, what, has_article, years, strict=True)
    ]
    # The genre of the group comes with up to two others, in the order of the alphabet.
    others = rng.integers(0, 3 * len(GENRES), (number, 2))
    genres = [
        "|".join(
            sorted({GENRES[group % len(GENRES)], *(GENRES[each] for each in more if each < len(GENRES))})
        )
        for group, more in zip(items.group, others, strict=True)
    ]
    no_genre = rng.random(number) < 0.08  # noqa: PLR2004
    return pd.DataFrame(
        {
            "movieId": items.item_id,
            "title": titles,
            "genres": np.where(no_genre, "(no genres listed)", genres),
        }
    )


def _faults(rng: np.random.Generator, made: pd.DataFrame, dirt: float) -> "pd.Categorical[str]":
    """Return what is wrong with each rating: nothing with most, and half of the rest has no user id.

    Those are all the ratings of some users, between neighbours whose rows are sound, so that it is known
    whose they are. Faults of single rows are in those of other users.
    """
    user = made["user_id"].to_numpy()
    rows, users = len(made), int(user.max())
    fault = np.zeros(rows, np.int64)
    of_user = np.bincount(user)
    blocks = rng.permutation(np.arange(2, users, 4))
    blocks = blocks[np.cumsum(of_user[blocks]) <= dirt / 2 * rows]
    fault[np.isin(user, blocks)] = FAULTS.index("user_id_between_neighbours")
    in_block = np.flatnonzero(fault)
    out_of_range = rng.choice(in_block, len(in_block) // 3, replace=False)
    fault[out_of_range] = FAULTS.index("rating_out_of_range_and_user_id_missing")
    single = np.flatnonzero(user % 4 == 0)
    spoiled = rng.choice(single, min(len(single), round(dirt * rows) - len(in_block)), replace=False)
    fault[spoiled] = rng.integers(FAULTS.index("user_id_missing"), len(FAULTS), len(spoiled))
    return pd.Categorical.from_codes(fault, pd.Index(FAULTS))


if __name__ == "__main__":
    main()

"""People who come back: what is right for them to be shown depends on when they were last seen.

What they watch can be foreseen by every part of the model: the next part of a story by the sequential one,
what people of one kind like by the collaborative one, by the personal trend and by its genre, and the newest
release by both trends.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.made import START

DAY = 86_400.0
DAYS = 40
# A story has parts that are watched one after the other; of the others, everyone likes those of one kind.
STORIES, PARTS = 12, 8
LASTING = 80
RELEASES = DAYS // 2
KINDS = 4
FIRST_LASTING = STORIES * PARTS
FIRST_RELEASE = FIRST_LASTING + LASTING
ITEMS = FIRST_RELEASE + RELEASES


def world() -> Iterator[tuple[int, int, float, float]]:
    """Yield user, movie, stars and seconds: half of 240 people watch daily, half of them again after weeks.

    Every day the next part of a story is watched by those who watch daily, and now and then one of the
    lasting movies that people of the same kind like. After weeks, somebody watches the newest release, and a
    lasting movie.
    """
    draw = np.random.default_rng(7)
    for user in range(240):
        kind = user % KINDS
        lasting = FIRST_LASTING + kind * LASTING // KINDS + draw.permutation(LASTING // KINDS)
        is_daily = user < 120
        for place, item in enumerate(lasting[:8]):
            yield user, int(item), 5.0, DAY * draw.uniform(0, 3) + place
        if is_daily:
            stories = draw.permutation(STORIES)[:5]
            watched = [story * PARTS + part for story in stories for part in range(PARTS)]
            for day, item in enumerate(watched[:DAYS], start=0):
                yield user, int(item), 5.0, DAY * (day + 0.5 + 0.1 * draw.random())
                if day % 4 == user // KINDS % 4:
                    yield user, int(lasting[8 + day // 4]), 4.0, DAY * (day + 0.7 + 0.1 * draw.random())
        else:
            for back in (12 + 4 * draw.random(), DAYS - 2 + 1.9 * draw.random()):
                release = FIRST_RELEASE + int(back) // 2
                yield user, release, 5.0, DAY * back
                yield user, release - 1, 4.0, DAY * back + 60
                yield user, int(lasting[8 + (back > DAYS / 2)]), 4.0, DAY * back + 120


def genre(item: int) -> str:
    """Return the genre of a movie: a lasting one has that of its kind, the others have one in common."""
    is_lasting = FIRST_LASTING <= item < FIRST_RELEASE
    return f"Kind {(item - FIRST_LASTING) * KINDS // LASTING}" if is_lasting else "Drama"


def write_world(folder: Path) -> None:
    """Write an input folder of what they watch."""
    folder.mkdir()
    rows = [f"{user},{item},{stars},{START + seconds}" for user, item, stars, seconds in world()]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n")
    movies = [f"{item},Movie {item} (1999),{genre(item)}" for item in range(ITEMS)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *movies]) + "\n")

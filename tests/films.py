"""A small catalogue with a known answer: even users like even movies, odd users odd ones.

Everyone has rated all movies of their kind with 5 but the one of their own number (modulo the movies),
and two of the other kind with 1, all of it within minutes. So the one movie that a model must find is the
one that was withheld.
"""

USERS = 40
ITEMS = 20
START = 1_500_000_000

RATINGS_HEADER = "userId,movieId,rating,timestamp"
MOVIES_HEADER = "movieId,title,genres"


def withheld(user: int) -> int:
    """Return the movie of the user's kind that the user has not rated."""
    return user % ITEMS


def _rows() -> list[str]:
    rows = []
    for user in range(USERS):
        liked = [item for item in range(ITEMS) if item % 2 == user % 2 and item != withheld(user)]
        disliked = [(user + 1) % ITEMS, (user + 3) % ITEMS]
        for place, item in enumerate(liked + disliked):
            stars = 5.0 if item in liked else 1.0
            rows.append(f"{user},{item},{stars},{START + USERS * place + user}")
    return rows


RATINGS = "\n".join([RATINGS_HEADER, *_rows()]) + "\n"
MOVIES = (
    "\n".join(
        [
            MOVIES_HEADER,
            *[f'{item},"Movie, The {item} ({1990 + item})",Drama|Comedy' for item in range(ITEMS)],
            "unrated,Never Seen (2001),(no genres listed)",
        ]
    )
    + "\n"
)

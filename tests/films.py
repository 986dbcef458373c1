"""A small catalogue with a known answer: even users like even films, odd users odd ones.

Everyone has rated all films of their kind with 5 but the one of their own number (modulo the films),
and two of the other kind with 1, all of it within minutes. So the one film that a model must find is the
one that was withheld.
"""

USERS = 40
FILMS = 20
START = 1_500_000_000

RATINGS_HEADER = "userId,movieId,rating,timestamp"
MOVIES_HEADER = "movieId,title,genres"


def withheld(user: int) -> int:
    """Return the film of the user's kind that the user has not rated."""
    return user % FILMS


def _rows() -> list[str]:
    rows = []
    for user in range(USERS):
        liked = [film for film in range(FILMS) if film % 2 == user % 2 and film != withheld(user)]
        disliked = [(user + 1) % FILMS, (user + 3) % FILMS]
        for place, film in enumerate(liked + disliked):
            stars = 5.0 if film in liked else 1.0
            rows.append(f"{user},{film},{stars},{START + USERS * place + user}")
    return rows


RATINGS = "\n".join([RATINGS_HEADER, *_rows()]) + "\n"
MOVIES = (
    "\n".join(
        [
            MOVIES_HEADER,
            *[f'{film},"Film, The {film} ({1990 + film})",Drama|Comedy' for film in range(FILMS)],
            "unrated,Never Seen (2001),(no genres listed)",
        ]
    )
    + "\n"
)

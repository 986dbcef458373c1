"""The page: what the file holds, for people to look at; a guest of the service, loaded only where it is on.

A view is a module with one function for each of its addresses. All that is shown is read from published
files; `api/page/render.py` says what is done with every page, `templates/` how it looks.
"""

from functools import partial

from starlette.routing import Route

from api.page.films import film, films
from api.page.new import new
from api.page.past import KeptFiles
from api.page.render import page
from api.page.start import start
from api.page.static import static
from api.page.system import system
from api.page.user import any_user, user, users


def routes() -> list[Route]:
    """Return the addresses of the page; `api/keys.py` has their beginnings."""
    return [
        Route("/", start),
        Route("/users", users),
        Route("/users/{user_id:path}", user),
        Route("/random", any_user),
        Route("/films", films),
        Route("/films/{item_id:path}", film),
        Route("/new", new),
        Route("/system", page(partial(system, files=KeptFiles()))),
        Route("/static/{name:path}", static),
    ]

"""The addresses of the page; `api/middleware.py` has their beginnings."""

from functools import partial

from starlette.routing import Route

from api.page.items import item, items
from api.page.new import new
from api.page.past import KeptFiles
from api.page.render import page
from api.page.start import start
from api.page.static import static
from api.page.system import system
from api.page.user import any_user, user, users


def routes() -> list[Route]:
    """Return the addresses, each with its view."""
    return [
        Route("/", start),
        Route("/users", users),
        Route("/users/{user_id:path}", user),
        Route("/random", any_user),
        Route("/films", items),
        Route("/films/{item_id:path}", item),
        Route("/new", new),
        Route("/system", page(partial(system, files=KeptFiles()))),
        Route("/static/{name:path}", static),
    ]

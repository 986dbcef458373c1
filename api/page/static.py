"""Style, script and icon: read once, and kept by browsers for as long as they are what they are."""

from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.page.links import link

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.suffix in MEDIA_TYPES}
# Behind the name in every link to it: another content is another address.
VERSIONS = {name: sha256(content).hexdigest()[:12] for name, content in FILES.items()}


async def static(request: Request) -> Response:
    """Answer with a file of the page."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404)
    return Response(
        FILES[name],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
        media_type=MEDIA_TYPES[Path(name).suffix],
    )


def address(name: str) -> str:
    """Return the address of a file."""
    return f"{link('static', name)}?{VERSIONS[name]}"

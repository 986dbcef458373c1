"""The one shape of an error: `{"error": "what is wrong, and what to do"}`, whoever finds it."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.links import link


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that refuses."""
    return JSONResponse({"error": message}, status_code=status, headers=headers)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette or an endpoint refuses."""
    assert isinstance(error, HTTPException)
    message = {
        "Not Found": f"there is nothing at this path; {link('docs')} says what there is",
        "Method Not Allowed": f"{request.method} is not allowed here; use GET or HEAD",
    }.get(error.detail, error.detail)
    return refusal(error.status_code, message, error.headers)


async def bug(_request: Request, _error: Exception) -> Response:
    """Answer what nobody foresaw."""
    return refusal(500, "internal error; the log of the server has the details")

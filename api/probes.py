"""What those ask who run the service: does it live, is it ready, how does it do."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.held import held_or_none, served
from api.metrics import exposition


async def healthz(_request: Request) -> Response:
    """The process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """A generation is open; `degraded` if it is not the one that is published."""
    current = request.state.current
    generation = served(request)
    if current.fault is None:
        return JSONResponse({"status": "ready", "generation": generation.id})
    return JSONResponse({"status": "degraded", "generation": generation.id, "fault": current.fault})


async def metrics(request: Request) -> Response:
    """All metrics, in the format of Prometheus or of OpenMetrics."""
    accept = request.headers.get("Accept", "")
    content, media_type = await exposition(held_or_none(request), request.state.current.fault, accept)
    return Response(content, headers={"Content-Type": media_type})

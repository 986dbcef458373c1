"""Pages of other origins: none may read an answer, unless its origin is named."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from api.errors import refusal

READABLE_HEADERS = (
    "ETag",
    "X-Generation",
    "X-Recommendation-Source",
    "X-Request-ID",
    "X-Unknown-Items",
)
# They name the trace that a request belongs to: W3C's, then those of Zipkin, Jaeger, Sentry, New Relic,
# Elastic, Application Insights, Datadog, Google and Amazon.
TRACE_HEADERS = (
    *("traceparent", "tracestate", "baggage"),
    *("b3", "X-B3-TraceId", "X-B3-SpanId", "X-B3-ParentSpanId", "X-B3-Sampled", "X-B3-Flags"),
    *("uber-trace-id", "sentry-trace", "newrelic", "elastic-apm-traceparent"),
    *("Request-Id", "Request-Context"),
    *("x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority", "x-datadog-origin"),
    *("x-datadog-tags", "X-Cloud-Trace-Context", "X-Amzn-Trace-Id"),
)
SENDABLE_HEADERS = ("Authorization", "If-None-Match", "X-API-Key", "X-Request-ID", *TRACE_HEADERS)


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer what a browser asks before it asks; a refusal has the one shape of errors."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:  # noqa: PLR2004 (the first status that refuses)
            return answer
        return refusal(answer.status_code, bytes(answer.body).decode())


def allowing(origins: tuple[str, ...], app: ASGIApp) -> ASGIApp:
    """Return the application, open to pages of these origins."""
    if not origins:
        return app
    return _Cors(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD"),
        allow_headers=SENDABLE_HEADERS,
        expose_headers=READABLE_HEADERS,
    )

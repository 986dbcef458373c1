"""What the service answers, as OpenAPI 3.1 says it: `/openapi.json`, from which `/docs` is made."""

from typing import Any

from api import __version__
from api.parameters import DEFAULT_LIMIT, LONGEST_VALUE

_JSON = "application/json"

USER_ID = {
    "name": "user_id",
    "in": "query",
    "required": True,
    "description": "The user, as in the ratings.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE, "pattern": r"\S"},
    "example": "18",
}


def _limit(description: str, **schema: int) -> dict[str, Any]:
    return {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "integer", "minimum": 1, **schema},
    }


OFFSET = {
    "name": "offset",
    "in": "query",
    "required": False,
    "description": "How many films to leave out at the beginning; past the end there is an empty list.",
    "schema": {"type": "integer", "minimum": 0, "default": 0},
}
RETURN_METADATA = {
    "name": "returnMetadata",
    "in": "query",
    "required": False,
    "description": "Whether to tell title and genres as well; in any letter case.",
    "schema": {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$", "default": "false"},
    "example": "true",
}


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string", **schema}}


GENERATION_HEADERS = {
    "X-Generation": _header("The generation from which this is answered."),
    "ETag": _header("Stays the same as long as the generation does."),
    "Cache-Control": _header("Ask again, with the ETag.", const="no-cache"),
}
SOURCE_HEADER = {
    "X-Recommendation-Source": _header(
        "Whether the list is that of the user, or the popular one, as the user is unknown.",
        enum=["personal", "popular"],
    )
}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_ID = {"type": "string", "description": "The film, as in the ratings."}
SCHEMAS = {
    "Error": _object(error={"type": "string", "description": "What is wrong, and what to do."}),
    "Item": _object(id=_ID),
    "ItemWithMetadata": _object(
        id=_ID, title={"type": "string"}, genres={"type": "array", "items": {"type": "string"}}
    ),
    "Recommendations": _object(
        items={
            "description": "Best first.",
            "anyOf": [
                {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
                for name in ("Item", "ItemWithMetadata")
            ],
        }
    ),
    "Features": _object(
        features={
            "type": "array",
            "items": _object(
                histories={
                    "type": "array",
                    "description": "Films, newest first.",
                    "items": {"type": "string"},
                }
            ),
        }
    ),
    "Health": _object(status={"const": "ok"}),
    "Readiness": {
        **_object(status={"enum": ["ready", "degraded"]}, generation={"type": "string"}),
        "properties": {
            "status": {"enum": ["ready", "degraded"]},
            "generation": {"type": "string"},
            "fault": {"type": "string", "description": "Why it is not the generation that is published."},
        },
    },
}


def _content(name: str) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _error(description: str, **headers: Any) -> dict[str, Any]:
    return {"description": description, "content": _content("Error"), "headers": headers}


RETRY_AFTER = _header("Seconds after which to ask again.")
UNAUTHORIZED = {
    "401": _error(
        "A key is required here, and there is none, or a wrong one.",
        **{"WWW-Authenticate": _header("How to send it.")},
    )
}
NOT_READY = {"503": _error("Nothing is published yet, or it is damaged.", **{"Retry-After": RETRY_AFTER})}


def _operation(
    summary: str, tag: str, responses: dict[str, Any], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "summary": summary,
        "tags": [tag],
        "parameters": parameters or [],
        "responses": {**responses, **UNAUTHORIZED},
    }


def _lookup(
    summary: str, schema: str, headers: dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    return _operation(
        summary,
        "look-ups",
        {
            "200": {
                "description": summary,
                "content": _content(schema),
                "headers": GENERATION_HEADERS | headers,
            },
            "304": {"description": "If-None-Match has the ETag.", "headers": GENERATION_HEADERS},
            "400": _error("A parameter is missing, given twice, unknown or wrong; the message names it."),
            "414": _error("Path and parameters are too long."),
            **NOT_READY,
        },
        [*parameters],
    )


def document(depth: int) -> dict[str, Any]:
    """Return the whole of it; `depth` is that of the lists that are served."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Precomputed movie recommendations",
            "version": __version__,
            "description": "Lists and histories of the published generation.",
        },
        "security": [{}, {"key": []}, {"bearer": []}],
        "paths": {
            "/recommendations": {
                "get": _lookup(
                    "Films for a user, best first; the popular ones for a user who is unknown",
                    "Recommendations",
                    SOURCE_HEADER,
                    USER_ID,
                    _limit(
                        "How many films at most; up to the depth of the stored lists.",
                        maximum=depth,
                        default=min(DEFAULT_LIMIT, depth),
                    ),
                    OFFSET,
                    RETURN_METADATA,
                )
            },
            "/features": {
                "get": _lookup(
                    "What a user has watched, newest first; nothing for a user who is unknown",
                    "Features",
                    {},
                    USER_ID,
                    _limit("How many films at most; as many as you like.", default=DEFAULT_LIMIT),
                    OFFSET,
                )
            },
            "/healthz": {
                "get": _operation(
                    "The process lives",
                    "operation",
                    {"200": {"description": "It does.", "content": _content("Health")}},
                )
            },
            "/readyz": {
                "get": _operation(
                    "A generation is open, and whether it is the published one",
                    "operation",
                    {"200": {"description": "It is open.", "content": _content("Readiness")}, **NOT_READY},
                )
            },
            "/metrics": {
                "get": _operation(
                    "Metrics for Prometheus",
                    "operation",
                    {
                        "200": {
                            "description": "Requests, look-ups, and what is served.",
                            "content": {"text/plain": {"schema": {"type": "string"}}},
                        }
                    },
                )
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }

"""What the service answers, as OpenAPI 3.1 says it: `/openapi.json`, from which `/docs` is made."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api import __version__, answers, parameters
from api.parameters import Parameter

_JSON = "application/json"


def _parameter(
    parameter: Parameter, depth: int, genres: Sequence[str], *, is_required: bool
) -> dict[str, Any]:
    """Return what is said of a parameter: the table has it all but what depends on the generation."""
    schema = dict(parameter.schema)
    if parameter is parameters.LIMIT:
        schema |= {"maximum": depth, "default": min(parameters.DEFAULT_LIMIT, depth)}
    elif parameter is parameters.ANY_LIMIT:
        schema |= {"default": min(parameters.DEFAULT_LIMIT, depth)}
    elif genres and parameter in (parameters.GENRES, parameters.NOT_GENRES):
        schema |= {"items": {"type": "string", "enum": [*genres]}}
    example = {"example": parameter.example} if parameter.example else {}
    return {
        "name": parameter.name,
        "in": "query",
        "required": is_required,
        "description": parameter.description,
        "schema": schema,
        **parameter.more,
        **example,
    }


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string", **schema}}


GENERATION_HEADERS = {
    "X-Generation": _header("The generation from which this is answered."),
    "ETag": _header("Stays the same as long as the generation does."),
    "Cache-Control": _header("Ask again, with the ETag.", const="no-cache"),
}
ROW_HEADERS = {
    "X-Recommendation-Source": _header(
        "The list with which the answer begins: of the user, of films like those that are liked, of a "
        "segment, or the popular one.",
        pattern="^(personal|liked|popular|segment .+)$",
    ),
    "X-Unknown-Items": {
        "description": "Ids in liked and exclude that no film has: percent-encoded, with commas between; "
        "* at the end if there are more.",
        "required": False,
        "schema": {"type": "string"},
    },
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
    "Item": {
        **_object(
            id=_ID,
            title={"type": "string", "description": "With returnMetadata."},
            genres={
                "type": "array",
                "items": {"type": "string"},
                "description": "With returnMetadata.",
            },
            because={
                "description": "With explain: the film of the history, or of those liked, that speaks most "
                "for it; null where none does.",
                "anyOf": [_object(id=_ID, title={"type": "string"}), {"type": "null"}],
            },
            source={
                "description": "With explain: the list that it is from.",
                "enum": ["personal", "liked", "segment", "popular"],
            },
        ),
        "required": ["id"],
    },
    "Items": _object(
        items={
            "type": "array",
            "description": "Best first.",
            "items": {"$ref": "#/components/schemas/Item"},
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
NOT_READY = {
    "503": _error(
        "Nothing is published yet, or it is damaged, or memory is short.", **{"Retry-After": RETRY_AFTER}
    )
}


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
    summary: str,
    schema: str,
    asked: Iterable[dict[str, Any]],
    headers: dict[str, Any] | None = None,
    responses: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return _operation(
        summary,
        "look-ups",
        {
            "200": {
                "description": summary,
                "content": _content(schema),
                "headers": GENERATION_HEADERS | (headers or {}),
            },
            "304": {"description": "If-None-Match has the ETag.", "headers": GENERATION_HEADERS},
            "400": _error("A parameter is missing, given twice, unknown or wrong; the message names it."),
            "414": _error("Path and parameters are too long."),
            **(responses or {}),
            **NOT_READY,
        },
        [*asked],
    )


def document(depth: int, genres: Sequence[str]) -> dict[str, Any]:
    """Return the whole of it, for lists of that depth, and films of these genres."""

    def told(table: Mapping[str, Parameter], required: str | None = None) -> list[dict[str, Any]]:
        return [_parameter(each, depth, genres, is_required=each.name == required) for each in table.values()]

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
                    "Films for somebody, best first: for a user, for who likes some films, or popular ones; "
                    "under rules, if there are any",
                    "Items",
                    told(answers.RECOMMENDATIONS),
                    ROW_HEADERS,
                )
            },
            "/similar": {
                "get": _lookup(
                    "Films that the same people like, most alike first",
                    "Items",
                    told(answers.SIMILAR, "item_id"),
                    responses={"404": _error("There is no such film.")},
                )
            },
            "/features": {
                "get": _lookup(
                    "What a user has watched, newest first; nothing for a user who is unknown",
                    "Features",
                    told(answers.FEATURES, "user_id"),
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

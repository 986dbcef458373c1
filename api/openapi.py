"""What the service answers, as OpenAPI 3.1 says it: `/openapi.json`, from which `/docs` is made."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from api import __version__, answers, parameters
from api.parameters import Parameter

_JSON = "application/json"


# The questions that take parameters: which, and which of them must be given.
ASKED = {
    "/recommendations": (answers.RECOMMENDATIONS, None),
    "/similar": (answers.SIMILAR, "item_id"),
    "/features": (answers.FEATURES, "user_id"),
}


def fields(path: str, depth: int) -> list[dict[str, Any]]:
    """Return all parameters of a question, for lists of that depth."""
    table, required = ASKED[path]
    return [_field(each, depth, is_required=each.name == required) for each in table.values()]


def _field(parameter: Parameter, depth: int, *, is_required: bool) -> dict[str, Any]:
    """Return what is said of a parameter: the table has it all but what depends on the generation."""
    schema = dict(parameter.schema)
    if parameter is parameters.LIMIT:
        schema |= {"maximum": depth, "default": min(parameters.DEFAULT_LIMIT, depth)}
    elif parameter is parameters.ANY_LIMIT:
        schema |= {"default": min(parameters.DEFAULT_LIMIT, depth)}
    return {
        "name": parameter.name,
        "in": "query",
        "required": is_required,
        "description": parameter.description,
        "schema": schema,
        **({"example": parameter.example} if parameter.example else {}),
    }


def _subject() -> dict[str, Any]:
    """Return for whom a list is, as a schema: one of its parameters must be given, some exclude each other.

    OpenAPI says that of the properties of an object only. In a query its properties are parameters.
    """
    return {
        "type": "object",
        "description": "At least one of these; at most one of user_id, user_ids and liked.",
        "properties": {
            each.name: {**each.schema, "description": each.description} for each in answers.SUBJECT.values()
        },
        "additionalProperties": False,
        "minProperties": 1,
        "not": {"anyOf": [{"required": [*pair]} for pair in combinations(sorted(answers.WHO), 2)]},
    }


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string", **schema}}


GENERATION_HEADERS = {
    "X-Generation": _header("The generation from which this is answered."),
    "ETag": _header("Stays the same as long as the generation does."),
    "Cache-Control": _header("Ask again, with the ETag.", const="no-cache"),
}
_SOURCE = "^(personal|liked|popular|segment .+)$"
ROW_HEADERS = {
    "X-Recommendation-Source": _header(
        "The list with which the answer begins: of the user, of films like those that are liked, of a "
        "segment, or the popular one. With user_ids, each user has a source instead.",
        pattern=_SOURCE,
    )
    | {"required": False},
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
_ITEMS = {
    "type": "array",
    "description": "Best first.",
    "items": {"$ref": "#/components/schemas/Item"},
}
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
                "anyOf": [{"$ref": "#/components/schemas/Reason"}, {"type": "null"}],
            },
            source={
                "type": "string",
                "description": "With explain: the list that it is from.",
                "enum": ["personal", "liked", "segment", "popular"],
            },
        ),
        "required": ["id"],
    },
    "Reason": _object(id=_ID, title={"type": "string"}),
    "Items": _object(items=_ITEMS),
    "Subject": _subject(),
    "UserItems": _object(
        user_id={"type": "string", "description": "The user, as in the ratings."},
        source={"type": "string", "description": "The list with which it begins.", "pattern": _SOURCE},
        items=_ITEMS,
    ),
    "Users": _object(
        users={
            "type": "array",
            "description": "In the order in which they are asked for.",
            "items": {"$ref": "#/components/schemas/UserItems"},
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


def _content(*names: str) -> dict[str, Any]:
    references = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return {_JSON: {"schema": references[0] if len(references) == 1 else {"oneOf": references}}}


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
    operation_id: str,
    summary: str,
    tag: str,
    responses: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": [tag],
        "parameters": parameters or [],
        "responses": {**responses, **UNAUTHORIZED},
    }


def _lookup(  # noqa: PLR0913  each is a part of the document
    operation_id: str,
    summary: str,
    *,
    schemas: Sequence[str],
    asked: list[dict[str, Any]],
    headers: dict[str, Any] | None = None,
    responses: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return _operation(
        operation_id,
        summary,
        "look-ups",
        {
            "200": {
                "description": summary,
                "content": _content(*schemas),
                "headers": GENERATION_HEADERS | (headers or {}),
            },
            "304": {"description": "If-None-Match has the ETag.", "headers": GENERATION_HEADERS},
            "400": _error("A parameter is missing, given twice, unknown or wrong; the message names it."),
            "414": _error("Path and parameters are too long."),
            **(responses or {}),
            **NOT_READY,
        },
        asked,
    )


def document(depth: int, prefix: str = "") -> dict[str, Any]:
    """Return the whole of it, for lists of that depth, served below a prefix."""
    subject = {
        "name": "subject",
        "in": "query",
        "required": True,
        "description": "For whom the list is.",
        "style": "form",
        "explode": True,
        "schema": {"$ref": "#/components/schemas/Subject"},
        "example": {"user_id": parameters.USER_ID.example},
    }
    others = [each for each in fields("/recommendations", depth) if each["name"] not in answers.SUBJECT]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Precomputed movie recommendations",
            "version": __version__,
            "description": "Lists and histories of the published generation.",
        },
        "servers": [{"url": prefix or "/"}],
        "security": [{}, {"key": []}, {"bearer": []}],
        "paths": {
            "/recommendations": {
                "get": _lookup(
                    "getRecommendations",
                    "Films for somebody, best first: for a user, for several, for who likes some films, or "
                    "popular ones; under rules, if there are any",
                    schemas=("Items", "Users"),
                    asked=[subject, *others],
                    headers=ROW_HEADERS,
                    responses={"404": _error("No film has a genre that is named.")},
                )
            },
            "/similar": {
                "get": _lookup(
                    "getSimilar",
                    "Films that the same people like, most alike first",
                    schemas=("Items",),
                    asked=fields("/similar", depth),
                    responses={"404": _error("There is no such film.")},
                )
            },
            "/features": {
                "get": _lookup(
                    "getFeatures",
                    "What a user has watched, newest first; nothing for a user who is unknown",
                    schemas=("Features",),
                    asked=fields("/features", depth),
                )
            },
            "/healthz": {
                "get": _operation(
                    "getHealth",
                    "The process lives",
                    "operation",
                    {"200": {"description": "It does.", "content": _content("Health")}},
                )
            },
            "/readyz": {
                "get": _operation(
                    "getReadiness",
                    "A generation is open, and whether it is the published one",
                    "operation",
                    {"200": {"description": "It is open.", "content": _content("Readiness")}, **NOT_READY},
                )
            },
            "/metrics": {
                "get": _operation(
                    "getMetrics",
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

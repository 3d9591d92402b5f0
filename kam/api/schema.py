"""The OpenAPI document: made once, and what it says of all operations alike, the shape of errors."""

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "attr": {"type": ["string", "null"]},
                },
                "required": ["code", "detail", "attr"],
            },
        },
        "known": {
            "type": "array",
            "description": "With an unknown parameter: those that are known.",
            "items": {"type": "string"},
        },
        "conflicts": {
            "type": "array",
            "description": "With 412: what each field held before, holds now, and was to hold.",
            "items": {
                "type": "object",
                "properties": {
                    "attr": {"type": "string"},
                    "before": {"type": ["string", "null"]},
                    "theirs": {"type": ["string", "null"]},
                    "yours": {"type": ["string", "null"]},
                },
            },
        },
    },
    "required": ["type", "title", "status", "detail", "errors"],
}
ERROR = {
    "description": "The request was not carried out.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
METHODS = ("get", "post", "put", "patch", "delete")
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag that the change started from; without it the present row is meant.",
}


def describe_errors(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Adds the problem shape as every operation's 4xx answer, and If-Match to PATCH."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method, operation in path.items():
            if method not in METHODS:
                continue
            operation["responses"]["4XX"] = ERROR
            if method == "patch":
                operation.setdefault("parameters", []).append(IF_MATCH)
    return result


_made: dict[str | None, dict[str, Any]] = {}


class OnceInEachLanguage(SchemaGenerator):
    """The public document is the same for everybody until the process ends; making it takes seconds."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        if not public:
            return super().get_schema(request, public)
        language = get_language()
        if language not in _made:
            _made[language] = super().get_schema(request, public)
        return _made[language]

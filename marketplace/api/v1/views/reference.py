"""The OpenAPI document as a page for people: no script, nothing from elsewhere."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters and answers."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    context = {"info": schema["info"], "operations": list(_operations(schema))}
    return render(request, "api/reference.html", context)


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield {
                "method": method.upper(),
                "path": path,
                "id": operation["operationId"],
                "summary": operation.get("description", ""),
                "parameters": operation.get("parameters", []),
                "body": _content(operation.get("requestBody", {})),
                "answers": [
                    {"status": status, "content": _content(answer)}
                    for status, answer in operation["responses"].items()
                ],
            }


def _content(part: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"type": media_type, "shape": _shape(body.get("schema", {}))}
        for media_type, body in part.get("content", {}).items()
    ]


def _shape(schema: dict[str, Any]) -> str:
    """The component a body is made of, if it has a name."""
    inner = schema.get("items", schema)
    return str(inner.get("$ref", "")).rpartition("/")[2]

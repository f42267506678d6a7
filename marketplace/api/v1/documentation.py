"""What the OpenAPI document says of an operation, with the problems it may answer."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from marketplace.api.v1.errors import MEDIA_TYPE
from marketplace.api.v1.serializers.camel import CamelSerializer
from marketplace.api.v1.serializers.problems import ProblemSerializer

View = TypeVar("View", bound=Callable[..., Any])
Answers = Mapping[int, Any] | Mapping[tuple[int, str], Any]

CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`.")
_ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@cache
def paged(item: type[CamelSerializer]) -> serializers.Serializer[Any]:
    """One page of items."""
    return inline_serializer(
        name=item.__name__.removesuffix("Serializer") + "Page",
        fields={
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": item(many=True),
        },
    )


def documented(
    operation: str, *, answers: Answers, problems: Iterable[int] = (), **more: Any
) -> Callable[[View], View]:
    """Name an operation and list its answers; `problems` are statuses beside 400, 401 and 403.

    `more` goes to `extend_schema`: `request`, `parameters`, `filters` ...
    """
    statuses = sorted({*_ALWAYS, *problems})
    refusals = {(int(status), MEDIA_TYPE): ProblemSerializer for status in statuses}
    return extend_schema(operation_id=operation, responses={**answers, **refusals}, **more)

"""Keyset pages: each starts after the last row of the one before, however long the list is."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, the cursor of the next page (empty on the last), and whether this is the first."""

    rows: list[Any]
    following: str
    first: bool


def page(rows: QuerySet[Any], order: Sequence[str], *, cursor: str, size: int = 25) -> Page:
    """The page after `cursor`. `order` names fields, `-` for descending, the last one unique.

    A cursor that cannot be read leads to the first page.
    """
    ordered = rows.order_by(*order)
    after = _decode(cursor, len(order))
    first = after is None
    if after is not None:
        try:
            ordered = ordered.filter(_beyond(order, after))
        except (FieldError, ValidationError, TypeError, ValueError):
            first = True
    found = list(ordered[: size + 1])
    shown = found[:size]
    following = _encode(shown[-1], order) if len(found) > size else ""
    return Page(shown, following, first)


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after the one with these values: (a > x) or (a = x and b > y) ..."""
    condition = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return condition


def _encode(row: Any, order: Sequence[str]) -> str:
    values = [getattr(row, name.lstrip("-")) for name in order]
    return base64.urlsafe_b64encode(json.dumps(values, cls=_Exact).encode()).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[Any] | None:
    try:
        padded = cursor[:1000] + "=" * (-len(cursor[:1000]) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    plain = isinstance(values, list) and all(isinstance(v, str | int | float) for v in values)
    return values if plain and len(values) == length else None


class _Exact(DjangoJSONEncoder):
    """Keeps the microseconds that Django's encoder drops."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)

"""Cursors. They are signed, so that what they carry into a query is always our own."""

from collections.abc import Sequence
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination, Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50


def _read_cursor(request: Request, salt: str) -> Any:
    """What a cursor of ours carries, None without one; raises ValidationError."""
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        return Signer(salt=salt).unsign_object(text)
    except BadSignature as fault:
        raise ValidationError({"cursor": "Follow `next` or `previous`: this is no cursor."}) from (
            fault
        )


class NewestFirst(CursorPagination):
    """Pages by key, newest first: stable while rows are added, and as quick on the last page."""

    page_size = PAGE_SIZE
    ordering: tuple[str, ...] = ("-id",)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request; raises ValidationError."""
        carried = _read_cursor(request, self._salt())
        return None if carried is None else Cursor(*carried)

    def encode_cursor(self, cursor: Cursor) -> str:
        """The address of the page at that cursor."""
        signed = Signer(salt=self._salt()).sign_object(list(cursor))
        return replace_query_param(str(self.base_url), self.cursor_query_param, signed)

    def _salt(self) -> str:
        return "cursor:" + ",".join(self.ordering)


class NewestCreatedFirst(NewestFirst):
    """For rows whose key is no number that grows."""

    ordering = ("-created_at", "-id")


class NewestApprovedFirst(NewestFirst):
    """Listings without a search text."""

    ordering = ("-approved_at", "-id")


class ManyNewestFirst(NewestFirst):
    """For lists that machines read to the end."""

    page_size = 500


class BestFirst(BasePagination):
    """Pages of a ranked search. A rank is no key, so the cursor carries an offset, up to `last`."""

    page_size = PAGE_SIZE
    last = 1000
    _salt = "cursor:best"

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """One page of the queryset in its own order; raises ValidationError."""
        self.offset = int(_read_cursor(request, self._salt) or 0)
        self.url = request.build_absolute_uri()
        rows = list(queryset[self.offset : self.offset + self.page_size + 1])
        self.more = len(rows) > self.page_size and self.offset + self.page_size < self.last
        return rows[: self.page_size]

    def get_paginated_response(self, data: Any) -> Response:
        """The page with the addresses of its neighbours."""
        after = self._link(self.offset + self.page_size) if self.more else None
        before = self._link(max(0, self.offset - self.page_size)) if self.offset else None
        return Response({"next": after, "previous": before, "results": data})

    def _link(self, offset: int) -> str:
        signed = Signer(salt=self._salt).sign_object(offset)
        return replace_query_param(self.url, "cursor", signed)

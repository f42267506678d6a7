"""Bytes of a version: whole, in ranges, and never shown by a browser."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import BinaryIO

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from marketplace.api.v1.documentation import documented
from marketplace.api.v1.endpoint import PublicEndpoint
from marketplace.api.v1.errors import problem
from marketplace.api.v1.fields import Span, UnsatisfiableRangeError, parse_range
from marketplace.api.v1.lookups import Address, visible
from marketplace.services import catalogue
from registry.blobs import CHUNK_BYTES, open_blob
from registry.domain.identifiers import InvalidIdentifierError, check_path
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import File

_RANGE = [
    OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="One range."),
    OpenApiParameter("If-Range", OpenApiTypes.STR, OpenApiParameter.HEADER),
]
_BYTES = {
    (200, "application/octet-stream"): OpenApiTypes.BINARY,
    (206, "application/octet-stream"): OpenApiTypes.BINARY,
}


class BlobSlice:
    """Part of a blob in chunks. `close` is called by the server however the transfer ends."""

    def __init__(self, stream: BinaryIO, span: Span) -> None:
        self._stream = stream
        self._span = span

    def __iter__(self) -> Iterator[bytes]:
        left = self._span.length
        self._stream.seek(self._span.start)
        while left and (chunk := self._stream.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Let go of the blob."""
        self._stream.close()


class FileByPath(PublicEndpoint):
    scopes = (Scope.INSTALL,)

    @documented("downloadFile", answers=_BYTES, parameters=_RANGE, problems=[404, 416])
    def get(self, request: Request, path: str, **address: str) -> HttpResponseBase:
        """A file of the version, by its path."""
        version = visible(request, Address(**address))
        try:
            return _answer(request, catalogue.open_file(version, check_path(path)))
        except InvalidIdentifierError as fault:
            raise ProblemError(Code.NOT_FOUND, f"{version} has no such file.") from fault


class FileByDigest(PublicEndpoint):
    scopes = (Scope.INSTALL,)

    @documented("downloadBlob", answers=_BYTES, parameters=_RANGE, problems=[404, 416])
    def get(self, request: Request, digest: str, **address: str) -> HttpResponseBase:
        """A file of the version, by its digest."""
        version = visible(request, Address(**address))
        return _answer(request, catalogue.open_digest(version, digest))


def _answer(request: Request, file: File) -> HttpResponseBase:
    """The file, the part of it that was asked for, or why it need not be sent (RFC 9110)."""
    etag = f'"{file.blob_id}"'
    done = get_conditional_response(request, etag=etag)
    if done is not None:
        return done
    size = file.blob.size
    try:
        span = (
            parse_range(request.headers.get("Range", ""), size) if _wants(request, etag) else None
        )
    except UnsatisfiableRangeError:
        refusal = problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "unsatisfiable-range",
            f"The file has {size} bytes.",
        )
        refusal["Content-Range"] = f"bytes */{size}"
        return refusal
    response = _body(request, file, span or Span(0, size))
    if span is not None:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {span.start}-{span.last}/{size}"
    return _described(response, file, etag)


def _wants(request: Request, etag: str) -> bool:
    """Whether a range may be served: to GET only, and not when If-Range names other bytes."""
    return request.method == "GET" and request.headers.get("If-Range", etag) == etag


def _body(request: Request, file: File, span: Span) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(BlobSlice(open_blob(file.blob_id), span))
    response["Content-Length"] = str(span.length)
    return response


def _described(response: HttpResponseBase, file: File, etag: str) -> HttpResponseBase:
    name = file.path.rpartition("/")[2]
    response["Content-Type"] = file.media_type
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response

"""Request bodies: bounded JSON, and raw bytes that are never held whole."""

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request

from registry.blobs import CHUNK_BYTES

#: An announcement of 10,000 files with long paths is some 7 MB.
MAX_JSON_BYTES = 16 * 1024 * 1024


class TooLargeError(APIException):
    status_code = 413
    default_code = "too-large"
    default_detail = f"A JSON body holds {MAX_JSON_BYTES} bytes at the most."


class LengthRequiredError(APIException):
    status_code = 411
    default_code = "length-required"
    default_detail = "Send a Content-Length: a part has a known size."


class BoundedJSONParser(JSONParser):
    """JSON (RFC 8259) in UTF-8, up to MAX_JSON_BYTES and as deep as the interpreter allows."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value; raises ParseError or TooLargeError."""
        body = stream.read(MAX_JSON_BYTES + 1)
        if len(body) > MAX_JSON_BYTES:
            raise TooLargeError
        try:
            # RFC 8259 knows UTF-8 only; without a context that is what the parser assumes.
            return super().parse(io.BytesIO(body), media_type)
        except RecursionError as fault:
            raise ParseError("The JSON is nested too deeply.") from fault


class StreamParser(BaseParser):
    """Takes any media type and reads nothing: the view reads the stream with `body_chunks`."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Nothing; `request.data` stays empty."""
        return {}


def body_chunks(request: Request) -> Iterator[bytes]:
    """The request body in chunks of 1 MiB; raises LengthRequiredError before the first."""
    if not request.META.get("CONTENT_LENGTH"):
        raise LengthRequiredError
    return iter(lambda: request.read(CHUNK_BYTES), b"")

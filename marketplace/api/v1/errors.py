"""Everything that goes wrong under /api/, as RFC 9457 problem details."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from registry.domain.problems import Code, ProblemError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


STATUS: dict[Code, HTTPStatus] = {
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.INVALID: HTTPStatus.BAD_REQUEST,
    Code.INVALID_NAME: HTTPStatus.BAD_REQUEST,
    Code.INVALID_PATH: HTTPStatus.BAD_REQUEST,
    Code.DUPLICATE_PATH: HTTPStatus.BAD_REQUEST,
    Code.TOO_MANY_FILES: HTTPStatus.BAD_REQUEST,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.WRONG_DIGEST: HTTPStatus.BAD_REQUEST,
    Code.WRONG_SIZE: HTTPStatus.BAD_REQUEST,
    Code.PART_MISSING: HTTPStatus.CONFLICT,
    Code.UPLOAD_CLOSED: HTTPStatus.CONFLICT,
    Code.UNKNOWN_FORMAT: HTTPStatus.BAD_REQUEST,
    Code.UNSAFE_ARCHIVE: HTTPStatus.BAD_REQUEST,
    Code.BAD_DESCRIPTOR: HTTPStatus.BAD_REQUEST,
    Code.NAME_TAKEN: HTTPStatus.CONFLICT,
    Code.FORMAT_CHANGED: HTTPStatus.CONFLICT,
    Code.VERSION_EXISTS: HTTPStatus.CONFLICT,
    Code.ILLEGAL_STEP: HTTPStatus.CONFLICT,
    Code.REASON_MISSING: HTTPStatus.BAD_REQUEST,
}

#: Django's own exceptions; a class stands before its parents.
_PLAIN: dict[type[Exception], tuple[HTTPStatus, str, str]] = {
    Http404: (HTTPStatus.NOT_FOUND, "not-found", "There is nothing at this address."),
    PermissionDenied: (HTTPStatus.FORBIDDEN, "forbidden", "You may not do this."),
    RequestDataTooBig: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        "The request body is too large.",
    ),
    SuspiciousOperation: (HTTPStatus.BAD_REQUEST, "invalid", "The request could not be read."),
    UnreadablePostError: (HTTPStatus.BAD_REQUEST, "invalid", "The request body broke off."),
}


def problem(
    status: HTTPStatus | int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None
) -> Response:
    """A problem document. `errors` are {"detail", "pointer"} with a JSON pointer each."""
    body: dict[str, Any] = {
        "type": f"urn:assay:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": int(status),
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    response = Response(body, status=int(status), content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def problem_response(exc: Exception, context: Mapping[str, Any]) -> Response:
    """The handler of REST_FRAMEWORK: an answer for every exception, also for our own mistakes."""
    if isinstance(exc, ProblemError):
        return problem(STATUS[exc.code], exc.code.value, exc.detail)
    if isinstance(exc, APIException):
        return _framework_problem(exc)
    for kind, (status, code, detail) in _PLAIN.items():
        if isinstance(exc, kind):
            return problem(status, code, detail)
    logger.error("A request failed: %s", context["request"].path, exc_info=exc)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "This is our mistake; it has been logged."
    )


def _framework_problem(exc: APIException) -> Response:
    if isinstance(exc, ValidationError):
        errors = list(_errors(exc.detail))
        return problem(exc.status_code, "invalid", errors[0]["detail"], errors=errors)
    code = str(exc.default_code).replace("_", "-")
    response = problem(exc.status_code, code, str(exc.detail))
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _errors(detail: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    match detail:
        case dict():
            for name, inner in detail.items():
                step = "" if name == "non_field_errors" else f"/{_escape(str(name))}"
                yield from _errors(inner, pointer + step)
        case list():
            for index, inner in enumerate(detail):
                nested = isinstance(inner, dict | list)
                yield from _errors(inner, f"{pointer}/{index}" if nested else pointer)
        case _:
            yield {"detail": str(detail), "pointer": pointer}


def _escape(name: str) -> str:
    """A member name as RFC 6901 wants it."""
    return name.replace("~", "~0").replace("/", "~1")

"""Rights and refusals in the words of web pages: forbidden looks like absent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, QueryDict

from registry.domain.problems import Code, ProblemError
from registry.models import User


def actor(request: HttpRequest) -> User:
    """Who is signed in; only for views behind `login_required`."""
    return cast("User", request.user)


def typed(data: QueryDict, name: str) -> str:
    """What was typed into a field, without the NUL characters that Postgres cannot hold."""
    return data.get(name, "").replace("\0", "").strip()


def require(request: HttpRequest, permission: str, thing: Any = None) -> None:
    """Raises Http404 unless the visitor has `registry.<permission>` on the thing."""
    if not request.user.has_perm(f"registry.{permission}", thing):
        raise Http404


@contextmanager
def absent_as_404() -> Iterator[None]:
    """Turns what a service calls NOT_FOUND into a page that is not there."""
    try:
        yield
    except ProblemError as fault:
        if fault.code in {Code.NOT_FOUND, Code.FORBIDDEN}:
            raise Http404(fault.detail) from fault
        raise


@contextmanager
def told(request: HttpRequest, success: str = "") -> Iterator[None]:
    """Says on the next page that it worked, or the service's sentence about why it did not."""
    try:
        yield
    except ProblemError as fault:
        messages.error(request, fault.detail)
    else:
        if success:
            messages.success(request, success)

"""Pages for what went wrong, in plain words. None of them touches the database."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

_SENTENCES = {
    400: ("That request could not be read", "Go back, reload the page and try again."),
    403: (
        "That form has expired",
        (
            "Your browser sent a form we cannot confirm as yours. Reload its page and send it "
            "again; cookies must be allowed for this site."
        ),
    ),
    404: (
        "There is nothing here",
        (
            "The address may be mistyped, or it leads to something that you cannot see with this "
            "sign-in."
        ),
    ),
    500: (
        "Something broke on our side",
        (
            "The mistake is ours and has been logged. Nothing you sent was changed halfway: every "
            "step either happens wholly or not at all."
        ),
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; also for a form without its CSRF token."""
    return _page(403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The view CSRF_FAILURE_VIEW names."""
    return _page(403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, for absent and forbidden alike."""
    return _page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _page(500)


def _page(status: int) -> HttpResponse:
    title, text = _SENTENCES[status]
    body = render_to_string("error.html", {"status": status, "title": title, "text": text})
    return HttpResponse(body, status=status)

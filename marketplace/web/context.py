"""What every page needs to know."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """`site`: the public address, and which parts of the navigation this visitor may use."""
    user = getattr(request, "user", None)
    return {
        "site": {
            "url": settings.ASSAY_PUBLIC_URL,
            "enters_console": bool(user and user.has_perm("registry.enter_console")),
        }
    }

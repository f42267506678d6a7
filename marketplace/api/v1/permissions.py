"""What a token may be used for. What its user may do is asked of `registry.rules`."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from registry.models import Token


class HasScope(BasePermission):
    """A token needs one of the view's `scopes`; people at a browser need none.

    Asked before anything is looked up, so that the answer says nothing about what exists.
    """

    code = "insufficient-scope"

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the token, if there is one, has a fitting scope."""
        token = request.auth
        if not isinstance(token, Token):
            return True
        wanted = tuple(view.scopes)  # type: ignore[attr-defined]
        self.message = f"The token needs the scope {' or '.join(wanted)}."
        return not set(wanted).isdisjoint(token.scopes)

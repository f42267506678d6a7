"""What every view of the API has in common."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import conditional_page
from rest_framework.exceptions import NotAuthenticated
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from marketplace.api.v1.parsers import BoundedJSONParser
from marketplace.api.v1.permissions import HasScope
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import User

if TYPE_CHECKING:
    from rest_framework.views import AsView


class JSONOnly(BaseContentNegotiation):
    """Always JSON, whatever is accepted: `format` is a filter here, and errors are JSON too."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        """The first parser for the request's media type."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        fitting = (p for p in parsers if p.media_type in {media_type, "*/*"})
        return next(fitting, None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """Signed-in people and tokens with one of `scopes`; GETs carry ETags (RFC 9110)."""

    scopes: ClassVar[tuple[Scope, ...]] = (Scope.READ,)
    permission_classes = [IsAuthenticated, HasScope]
    parser_classes = [BoundedJSONParser]
    content_negotiation_class = JSONOnly
    metadata_class = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> "AsView[Any]":
        """The view, answering If-None-Match with 304."""
        return cast("AsView[Any]", conditional_page(super().as_view(**initkwargs)))

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Caches must ask again: what is visible depends on who asks and may be revoked."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if not final.has_header("Cache-Control"):
            patch_cache_control(final, private=True, no_cache=True)
        patch_vary_headers(final, ["Authorization", "Cookie"])
        return final


class PublicEndpoint(Endpoint):
    """As Endpoint, for anybody; a token that is sent along must be good all the same."""

    permission_classes = [AllowAny, HasScope]


class Unknown(PublicEndpoint):
    """Every address under /api/v1/ that is nothing else."""

    schema = None
    authentication_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises NOT_FOUND for every method."""
        super().initial(request, *args, **kwargs)
        raise ProblemError(Code.NOT_FOUND, "There is nothing at this address.")


def actor(request: Request) -> User:
    """Who asks; raises NotAuthenticated."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def valid(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    """What was sent, checked; raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)

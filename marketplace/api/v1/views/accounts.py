"""Who asks, with which tokens; and what everybody did."""

from django.db.models import F
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.v1.documentation import CURSOR, documented, paged
from marketplace.api.v1.endpoint import Endpoint, actor, valid
from marketplace.api.v1.pagination import ManyNewestFirst
from marketplace.api.v1.serializers.accounts import (
    SCOPES,
    EventSerializer,
    IssuedTokenSerializer,
    IssueSerializer,
    MeSerializer,
    NamespaceSerializer,
    TokenSerializer,
)
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import Event, Namespace, Token, User
from registry.services import tokens

EVERY_SCOPE = tuple(Scope)


class Me(Endpoint):
    scopes = EVERY_SCOPE

    @documented("readMe", answers={200: MeSerializer})
    def get(self, request: Request) -> Response:
        """Who you are, and what this token may be used for."""
        user = actor(request)
        token = request.auth
        shown = {
            "username": user.username,
            "scopes": token.scopes if isinstance(token, Token) else SCOPES,
            "namespaces": [namespace.name for namespace in _namespaces(user)],
        }
        return Response(MeSerializer(shown).data)


class Namespaces(Endpoint):
    @documented("listNamespaces", answers={200: NamespaceSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Namespaces of the organisations you belong to."""
        return Response(NamespaceSerializer(_namespaces(actor(request)), many=True).data)


class Tokens(Endpoint):
    @documented("listTokens", answers={200: TokenSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Your live tokens, without their secrets."""
        mine = Token.objects.live().filter(user=actor(request))
        return Response(TokenSerializer(mine, many=True).data)

    @documented("issueToken", request=IssueSerializer, answers={201: IssuedTokenSerializer})
    def post(self, request: Request) -> Response:
        """A new token. One that is asked for with a token can do no more than that, nor longer."""
        asked = valid(IssueSerializer(data=request.data))
        _refuse_more(request.auth, asked)
        token, secret = tokens.issue(
            actor(request),
            name=asked["name"],
            scopes=[Scope(scope) for scope in asked["scopes"]],
            actor=actor(request),
            expires_at=asked["expires_at"],
        )
        body = {**TokenSerializer(token).data, "secret": secret}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class OneToken(Endpoint):
    scopes = EVERY_SCOPE

    @documented("revokeToken", request=None, answers={204: None}, problems=[404])
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a token of yours. A token can revoke itself and no other."""
        if isinstance(request.auth, Token) and request.auth.pk != token_id:
            raise ProblemError(Code.NOT_FOUND, "There is no such token.")
        tokens.revoke(token_id, actor=actor(request))
        return Response(status=204)


class Events(Endpoint):
    @documented("listEvents", answers={200: paged(EventSerializer)}, parameters=[CURSOR])
    def get(self, request: Request) -> Response:
        """The audit log, newest first; for the marketplace's reviewers and auditors."""
        if not actor(request).has_perm("registry.read_events"):
            raise ProblemError(Code.NOT_FOUND, "There is nothing at this address.")
        pages = ManyNewestFirst()
        events = Event.objects.select_related("actor", "organisation")
        page = pages.paginate_queryset(events, request, self)
        return pages.get_paginated_response(EventSerializer(page, many=True).data)


def _namespaces(user: User) -> list[Namespace]:
    return list(
        Namespace.objects.filter(organisation__memberships__user=user)
        .select_related("organisation")
        .annotate(role=F("organisation__memberships__role"))
    )


def _refuse_more(parent: object, asked: dict[str, object]) -> None:
    """Nobody gains rights or time by way of a token."""
    if not isinstance(parent, Token):
        return
    if not set(asked["scopes"]) <= set(parent.scopes):  # type: ignore[call-overload]
        raise ProblemError(Code.INVALID, f"This token has {', '.join(parent.scopes)} to give.")
    ends = asked["expires_at"]
    if parent.expires_at is not None and (ends is None or ends > parent.expires_at):  # type: ignore[operator]
        raise ProblemError(Code.INVALID, "The new token may not outlive the one that asks.")

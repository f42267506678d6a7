"""What publishers and reviewers decide about a version."""

from rest_framework.request import Request
from rest_framework.response import Response

from certification.services import reviewing
from certification.types import Decision
from marketplace.api.v1.documentation import documented
from marketplace.api.v1.endpoint import Endpoint, actor, valid
from marketplace.api.v1.lookups import Address, permitted
from marketplace.api.v1.serializers.proofs import ReasonSerializer, ReviewSerializer
from marketplace.api.v1.serializers.versions import VersionSerializer
from marketplace.services import projecting
from registry.domain.tokens import Scope
from registry.models import Version
from registry.services import lifecycle

_ANSWER = {200: VersionSerializer}
_PROBLEMS = [404, 409]


def _shown(version: Version) -> Response:
    fresh = Version.objects.with_names().get(pk=version.pk)
    return Response(VersionSerializer(fresh).data)


def _reason(request: Request) -> str:
    return str(valid(ReasonSerializer(data=request.data))["reason"])


class Review(Endpoint):
    scopes = (Scope.REVIEW,)

    @documented("reviewVersion", request=ReviewSerializer, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """Approve or reject a version in review. Nobody judges what they submitted."""
        version = permitted(request, Address(**address), "registry.review_version")
        asked = valid(ReviewSerializer(data=request.data))
        decision = Decision(asked["decision"])
        reviewing.review(
            version.pk, decision=decision, reason=asked["reason"], actor=actor(request)
        )
        return _shown(version)


class Revoke(Endpoint):
    scopes = (Scope.REVIEW,)

    @documented("revokeVersion", request=ReasonSerializer, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """Withdraw the certificate for good."""
        version = permitted(request, Address(**address), "registry.revoke_version")
        reviewing.revoke(version.pk, reason=_reason(request), actor=actor(request))
        return _shown(version)


class Quarantine(Endpoint):
    scopes = (Scope.REVIEW,)

    @documented("quarantineVersion", request=ReasonSerializer, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """Hide an approved version while it is looked into."""
        version = permitted(request, Address(**address), "registry.revoke_version")
        reviewing.quarantine(version.pk, reason=_reason(request), actor=actor(request))
        return _shown(version)


class Release(Endpoint):
    scopes = (Scope.REVIEW,)

    @documented("releaseVersion", request=ReasonSerializer, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """End a quarantine."""
        version = permitted(request, Address(**address), "registry.revoke_version")
        reviewing.release(version.pk, reason=_reason(request), actor=actor(request))
        return _shown(version)


class Yank(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented("yankVersion", request=ReasonSerializer, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """No new installs without an exact pin."""
        version = permitted(request, Address(**address), "registry.yank_version")
        lifecycle.yank(version.pk, reason=_reason(request), actor=actor(request))
        projecting.project(version.package_id)
        return _shown(version)


class Unyank(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented("unyankVersion", request=None, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """Take the yank back."""
        version = permitted(request, Address(**address), "registry.yank_version")
        lifecycle.unyank(version.pk, actor=actor(request))
        projecting.project(version.package_id)
        return _shown(version)


class Withdraw(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented("withdrawVersion", request=None, answers=_ANSWER, problems=_PROBLEMS)
    def post(self, request: Request, **address: str) -> Response:
        """Take back a version that was not approved yet."""
        version = permitted(request, Address(**address), "registry.withdraw_version")
        lifecycle.withdraw(version.pk, actor=actor(request))
        return _shown(version)

"""Finding packages, and what a name stands for."""

from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from certification.models import Certificate
from marketplace.api.v1.documentation import CURSOR, documented, paged
from marketplace.api.v1.endpoint import PublicEndpoint, valid
from marketplace.api.v1.pagination import BestFirst, ManyNewestFirst, NewestApprovedFirst
from marketplace.api.v1.serializers.proofs import (
    ResolutionSerializer,
    ResolveSerializer,
    RevocationSerializer,
)
from marketplace.api.v1.serializers.versions import (
    ListingSerializer,
    PackageSerializer,
    SearchSerializer,
)
from marketplace.services import catalogue
from registry.domain.states import State
from registry.domain.tokens import Scope
from registry.models import Event, Version


class Packages(PublicEndpoint):
    @documented(
        "listPackages",
        answers={200: paged(ListingSerializer)},
        parameters=[SearchSerializer, CURSOR],
    )
    def get(self, request: Request) -> Response:
        """Certified packages: newest first, or best first when `q` is given."""
        asked = valid(SearchSerializer(data=request.query_params))
        found = catalogue.listings(asked["q"], asked["kind"], asked["format"])
        pages = (BestFirst if asked["q"].strip() else NewestApprovedFirst)()
        page = pages.paginate_queryset(found.select_related("version"), request, self)
        return pages.get_paginated_response(ListingSerializer(page or [], many=True).data)


@extend_schema_view(
    get=documented(
        "search",
        answers={200: paged(ListingSerializer)},
        parameters=[SearchSerializer, CURSOR],
    )
)
class Search(Packages):
    """The same under the name it is looked for."""


class OnePackage(PublicEndpoint):
    @documented("readPackage", answers={200: PackageSerializer}, problems=[404])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """A package and those of its versions that you may see."""
        package = catalogue.package_for(request.user, namespace, name)
        versions = catalogue.versions_for(request.user, package)
        shown = {
            "name": str(package),
            "kind": package.kind,
            "format": package.format,
            "latest": versions.resolvable().first(),  # type: ignore[attr-defined]
            "versions": versions,
        }
        return Response(PackageSerializer(shown).data)


class Resolve(PublicEndpoint):
    scopes = (Scope.INSTALL,)

    @documented("resolve", request=ResolveSerializer, answers={200: ResolutionSerializer})
    def post(self, request: Request) -> Response:
        """Many names at once to the versions to install now."""
        asked = valid(ResolveSerializer(data=request.data))
        answers = catalogue.resolve(asked["names"])
        found = [answer for answer in answers if answer.version is not None]
        digests = dict(
            Certificate.objects.filter(version__in=[a.version for a in found]).values_list(
                "version_id", "manifest_digest"
            )
        )
        resolved = [
            {
                "name": answer.name.partition("@")[0],
                "version": answer.version.version,
                "digest": answer.version.digest,
                "manifestDigest": digests.get(answer.version.pk),
            }
            for answer in answers
            if answer.version is not None
        ]
        problems = [
            {"name": answer.name, "code": answer.code, "detail": answer.problem}
            for answer in answers
            if answer.version is None
        ]
        return Response({"resolved": resolved, "problems": problems})


class Revocations(PublicEndpoint):
    @documented("listRevocations", answers={200: paged(RevocationSerializer)}, parameters=[CURSOR])
    def get(self, request: Request) -> Response:
        """Versions whose certificate is withdrawn, for good or for now."""
        pages = ManyNewestFirst()
        page = pages.paginate_queryset(catalogue.withdrawn(), request, self) or []
        quarantines = _quarantines(page)
        return pages.get_paginated_response([_revocation(v, quarantines) for v in page])


def _quarantines(versions: list[Version]) -> dict[int, Event]:
    """The last quarantine of each version that is under one."""
    ids = [version.pk for version in versions if version.state == State.QUARANTINED]
    events = Event.objects.filter(version_id__in=ids, verb="version.quarantined").order_by("id")
    return {event.version_id: event for event in events if event.version_id is not None}


def _revocation(version: Version, quarantines: dict[int, Event]) -> dict[str, object]:
    event = quarantines.get(version.pk)
    return {
        "package": str(version.package),
        "version": version.version,
        "digest": version.digest,
        "state": version.state,
        "reason": event.data.get("reason", "") if event else version.revocation_reason,
        "at": event.at if event else version.revoked_at,
    }

"""One version and the documents about it."""

import base64
import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from certification import sbom
from certification.models import Certificate, Certification
from certification.services import reading
from marketplace.api.v1.documentation import documented
from marketplace.api.v1.endpoint import PublicEndpoint
from marketplace.api.v1.lookups import Address, visible
from marketplace.api.v1.serializers.proofs import (
    AttestationsSerializer,
    ExposuresSerializer,
    ProgressSerializer,
)
from marketplace.api.v1.serializers.versions import VersionSerializer
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import Version

MANIFEST = "application/vnd.assay.install-manifest.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
TIMESTAMP = "application/timestamp-reply"
SARIF = "application/sarif+json"
JSON = "application/json"


class OneVersion(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL, Scope.PUBLISH)

    @documented("readVersion", answers={200: VersionSerializer}, problems=[404])
    def get(self, request: Request, **address: str) -> Response:
        """A version with its files and what its publisher declares."""
        return Response(VersionSerializer(visible(request, Address(**address))).data)


class Manifest(PublicEndpoint):
    scopes = (Scope.INSTALL,)

    @documented("readManifest", answers={(200, MANIFEST): OpenApiTypes.OBJECT}, problems=[404])
    def get(self, request: Request, **address: str) -> HttpResponseBase:
        """The install manifest: stored bytes, whose sha256 is the ETag."""
        certificate = _certificate(visible(request, Address(**address)))
        response = HttpResponse(bytes(certificate.manifest), content_type=MANIFEST)
        response["ETag"] = f'"{certificate.manifest_digest}"'
        return response


class Attestations(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL)

    @documented("listAttestations", answers={200: AttestationsSerializer}, problems=[404])
    def get(self, request: Request, **address: str) -> Response:
        """Every attestation about the version."""
        certificate = _certificate(visible(request, Address(**address)))
        bundle = json.loads(bytes(certificate.bundle))
        attestation = {
            "predicateType": _predicate_type(bundle),
            "bundle": bundle,
            "timestamp": base64.b64encode(certificate.timestamp).decode(),
        }
        return Response({"bundles": [attestation]})


class CertificateBundle(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL)

    @documented("readCertificate", answers={(200, BUNDLE): OpenApiTypes.OBJECT}, problems=[404])
    def get(self, request: Request, **address: str) -> HttpResponseBase:
        """The certificate as the stored sigstore bundle."""
        certificate = _certificate(visible(request, Address(**address)))
        return HttpResponse(bytes(certificate.bundle), content_type=BUNDLE)


class Timestamp(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL)

    @documented("readTimestamp", answers={(200, TIMESTAMP): OpenApiTypes.BINARY}, problems=[404])
    def get(self, request: Request, **address: str) -> HttpResponseBase:
        """The RFC 3161 time of the certificate's signature, as `openssl ts -verify` takes it."""
        certificate = _certificate(visible(request, Address(**address)))
        if not certificate.timestamp:
            raise ProblemError(Code.NOT_FOUND, "This certificate has no timestamp of its own.")
        return HttpResponse(bytes(certificate.timestamp), content_type=TIMESTAMP)


class Report(PublicEndpoint):
    scopes = (Scope.READ, Scope.PUBLISH)

    @documented(
        "readReport",
        answers={(200, JSON): OpenApiTypes.OBJECT, (200, SARIF): OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter(
                "format", enum=["json", "sarif"], description="In place of an Accept header."
            )
        ],
        problems=[404],
    )
    def get(self, request: Request, **address: str) -> HttpResponseBase:
        """The certification report, or the same as SARIF 2.1.0."""
        version = visible(request, Address(**address))
        media_type = _report_type(request)
        docs = settings.ASSAY_PUBLIC_URL + reverse("storefront:checks")
        body = (
            reading.report_sarif(version, docs=docs)
            if media_type == SARIF
            else reading.report_json(version)
        )
        if body is None:
            raise ProblemError(Code.NOT_FOUND, "There is no report yet.")
        response = HttpResponse(json.dumps(body), content_type=media_type)
        response["Vary"] = "Accept"
        return response


class Progress(PublicEndpoint):
    scopes = (Scope.READ, Scope.PUBLISH)

    @documented("readCertification", answers={200: ProgressSerializer}, problems=[404])
    def get(self, request: Request, certification_id: int) -> Response:
        """How far a certification is, and what its checks said."""
        certification = (
            Certification.objects.filter(pk=certification_id)
            .select_related("version__package__namespace__organisation")
            .first()
        )
        if certification is None or not request.user.has_perm(
            "registry.view_version", certification.version
        ):
            raise ProblemError(Code.NOT_FOUND, "There is no such certification.")
        return Response(reading.progress(certification.version))


def _report_type(request: Request) -> str:
    match request.query_params.get("format"):
        case "sarif":
            return SARIF
        case "json":
            return JSON
        case None:
            return request.get_preferred_type([JSON, SARIF]) or JSON
        case _:
            raise ProblemError(Code.INVALID, "A report comes as json or as sarif.")


class Sbom(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL, Scope.PUBLISH)

    @documented("readSbom", answers={(200, sbom.MEDIA_TYPE): OpenApiTypes.OBJECT}, problems=[404])
    def get(self, request: Request, **address: str) -> HttpResponseBase:
        """The bill of materials: CycloneDX 1.6, stored bytes whose sha256 is the ETag."""
        bill = reading.bill_of_materials(visible(request, Address(**address)))
        if bill is None:
            raise ProblemError(Code.NOT_FOUND, "There is no bill of materials yet.")
        response = HttpResponse(bytes(bill.document), content_type=sbom.MEDIA_TYPE)
        response["ETag"] = f'"{bill.digest}"'
        return response


class Advisories(PublicEndpoint):
    scopes = (Scope.READ, Scope.INSTALL, Scope.PUBLISH)

    @documented("listAdvisories", answers={200: ExposuresSerializer}, problems=[404])
    def get(self, request: Request, **address: str) -> Response:
        """Advisories on its components that became known after the version was judged."""
        found = reading.exposures(visible(request, Address(**address)))
        return Response(ExposuresSerializer({"advisories": found}).data)


def _certificate(version: Version) -> Certificate:
    found = Certificate.objects.filter(version=version).first()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, f"{version} has no certificate.")
    return found


def _predicate_type(bundle: dict[str, Any]) -> str:
    """What the signed statement is about; our own bundle, so its shape is known."""
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    return str(statement["predicateType"])

"""The routes of the REST interface, version 1."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from marketplace.api.v1 import converters
from marketplace.api.v1.endpoint import Unknown
from marketplace.api.v1.views import (
    accounts,
    catalogue,
    decisions,
    downloads,
    reference,
    uploads,
    versions,
)

converters.register()

app_name = "api"
_PACKAGE = "packages/<namespace:namespace>/<package:name>/"
_VERSION = _PACKAGE + "versions/<version:version>/"
_UPLOAD = "uploads/<uuid:upload_id>/"

urlpatterns = [
    path("uploads/", uploads.Uploads.as_view(), name="uploads"),
    path(_UPLOAD, uploads.OneUpload.as_view(), name="upload"),
    path(_UPLOAD + "files/<key:file_id>/parts/<key:part>", uploads.Part.as_view(), name="part"),
    path(_UPLOAD + "inspect", uploads.Inspect.as_view(), name="inspect"),
    path(_UPLOAD + "publish", uploads.Publish.as_view(), name="publish"),
    path("packages/", catalogue.Packages.as_view(), name="packages"),
    path("search", catalogue.Search.as_view(), name="search"),
    path("resolve", catalogue.Resolve.as_view(), name="resolve"),
    path("revocations", catalogue.Revocations.as_view(), name="revocations"),
    path(_PACKAGE, catalogue.OnePackage.as_view(), name="package"),
    path(_VERSION, versions.OneVersion.as_view(), name="version"),
    path(_VERSION + "manifest", versions.Manifest.as_view(), name="manifest"),
    path(_VERSION + "attestations", versions.Attestations.as_view(), name="attestations"),
    path(
        _VERSION + "attestations/certificate",
        versions.CertificateBundle.as_view(),
        name="certificate",
    ),
    path(_VERSION + "attestations/timestamp", versions.Timestamp.as_view(), name="timestamp"),
    path(_VERSION + "sbom", versions.Sbom.as_view(), name="sbom"),
    path(_VERSION + "advisories", versions.Advisories.as_view(), name="advisories"),
    path(_VERSION + "report", versions.Report.as_view(), name="report"),
    path(_VERSION + "files/<path:path>", downloads.FileByPath.as_view(), name="file"),
    path(_VERSION + "blobs/<digest:digest>", downloads.FileByDigest.as_view(), name="blob"),
    path(_VERSION + "review", decisions.Review.as_view(), name="review"),
    path(_VERSION + "revoke", decisions.Revoke.as_view(), name="revoke"),
    path(_VERSION + "quarantine", decisions.Quarantine.as_view(), name="quarantine"),
    path(_VERSION + "release", decisions.Release.as_view(), name="release"),
    path(_VERSION + "yank", decisions.Yank.as_view(), name="yank"),
    path(_VERSION + "unyank", decisions.Unyank.as_view(), name="unyank"),
    path(_VERSION + "withdraw", decisions.Withdraw.as_view(), name="withdraw"),
    path(
        "certifications/<key:certification_id>/",
        versions.Progress.as_view(),
        name="certification",
    ),
    path("me", accounts.Me.as_view(), name="me"),
    path("namespaces/", accounts.Namespaces.as_view(), name="namespaces"),
    path("tokens/", accounts.Tokens.as_view(), name="tokens"),
    path("tokens/<key:token_id>/", accounts.OneToken.as_view(), name="token"),
    path("events/", accounts.Events.as_view(), name="events"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", reference.docs, name="docs"),
    re_path("", Unknown.as_view(), name="unknown"),
]

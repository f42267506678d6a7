"""The install manifest: everything an installer needs to know of one version, as fixed bytes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from certification.types import Outcome, Report
from registry.domain.descriptor import Descriptor

SCHEMA = "urn:assay:install-manifest:v1"
#: The name under which the statement lists the manifest among its subjects.
SUBJECT_NAME = "assay-manifest.json"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One published file: path, sha256:<hex>, bytes, media type."""

    path: str
    digest: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Who or what approved, on what grounds, and for how long. Times are UTC."""

    report: Report
    report_digest: str
    policy: str
    policy_digest: str  # sha256:<hex> of the policy's text, empty when it was not kept
    decision: str
    reviewers: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    isolation: str


@dataclass(frozen=True, slots=True)
class Release:
    """The facts of one approved version; `package` is namespace/name."""

    package: str
    version: str
    digest: str
    descriptor: Descriptor
    files: tuple[ManifestFile, ...]
    approval: Approval


def install_manifest(release: Release) -> bytes:
    """Canonical JSON (RFC 8785) of the manifest; the same release gives the same bytes."""
    declared = release.descriptor
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "package": release.package,
        "version": release.version,
        "kind": declared.format.kind.value,
        "format": declared.format.value,
        "digest": release.digest,
        "licence": declared.licence,
        "files": [
            {"path": f.path, "digest": f.digest, "size": f.size, "mediaType": f.media_type}
            for f in sorted(release.files, key=lambda file: file.path)
        ],
        "entryPoint": declared.as_dict()["entry_point"],
        "permissions": declared.permissions.as_dict(),
        "permissionsDeclared": declared.permissions_declared,
        "certificate": _certificate(release.approval),
    }
    return rfc8785.dumps(document)


def digest(manifest: bytes) -> str:
    """sha256:<hex> of the manifest's bytes."""
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def timestamp(moment: datetime) -> str:
    """RFC 3339 in whole seconds, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificate(approval: Approval) -> dict[str, Any]:
    return {
        "policy": approval.policy,
        "decision": approval.decision,
        "reviewers": list(approval.reviewers),
        "issuedAt": timestamp(approval.issued_at),
        "expiresAt": timestamp(approval.expires_at),
        "isolation": approval.isolation,
        "reportDigest": approval.report_digest,
        "checks": [
            {"id": check.check, "version": check.version, "outcome": check.outcome.value}
            for check in approval.report.checks
            if check.outcome is not Outcome.NOT_APPLICABLE
        ],
    }

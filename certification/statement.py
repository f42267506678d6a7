"""What is signed: in-toto Statements about an approved version (pure).

https://slsa.dev/spec/v1.0/verification_summary
"""

import hashlib
from typing import Any
from urllib.parse import quote

import rfc8785

from certification.manifest import SUBJECT_NAME, Approval, Release, timestamp

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: Our own level: SLSA forbids that names of others begin with SLSA_.
LEVEL = "ASSAY_CERTIFIED"


def purl(package: str, version: str) -> str:
    """The package URL of one version, e.g. pkg:generic/acme/thing@1.0.0%2Bbuild."""
    return f"pkg:generic/{package}@{quote(version, safe='.-_~')}"


def verification_summary(release: Release, manifest: bytes, *, verifier: str) -> bytes:
    """Canonical JSON of the summary over every file and the install manifest."""
    approval = release.approval
    subjects: list[dict[str, Any]] = [
        {"name": file.path, "digest": {"sha256": _bare(file.digest)}}
        for file in sorted(release.files, key=lambda file: file.path)
    ]
    subjects.append(
        {"name": SUBJECT_NAME, "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}
    )
    return rfc8785.dumps(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "verifier": {"id": verifier},
                "timeVerified": timestamp(approval.issued_at),
                "resourceUri": purl(release.package, release.version),
                "policy": _policy(approval),
                "inputAttestations": [
                    {
                        "uri": "urn:assay:report",
                        "digest": {"sha256": _bare(approval.report_digest)},
                    }
                ],
                "verificationResult": "PASSED",
                "verifiedLevels": [LEVEL],
                "slsaVersion": "1.0",
            },
        }
    )


def _policy(approval: Approval) -> dict[str, Any]:
    """A digest is never made up for a policy whose text was not kept."""
    named: dict[str, Any] = {"uri": f"urn:assay:policy:{approval.policy}"}
    if approval.policy_digest:
        named["digest"] = {"sha256": _bare(approval.policy_digest)}
    return named


def _bare(digest: str) -> str:
    return digest.removeprefix("sha256:")

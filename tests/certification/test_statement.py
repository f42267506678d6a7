import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from certification.manifest import (
    Approval,
    ManifestFile,
    Release,
    digest,
    install_manifest,
)
from certification.statement import purl, verification_summary
from certification.types import CheckReport, Outcome, Report
from registry.domain.descriptor import Descriptor, EntryPoint, Permissions
from registry.domain.identifiers import Format

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
RELEASE = Release(
    package="acme/thing",
    version="1.0.0+build",
    digest=B,
    descriptor=Descriptor(
        format=Format.MCP_SERVER,
        licence="MIT",
        entry_point=EntryPoint("python", ("python", "x.py")),
        permissions=Permissions(network=("x.example",)),
        permissions_declared=True,
    ),
    files=(ManifestFile("z", B, 2, "text/plain"), ManifestFile("a", A, 1, "text/plain")),
    approval=Approval(
        report=Report(
            B,
            (CheckReport("one", 1, Outcome.PASSED), CheckReport("two", 2, Outcome.NOT_APPLICABLE)),
        ),
        report_digest=A,
        policy="assay-default@1",
        policy_digest=B,
        decision="approve",
        reviewers=("rae",),
        issued_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        expires_at=datetime(2027, 11, 23, 9, 0, tzinfo=UTC),
        isolation="bubblewrap+seccomp",
    ),
)


def test_the_manifest_names_everything_an_installer_needs():
    manifest = json.loads(install_manifest(RELEASE))
    assert [file["path"] for file in manifest["files"]] == ["a", "z"]
    assert manifest["files"][0] == {"path": "a", "digest": A, "size": 1, "mediaType": "text/plain"}
    assert manifest["entryPoint"]["command"] == ["python", "x.py"]
    assert manifest["permissions"]["network"] == ["x.example"]
    assert manifest["certificate"]["checks"] == [{"id": "one", "version": 1, "outcome": "passed"}]
    assert manifest["certificate"]["expiresAt"] == "2027-11-23T09:00:00Z"


def test_the_manifest_is_canonical():
    body = install_manifest(RELEASE)
    assert body == install_manifest(RELEASE)
    assert body.startswith(b'{"certificate":')
    assert digest(body) == "sha256:" + hashlib.sha256(body).hexdigest()


def test_the_summary_covers_files_and_manifest():
    body = install_manifest(RELEASE)
    statement = json.loads(verification_summary(RELEASE, body, verifier="https://x/certifier"))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [subject["name"] for subject in statement["subject"]] == [
        "a",
        "z",
        "assay-manifest.json",
    ]
    assert statement["subject"][2]["digest"]["sha256"] == hashlib.sha256(body).hexdigest()
    predicate = statement["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["resourceUri"] == "pkg:generic/acme/thing@1.0.0%2Bbuild"
    assert predicate["inputAttestations"][0]["digest"]["sha256"] == "a" * 64
    assert predicate["policy"] == {
        "uri": "urn:assay:policy:assay-default@1",
        "digest": {"sha256": "b" * 64},
    }
    assert not any(level.startswith("SLSA_") for level in predicate["verifiedLevels"])


def test_a_policy_that_was_not_kept_has_no_digest():
    older = replace(RELEASE, approval=replace(RELEASE.approval, policy_digest=""))
    statement = json.loads(verification_summary(older, b"{}", verifier="https://x/certifier"))
    assert statement["predicate"]["policy"] == {"uri": "urn:assay:policy:assay-default@1"}


@pytest.mark.parametrize(
    ("version", "text"),
    [("1.0.0", "1.0.0"), ("1.0.0-rc.1", "1.0.0-rc.1"), ("1+2", "1%2B2")],
)
def test_purl(version, text):
    assert purl("a/b", version) == f"pkg:generic/a/b@{text}"

"""Certificates as the real authority signs them, and every way to stretch one."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.verifying import check_path, digest_of, verify
from certification import manifest as manifests
from certification import statement as statements
from certification.manifest import Approval, ManifestFile, Release
from certification.signing.embedded import EmbeddedSigner
from certification.types import CheckReport, Outcome, Report
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:8000"
NAME, VERSION = "acme/weather", "1.0.0+b1"
FILES = {"README.md": b"# Weather\n", "server.py": b"print('sunny')\n"}


@pytest.fixture
def signer(tmp_path):
    return EmbeddedSigner(tmp_path / "keys", URL)


@pytest.fixture
def trust(signer):
    return Trust(signer.trust_config().decode(), signer.identity(), signer.issuer())


def made(files=FILES, version=VERSION):
    now = datetime.now(UTC)
    report = Report(digest_of(b"tree"), (CheckReport("secrets", 1, Outcome.PASSED),))
    approval = Approval(
        report=report,
        report_digest=digest_of(b"report"),
        policy="assay-default@1",
        policy_digest=digest_of(b"policy"),
        decision="approve",
        reviewers=(),
        issued_at=now,
        expires_at=now + timedelta(days=365),
        isolation="",
    )
    release = Release(
        package=NAME,
        version=version,
        digest=digest_of(b"tree"),
        descriptor=Descriptor(Format.MCP_SERVER),
        files=tuple(
            ManifestFile(path, digest_of(data), len(data), "text/plain")
            for path, data in files.items()
        ),
        approval=approval,
    )
    document = manifests.install_manifest(release)
    return document, json.loads(
        statements.verification_summary(release, document, verifier=f"{URL}/certifier")
    )


def signed(signer, statement):
    return signer.sign(json.dumps(statement).encode()).bundle


def refused(*arguments, name=NAME, version=VERSION):
    with pytest.raises(FaultError) as caught:
        verify(*arguments, package=name, version=version)
    assert caught.value.code is Exit.UNVERIFIED
    return str(caught.value)


def test_a_real_certificate_verifies(signer, trust):
    document, statement = made()
    verified = verify(document, signed(signer, statement), trust, package=NAME, version=VERSION)
    assert {file.path: file.digest for file in verified.files} == {
        path: digest_of(data) for path, data in FILES.items()
    }
    assert verified.manifest_digest == digest_of(document)
    assert verified.size == sum(map(len, FILES.values()))
    assert verified.expires_at > datetime.now(UTC)


def test_it_is_of_one_release_only(signer, trust):
    document, statement = made()
    bundle = signed(signer, statement)
    assert "it is about" in refused(document, bundle, trust, version="1.0.0")
    assert "it is about" in refused(document, bundle, trust, name="acme/other")


def _failed(statement):
    statement["predicate"]["verificationResult"] = "FAILED"


def _provenance(statement):
    statement["predicateType"] = "https://slsa.dev/provenance/v1"


def _no_manifest(statement):
    statement["subject"].pop()


def _two_manifests(statement):
    statement["subject"].append(copy.deepcopy(statement["subject"][-1]))


def _one_file_less(statement):
    statement["subject"].pop(0)


def _one_file_more(statement):
    statement["subject"].insert(0, {"name": "x", "digest": {"sha256": "0" * 64}})


def _swapped_names(statement):
    first, second = statement["subject"][:2]
    first["name"], second["name"] = second["name"], first["name"]


def _odd_subject(statement):
    statement["subject"][0]["digest"] = {"sha512": "0" * 128}


def _no_predicate(statement):
    statement["predicate"] = None


@pytest.mark.parametrize(
    ("stretch", "why"),
    [
        (_failed, "not PASSED"),
        (_provenance, "not a verification summary"),
        (_no_manifest, "does not cover the install manifest"),
        (_two_manifests, "does not cover the install manifest"),
        (_one_file_less, "exactly the files"),
        (_one_file_more, "exactly the files"),
        (_swapped_names, "exactly the files"),
        (_odd_subject, "cannot be read"),
        (_no_predicate, "cannot be read"),
    ],
)
def test_a_true_signature_under_another_statement(signer, trust, stretch, why):
    document, statement = made()
    stretch(statement)
    assert why in refused(document, signed(signer, statement), trust)


def test_a_changed_manifest_or_bundle(signer, trust):
    document, statement = made()
    bundle = signed(signer, statement)
    assert "install manifest" in refused(document + b" ", bundle, trust)
    parsed = json.loads(bundle)
    parsed["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA"
    assert "pinned trust" in refused(document, json.dumps(parsed).encode(), trust)
    for odd in (b"", b"{}", b"[]", b"[" * 100_000, b"\xff", b'{"mediaType": 7}'):
        assert "pinned trust" in refused(document, odd, trust)


def test_a_manifest_that_says_another_release(signer, trust):
    _, statement = made()
    other, _ = made(version="2.0.0")
    statement["subject"][-1]["digest"]["sha256"] = digest_of(other).removeprefix("sha256:")
    assert "the manifest is of acme/weather@2.0.0" in refused(
        other, signed(signer, statement), trust
    )


@pytest.mark.parametrize("document", [b"{}", b"[]", b"nonsense", b'{"package": []}'])
def test_a_manifest_of_another_shape(signer, trust, document):
    _, statement = made()
    statement["subject"][-1]["digest"]["sha256"] = digest_of(document).removeprefix("sha256:")
    assert "cannot be read" in refused(document, signed(signer, statement), trust)


def test_another_authority_or_identity(signer, trust, tmp_path):
    document, statement = made()
    bundle = signed(signer, statement)
    other = EmbeddedSigner(tmp_path / "others", URL)
    assert "pinned trust" in refused(
        document, bundle, Trust(other.trust_config().decode(), trust.identity, trust.issuer)
    )
    for identity, issuer in (("https://mallory/certifier", URL), (trust.identity, "https://x")):
        assert "pinned trust" in refused(document, bundle, Trust(trust.config, identity, issuer))
    assert "pinned trust" in refused(document, bundle, Trust("{}", trust.identity, trust.issuer))


@pytest.mark.parametrize(
    "files",
    [
        {"a": b"1", "A": b"2"},
        {"a": b"1", "a/b": b"2"},
        {"../a": b"1"},
        {"assay-manifest.json": b"{}"},
        {},
    ],
)
def test_files_that_may_not_be_placed(signer, trust, files):
    document, statement = made(files)
    said = refused(document, signed(signer, statement), trust)
    assert "cannot be read" in said or "does not cover" in said


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "a/../b", "./a", "a//b", "a\\b", "C:/x", "a\0b", "a\u202eb", ".assay/x"],
)
def test_unsafe_paths(path):
    with pytest.raises(ValueError, match="unsafe path"):
        check_path(path)

"""Certificates as the real authority signs them, and every way to stretch one."""

import base64
import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.verifying import check_path, digest_of, verify
from certification import manifest as manifests
from certification import statement as statements
from certification.manifest import Approval, ManifestFile, Release
from certification.signing import timestamps
from certification.signing.authority import load_authority
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


@pytest.fixture
def certificate(signer):
    document, statement = made()
    return document, signer.sign(json.dumps(statement).encode())


def refused_time(certificate, timestamp, trust):
    document, signed = certificate
    with pytest.raises(FaultError, match="timestamp of the certificate") as caught:
        verify(document, signed.bundle, trust, package=NAME, version=VERSION, timestamp=timestamp)
    assert caught.value.code is Exit.UNVERIFIED
    return str(caught.value)


def test_the_time_beside_a_certificate_verifies(certificate, trust):
    document, signed = certificate
    verify(
        document, signed.bundle, trust, package=NAME, version=VERSION, timestamp=signed.timestamp
    )


def test_a_time_of_another_signature_or_authority(certificate, signer, trust, tmp_path):
    _, statement = made()
    again = signer.sign(json.dumps(statement).encode()).timestamp
    assert "no timestamping authority" in refused_time(certificate, again, trust)
    signature = json.loads(certificate[1].bundle)["dsseEnvelope"]["signatures"][0]["sig"]
    digest = hashlib.sha256(base64.b64decode(signature)).digest()
    forged = timestamps.respond(load_authority(tmp_path / "others"), digest)
    assert "no timestamping authority" in refused_time(certificate, forged, trust)


def test_an_authority_that_the_trust_root_had_retired(certificate, trust):
    config = json.loads(trust.config)
    authority = config["trustedRoot"]["timestampAuthorities"][0]
    authority["validFor"]["end"] = authority["validFor"]["start"]
    retired = Trust(json.dumps(config), trust.identity, trust.issuer)
    assert "no timestamping" in refused_time(certificate, certificate[1].timestamp, retired)
    authority["validFor"].pop("end")
    authority["certChain"]["certificates"].pop()
    rootless = Trust(json.dumps(config), trust.identity, trust.issuer)
    assert "no timestamping" in refused_time(certificate, certificate[1].timestamp, rootless)


def test_a_time_when_nobody_could_have_signed(certificate, signer, trust, tmp_path, monkeypatch):
    """The signing certificate lives for minutes; an authority stamps whatever it is given."""
    late = datetime.now(UTC) + timedelta(days=1)

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return late

    monkeypatch.setattr(timestamps, "datetime", Tomorrow)
    signature = json.loads(certificate[1].bundle)["dsseEnvelope"]["signatures"][0]["sig"]
    digest = hashlib.sha256(base64.b64decode(signature)).digest()
    stamped = timestamps.respond(load_authority(tmp_path / "keys"), digest)
    assert "not valid then" in refused_time(certificate, stamped, trust)


@pytest.mark.parametrize("odd", [b"{}", b"\x30\x03\x02\x01\x02", b"\x30\x84\xff\xff\xff\xff"])
def test_a_time_that_is_none(certificate, trust, odd):
    refused_time(certificate, odd, trust)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("change", [0x01, 0x20, 0x80])
def test_a_changed_time_is_refused(certificate, trust, change):
    """But for what neither is signed nor says anything: two version numbers of the envelope and
    the name of the signature's algorithm, which its key tells."""
    timestamp = certificate[1].timestamp
    algorithm = timestamp.rindex(bytes.fromhex("2a8648ce3d040302"))
    blind = {
        timestamp.index(b"\x02\x01\x03") + 2,
        timestamp.rindex(b"\x02\x01\x01") + 2,
        *range(algorithm, algorithm + 8),
    }
    for place in set(range(len(timestamp))) - blind:
        changed = bytearray(timestamp)
        changed[place] ^= change
        refused_time(certificate, bytes(changed), trust)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("version", [3, 34, 255])
def test_a_certificate_of_no_known_kind(certificate, trust, version):
    """cryptography says so by an exception that is no ValueError."""
    document, signed = certificate
    parsed = json.loads(signed.bundle)
    leaf = parsed["verificationMaterial"]["certificate"]
    der = bytearray(base64.b64decode(leaf["rawBytes"]))
    der[der.index(b"\xa0\x03\x02\x01\x02") + 4] = version
    leaf["rawBytes"] = base64.b64encode(der).decode()
    assert "pinned trust" in refused(document, json.dumps(parsed).encode(), trust)


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

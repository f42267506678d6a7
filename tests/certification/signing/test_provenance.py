"""Real public-good bundles, verified without network (pytest-socket forbids it)."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from certification.intake import MAX_BUNDLE_BYTES
from certification.ports import ProvenanceInvalidError
from certification.signing import provenance
from certification.signing.embedded import EmbeddedSigner
from certification.signing.provenance import SigstoreProvenanceVerifier, predicate_of

ASSETS = Path(__file__).resolve().parents[2] / "assets/signed"
WHEEL = ASSETS / "bundle_v3_github.whl"
WHEEL_BUNDLE = (ASSETS / "bundle_v3_github.whl.sigstore").read_bytes()
SDIST = ASSETS / "sampleproject-4.0.0.tar.gz"
SDIST_BUNDLE = (ASSETS / "sampleproject-4.0.0.tar.gz.sigstore.json").read_bytes()
GITHUB = "https://token.actions.githubusercontent.com"
WHEEL_IDENTITY = (
    "https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2"
)
SDIST_IDENTITY = (
    "https://github.com/pypa/sampleproject/.github/workflows/release.yml@refs/heads/main"
)


@pytest.fixture(scope="module")
def verifier():
    return SigstoreProvenanceVerifier()


def verify(verifier, artifact=WHEEL, bundle=WHEEL_BUNDLE, identity=WHEEL_IDENTITY, issuer=GITHUB):
    return verifier.verify(artifact=artifact, bundle=bundle, identity=identity, issuer=issuer)


def test_a_bare_signature(verifier):
    proof = verify(verifier)
    assert proof.identity == WHEEL_IDENTITY
    assert proof.predicate_type == ""
    assert proof.source_repository == "https://github.com/trailofbits/rfc8785.py"
    assert len(proof.source_commit) == 40


def test_an_attestation(verifier):
    proof = verify(verifier, SDIST, SDIST_BUNDLE, SDIST_IDENTITY)
    assert proof.predicate_type == "https://docs.pypi.org/attestations/publish/v1"
    assert proof.source_repository == "https://github.com/pypa/sampleproject"


def test_the_root_comes_from_the_package_and_no_home_is_needed(monkeypatch):
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert verify(SigstoreProvenanceVerifier()).identity == WHEEL_IDENTITY


@pytest.mark.parametrize(
    "wrong",
    [
        {"identity": SDIST_IDENTITY},
        {"issuer": "https://accounts.google.com"},
        {"identity": ""},
        {"issuer": ""},
        {"bundle": b"{}"},
        {"bundle": b"not json"},
        {"bundle": b"\xff"},
        {"bundle": b"[" * 100_000},
        {"bundle": b" " * (MAX_BUNDLE_BYTES + 1)},
        {"artifact": SDIST},
        {"bundle": SDIST_BUNDLE, "identity": SDIST_IDENTITY},
    ],
)
def test_what_is_not_proven_is_refused(verifier, wrong):
    with pytest.raises(ProvenanceInvalidError):
        verify(verifier, **wrong)


def test_one_changed_byte_is_refused(verifier, tmp_path):
    artifact = tmp_path / "changed.whl"
    shutil.copyfile(WHEEL, artifact)
    data = bytearray(artifact.read_bytes())
    data[100] ^= 1
    artifact.write_bytes(data)
    with pytest.raises(ProvenanceInvalidError):
        verify(verifier, artifact=artifact)


def test_a_bundle_of_another_authority_is_refused(verifier):
    bundle = json.loads(WHEEL_BUNDLE)
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["inclusionProof"]["rootHash"] = "A" * 43 + "="
    with pytest.raises(ProvenanceInvalidError):
        verify(verifier, bundle=json.dumps(bundle).encode())


@pytest.mark.parametrize("when", ["99999999999", "99999999999999999", "9223372036854775807"])
def test_a_time_beyond_all_clocks_is_refused(verifier, when):
    bundle = json.loads(WHEEL_BUNDLE)
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = when
    with pytest.raises(ProvenanceInvalidError):
        verify(verifier, bundle=json.dumps(bundle).encode())


IN_TOTO = "application/vnd.in-toto+json"
DIGEST = hashlib.sha256(b"built").hexdigest()
BUILT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "built", "digest": {"sha256": DIGEST}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {},
}


def test_the_predicate_type_of_a_statement_about_these_bytes():
    subjects = [{"name": "x"}, {"digest": {"sha512": DIGEST}}, *BUILT["subject"]]
    payload = json.dumps({**BUILT, "subject": subjects}).encode()
    assert predicate_of(IN_TOTO, payload, DIGEST) == "https://slsa.dev/provenance/v1"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("text/plain", BUILT),
        (IN_TOTO, []),
        (IN_TOTO, {}),
        (IN_TOTO, {**BUILT, "subject": []}),
        (IN_TOTO, {**BUILT, "subject": {"digest": {"sha256": DIGEST}}}),
        (IN_TOTO, {**BUILT, "subject": ["built", None, {"digest": DIGEST}, {"digest": None}]}),
        (IN_TOTO, {**BUILT, "subject": [{"digest": {"sha256": [DIGEST]}}]}),
    ],
)
def test_a_signed_payload_of_another_shape_proves_nothing(kind, payload):
    with pytest.raises(ValueError, match=r"the payload is|other bytes"):
        predicate_of(kind, json.dumps(payload).encode(), DIGEST)


@pytest.mark.django_db
def test_an_organisations_own_stack_and_no_other(tmp_path, verifier):
    url = "https://sigstore.example.org"
    stack = EmbeddedSigner(tmp_path / "keys", url)
    bundle = stack.sign(json.dumps(BUILT).encode()).bundle
    artifact = tmp_path / "built"
    artifact.write_bytes(b"built")
    own = SigstoreProvenanceVerifier(stack.trust_config())
    proof = verify(own, artifact, bundle, f"{url}/certifier", url)
    assert proof.predicate_type == "https://slsa.dev/provenance/v1"
    assert (proof.source_repository, proof.source_commit) == ("", "")
    with pytest.raises(ProvenanceInvalidError):
        verify(verifier, artifact, bundle, f"{url}/certifier", url)
    with pytest.raises(ProvenanceInvalidError):
        verify(own)
    artifact.write_bytes(b"other")
    with pytest.raises(ProvenanceInvalidError, match="other bytes"):
        verify(own, artifact, bundle, f"{url}/certifier", url)


@pytest.mark.parametrize("payload", [b"[" * 100_000, b"\xff", b"", b"{"])
def test_a_signed_payload_that_cannot_be_read_proves_nothing(payload):
    with pytest.raises(provenance.FAULTS):
        predicate_of(IN_TOTO, payload, DIGEST)

"""Real public-good bundles, verified without network (pytest-socket forbids it)."""

import json
import shutil
from pathlib import Path

import pytest

from certification.ports import ProvenanceInvalidError
from certification.signing.provenance import SigstoreProvenanceVerifier

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

"""The embedded authority against sigstore's own client, library and command line."""

import hashlib
import json
import subprocess
import sys

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from certification.models import LogEntry
from certification.signing import log
from certification.signing.embedded import EmbeddedSigner

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:8000"
ARTIFACT = b"weights and measures"


def statement(artifact=ARTIFACT):
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": "a", "digest": {"sha256": hashlib.sha256(b"other").hexdigest()}},
                {"name": "b", "digest": {"sha256": hashlib.sha256(artifact).hexdigest()}},
            ],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {"verificationResult": "PASSED"},
        }
    ).encode()


@pytest.fixture
def signer(tmp_path):
    return EmbeddedSigner(tmp_path / "keys", URL)


def verified(signer, bundle):
    config = ClientTrustConfig.from_json(signer.trust_config().decode())
    return Verifier(trusted_root=config.trusted_root).verify_dsse(
        Bundle.from_json(bundle), Identity(identity=f"{URL}/certifier", issuer=URL)
    )


def test_the_library_accepts_what_was_signed(signer):
    signed = signer.sign(statement())
    kind, payload = verified(signer, signed.bundle)
    assert kind == "application/vnd.in-toto+json"
    assert payload == statement()


def test_no_real_entry_stands_at_index_zero(signer):
    assert signer.sign(statement()).log_index == 1
    assert LogEntry.objects.get(index=0).body == log.GENESIS


def test_every_entry_of_a_growing_log_verifies(signer):
    for _ in range(9):
        verified(signer, signer.sign(statement()).bundle)
    assert log.size() == 10
    assert list(log.faults()) == []


def test_a_bundle_whose_timestamp_does_not_verify_is_never_handed_out(signer, tmp_path):
    """The client accepts it for its other time source; the signer must not."""
    signer.trust_config()
    other = EmbeddedSigner(tmp_path / "other", URL)
    other.trust_config()
    (tmp_path / "other/tsa.key").replace(tmp_path / "keys/tsa.key")
    with pytest.raises(VerificationError, match="timestamp"):
        signer.sign(statement())


def test_identity_issuer_and_root_are_as_published(signer):
    assert (signer.identity(), signer.issuer()) == (f"{URL}/certifier", URL)
    config = json.loads(signer.trust_config())
    assert config["trustedRoot"] == json.loads(signer.trusted_root())


def test_another_authority_refuses_it(signer, tmp_path):
    bundle = signer.sign(statement()).bundle
    with pytest.raises(VerificationError):
        verified(EmbeddedSigner(tmp_path / "other", URL), bundle)


@pytest.mark.parametrize("part", ["dsseEnvelope", "verificationMaterial"])
def test_a_changed_bundle_is_refused(signer, part):
    bundle = json.loads(signer.sign(statement()).bundle)
    if part == "dsseEnvelope":
        signature = bundle[part]["signatures"][0]
        signature["sig"] = signature["sig"][:20] + "AAAA" + signature["sig"][24:]
    else:
        entry = bundle[part]["tlogEntries"][0]
        entry["logIndex"] = "7"
    with pytest.raises(VerificationError):
        verified(signer, json.dumps(bundle))


def cli(folder, artifact, bundle):
    return subprocess.run(
        [
            sys.executable, "-m", "sigstore", "--trust-config", "trust.json",
            "verify", "identity", "--bundle", bundle,
            "--cert-identity", f"{URL}/certifier", "--cert-oidc-issuer", URL, artifact,
        ],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_stock_command_line_verifies_offline_and_notices_one_byte(signer, tmp_path):
    signed = signer.sign(statement())
    (tmp_path / "trust.json").write_bytes(signer.trust_config())
    (tmp_path / "bundle.json").write_bytes(signed.bundle)
    (tmp_path / "good").write_bytes(ARTIFACT)
    (tmp_path / "bad").write_bytes(ARTIFACT[:-1] + b"z")
    flipped = bytearray(signed.bundle)
    place = flipped.index(b'"sig":"') + 20
    flipped[place] = ord("A") if flipped[place] != ord("A") else ord("B")
    (tmp_path / "flipped.json").write_bytes(flipped)
    accepted = cli(tmp_path, "good", "bundle.json")
    assert accepted.returncode == 0, accepted.stderr
    assert "OK: good" in accepted.stderr
    assert cli(tmp_path, "bad", "bundle.json").returncode != 0
    assert cli(tmp_path, "good", "flipped.json").returncode != 0


#: Every n-th byte of a bundle is changed: prime, so that no field is stepped over.
STRIDE = 7


def blind(raw):
    """The spans a stock client does not look at: a timestamp that does not verify is ignored while
    the log's own time does (which is why the signer asks for each by itself), and the signer's name
    in the checkpoint is not compared."""
    token = json.loads(raw)["verificationMaterial"]["timestampVerificationData"]
    for text in (
        token["rfc3161Timestamps"][0]["signedTimestamp"].encode(),
        f"\u2014 {URL.removeprefix('http://')}/trust/log".encode(),
    ):
        start = raw.index(text)
        yield range(start, start + len(text))


def test_a_changed_byte_is_refused_wherever_a_client_looks(signer):
    raw = signer.sign(statement()).bundle
    unseen = list(blind(raw))
    for place in range(0, len(raw), STRIDE):
        changed = bytearray(raw)
        changed[place] ^= 1
        if raw[place + 1 : place + 2] == b"=" or any(place in span for span in unseen):
            continue  # the last letter before the padding carries bits that mean nothing
        with pytest.raises((VerificationError, InvalidBundle, ValueError)):
            verified(signer, bytes(changed))

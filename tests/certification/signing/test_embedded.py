"""The embedded authority against sigstore's own client, library and command line."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys

import pytest
from cryptography.x509 import InvalidVersion
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


def unseen(raw):
    """Places that no stock client compares: the signer's name in the checkpoint's last line, and
    the bits of a last base64 letter that mean nothing."""
    name = f"\u2014 {URL.removeprefix('http://')}/trust/log".encode()
    start = raw.index(name)
    yield from range(start, start + len(name))
    yield from (place - 1 for place in range(1, len(raw)) if raw[place : place + 1] == b"=")


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("change", [0x01, 0x04, 0x20])
def test_any_changed_byte_of_a_bundle_is_refused(signer, change):
    raw = signer.sign(statement()).bundle
    blind = set(unseen(raw))
    accepted = []
    for place in set(range(len(raw))) - blind:
        changed = bytearray(raw)
        changed[place] ^= change
        try:
            verified(signer, bytes(changed))
        except (VerificationError, InvalidBundle, InvalidVersion, ValueError):
            continue
        accepted.append((place, raw[place - 20 : place + 20]))
    assert not accepted
    assert len(blind) < len(raw) / 100


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_the_time_beside_the_bundle_verifies_with_openssl(signer, tmp_path):
    signed = signer.sign(statement())
    document = json.loads(signed.bundle)
    signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
    root = json.loads(signer.trusted_root())
    chain = root["timestampAuthorities"][0]["certChain"]["certificates"]
    (tmp_path / "root.der").write_bytes(base64.b64decode(chain[-1]["rawBytes"]))
    (tmp_path / "time.tsr").write_bytes(signed.timestamp)

    def ask(data):
        (tmp_path / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", "time.tsr", "-data", "data"]
        return subprocess.run(
            [*command, "-CAfile", "root.pem"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", "root.der", "-out", "root.pem"],
        cwd=tmp_path, check=True, timeout=60,
    )  # fmt: skip
    assert "Verification: OK" in ask(signature).stdout
    assert ask(signature + b"x").returncode != 0

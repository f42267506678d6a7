"""The leaf as sigstore's verifiers insist on it."""

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto.core import UTF8String
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from certification.signing import certificates
from certification.signing.authority import key_id, load_authority

IDENTITY = "https://assay.example.org/certifier"
ISSUER = "https://assay.example.org"


@pytest.fixture
def authority(tmp_path):
    return load_authority(tmp_path / "keys")


@pytest.fixture
def leaf(authority):
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return certificates.issue(authority, key, identity=IDENTITY, issuer=ISSUER)


def test_it_names_identity_and_issuer(leaf, authority):
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [IDENTITY]
    issuer = leaf.extensions.get_extension_for_oid(
        x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
    ).value
    assert UTF8String.load(issuer.value).native == ISSUER
    leaf.verify_directly_issued_by(authority.anchors.ca)


def test_it_signs_code_and_nothing_else_for_ten_minutes(leaf):
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CODE_SIGNING]
    assert usage.digital_signature
    assert not usage.key_cert_sign
    left = leaf.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)


def test_the_certificate_timestamp_inside_is_signed_by_the_ct_key(leaf, authority):
    (sct,) = leaf.extensions.get_extension_for_class(
        x509.PrecertificateSignedCertificateTimestamps
    ).value
    ca_key = key_id(authority.ca_key.public_key())
    logged = leaf.tbs_precertificate_bytes
    signed = (
        b"\0\0"  # v1, certificate_timestamp
        + round(sct.timestamp.replace(tzinfo=UTC).timestamp() * 1000).to_bytes(8, "big")
        + b"\0\1"  # precert_entry
        + ca_key
        + len(logged).to_bytes(3, "big")
        + logged
        + b"\0\0"
    )
    assert sct.log_id == key_id(authority.anchors.ct)
    authority.anchors.ct.verify(sct.signature, signed, ec.ECDSA(hashes.SHA256()))

"""Fulcio-style signing certificates: ten minutes long, with identity, issuer and an SCT inside."""

import hashlib
import struct
import time
from datetime import UTC, datetime, timedelta

from asn1crypto.core import OctetString, UTF8String
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from certification.signing.authority import SKEW, Authority, key_id, spki

LIFETIME = timedelta(minutes=10)
# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
#: The deprecated form (raw bytes, not DER) that `verify identity` still asks for.
_OLD_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
# RFC 6962, 3.3
_SCT_LIST_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def issue(
    authority: Authority, key: ec.EllipticCurvePublicKey, *, identity: str, issuer: str
) -> x509.Certificate:
    """A leaf for `key` whose SAN is the URI `identity`, vouched for by `issuer`."""
    builder = _leaf(authority, key, identity=identity, issuer=issuer)
    unlogged = builder.sign(authority.ca_key, hashes.SHA256())
    timestamps = _sct_list(authority, unlogged.tbs_certificate_bytes)
    return builder.add_extension(
        x509.UnrecognizedExtension(_SCT_LIST_OID, OctetString(timestamps).dump()), critical=False
    ).sign(authority.ca_key, hashes.SHA256())


def _leaf(
    authority: Authority, key: ec.EllipticCurvePublicKey, *, identity: str, issuer: str
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.anchors.ca.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.ca_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
        )
        .add_extension(x509.UnrecognizedExtension(_OLD_ISSUER_OID, issuer.encode()), critical=False)
        .add_extension(
            x509.UnrecognizedExtension(_ISSUER_OID, UTF8String(issuer).dump()), critical=False
        )
    )


def _sct_list(authority: Authority, to_be_signed: bytes) -> bytes:
    """A SignedCertificateTimestampList of one precertificate SCT (RFC 6962, 3.2 and 3.3)."""
    milliseconds = int(time.time() * 1000)
    issuer_key_hash = hashlib.sha256(spki(authority.ca_key.public_key())).digest()
    signed = (
        struct.pack("!BBQH", 0, 0, milliseconds, 1)  # v1, certificate_timestamp, precert_entry
        + issuer_key_hash
        + len(to_be_signed).to_bytes(3, "big")
        + to_be_signed
        + b"\x00\x00"  # no extensions
    )
    signature = authority.ct_key.sign(signed, ec.ECDSA(hashes.SHA256()))
    sct = (
        b"\x00"
        + key_id(authority.ct_key.public_key())
        + struct.pack("!QH", milliseconds, 0)
        + b"\x04\x03"  # sha256, ecdsa
        + struct.pack("!H", len(signature))
        + signature
    )
    return struct.pack("!HH", len(sct) + 2, len(sct)) + sct

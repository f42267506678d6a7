"""The embedded authority's keys and certificates: made once, kept in one folder, mode 0600.

root.key/.crt     signs only the two below; move root.key off the machine after the first start
ca.key/.crt       issues the short-lived signing certificates
tsa.key/.crt      signs RFC 3161 timestamps
ct.key/.pub       signs certificate timestamps (SCT)
log.key/.pub      signs the transparency log's checkpoints and entry promises

Whoever only publishes the trust documents needs the .crt and .pub files and reads no others.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)
#: Clocks differ: what is made now is valid from a little earlier.
SKEW = timedelta(minutes=5)
_KEYS = ("ca", "tsa", "ct", "log")
#: Keys that no certificate carries.
_PUBLISHED = ("ct", "log")

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Anchors:
    """What verifiers trust: certificates and the two logs' public keys (P-256)."""

    root: x509.Certificate
    ca: x509.Certificate
    tsa: x509.Certificate
    ct: ec.EllipticCurvePublicKey
    log: ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Authority:
    """The private keys (P-256) of a signer, and what verifiers trust."""

    anchors: Anchors
    ca_key: Key
    tsa_key: Key
    ct_key: Key
    log_key: Key


def load_anchors(folder: Path) -> Anchors:
    """The public half of the authority in `folder`, made first if there is none. Reads no private
    key. Raises FileNotFoundError when part of it is gone."""
    if not folder.exists() or not any(folder.iterdir()):
        _create(folder)
    return Anchors(
        root=_read_certificate(folder / "root.crt"),
        ca=_read_certificate(folder / "ca.crt"),
        tsa=_read_certificate(folder / "tsa.crt"),
        ct=_read_public(folder / "ct.pub"),
        log=_read_public(folder / "log.pub"),
    )


def load_authority(folder: Path) -> Authority:
    """The whole authority in `folder`, made first if there is none; raises like `load_anchors`."""
    return Authority(
        anchors=load_anchors(folder),
        ca_key=_read_key(folder / "ca.key"),
        tsa_key=_read_key(folder / "tsa.key"),
        ct_key=_read_key(folder / "ct.key"),
        log_key=_read_key(folder / "log.key"),
    )


def key_id(key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo: how logs and SCTs name a key (RFC 6962, 3.2)."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki(key))
    return digest.finalize()


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    """DER of the SubjectPublicKeyInfo."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _create(folder: Path) -> None:
    """Make everything in a folder beside and move it into place; the loser of a race gives way."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    root_key = ec.generate_private_key(ec.SECP256R1())
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in _KEYS}
    root = _certificate("Assay root", root_key.public_key(), None, root_key, usage="root")
    ca = _certificate("Assay CA", keys["ca"].public_key(), root, root_key, usage="ca")
    tsa = _certificate("Assay TSA", keys["tsa"].public_key(), root, root_key, usage="tsa")
    for name, key in {"root": root_key, **keys}.items():
        _write(staging / f"{name}.key", _private_pem(key))
    for name, certificate in {"root": root, "ca": ca, "tsa": tsa}.items():
        _write(staging / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
    for name in _PUBLISHED:
        _write(staging / f"{name}.pub", _public_pem(keys[name].public_key()))
    try:
        staging.rename(folder)
    except OSError:  # another process was first: its keys are the ones that count
        shutil.rmtree(staging)


def _certificate(
    name: str,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    issuer_key: Key,
    *,
    usage: str,
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Assay"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    now = datetime.now(UTC)
    is_ca = usage != "tsa"
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(
            x509.BasicConstraints(ca=is_ca, path_length={"root": 1, "ca": 0}.get(usage)),
            critical=True,
        )
        .add_extension(_key_usage(signs_certificates=is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if usage == "tsa":
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())


def _read_certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _read_key(path: Path) -> Key:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} is not an EC key")
    return key


def _read_public(path: Path) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(f"{path.name} is not an EC key")
    return key

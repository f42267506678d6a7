"""Publishers' sigstore bundles, verified offline against identity and issuer."""

import json
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path

from asn1crypto.core import UTF8String
from cryptography import x509
from sigstore.errors import Error as SigstoreError
from sigstore.hashes import Hashed
from sigstore.models import Bundle, ClientTrustConfig, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.common.v1 import HashAlgorithm

from certification.intake import MAX_BUNDLE_BYTES, sha256_of
from certification.ports import Provenance, ProvenanceInvalidError

# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_REPOSITORY = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.12")
_COMMIT = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.13")
#: The public-good root as it stands in the pinned sigstore package.
_PUBLIC_GOOD = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"
_IN_TOTO = "application/vnd.in-toto+json"
#: What sigstore and asn1crypto raise on hostile bundles: a time beyond the platform's is an
#: OSError or OverflowError. Nothing under the guard reads a file or a socket.
FAULTS = (SigstoreError, ValueError, TypeError, OverflowError, OSError, RecursionError)


class SigstoreProvenanceVerifier:
    """`certification.ports.ProvenanceVerifier` over the public-good root that sigstore ships, or
    over another stack's ClientTrustConfig."""

    def __init__(self, trust_config: bytes | None = None) -> None:
        self._trust_config = trust_config

    @cached_property
    def _verifier(self) -> Verifier:
        if self._trust_config is not None:
            config = ClientTrustConfig.from_json(self._trust_config.decode())
            return Verifier(trusted_root=config.trusted_root)
        # Verifier.production(offline=True) would trust whatever lies in the cache of the home
        # folder, and needs to write there.
        with as_file(files("sigstore._store") / _PUBLIC_GOOD) as path:
            return Verifier(trusted_root=TrustedRoot.from_file(str(path)))

    def verify(self, *, artifact: Path, bundle: bytes, identity: str, issuer: str) -> Provenance:
        """What the bundle proves about the file; raises ProvenanceInvalidError."""
        if not identity or not issuer:
            raise ProvenanceInvalidError("a bundle needs both an identity and an issuer")
        if len(bundle) > MAX_BUNDLE_BYTES:
            raise ProvenanceInvalidError("the bundle is larger than 1 MiB")
        digest = sha256_of(artifact).removeprefix("sha256:")
        verifier = self._verifier
        try:
            parsed = Bundle.from_json(bundle)
            policy = Identity(identity=identity, issuer=issuer)
            predicate = _verified(verifier, parsed, digest, policy)
            repository, commit = _source(parsed.signing_certificate)
        except FAULTS as fault:
            raise ProvenanceInvalidError(str(fault)[:500]) from fault
        return Provenance(
            identity=identity,
            issuer=issuer,
            predicate_type=predicate,
            source_repository=repository,
            source_commit=commit,
        )


def predicate_of(payload_type: str, payload: bytes, digest: str) -> str:
    """The predicate type of an in-toto Statement (v0.1 or v1) with the sha256 `digest` (hex) among
    its subjects; raises ValueError. A signature says nothing about the shape of what it covers."""
    if payload_type != _IN_TOTO:
        raise ValueError(f"the payload is {payload_type[:100]}, not an in-toto statement")
    statement = json.loads(payload)
    subjects = statement.get("subject") if isinstance(statement, dict) else None
    if not isinstance(subjects, list) or not any(_names(subject, digest) for subject in subjects):
        raise ValueError("the statement is about other bytes")
    return str(statement.get("predicateType", ""))[:500]


def _names(subject: object, digest: str) -> bool:
    digests = subject.get("digest") if isinstance(subject, dict) else None
    return isinstance(digests, dict) and digests.get("sha256") == digest


def _verified(verifier: Verifier, bundle: Bundle, digest: str, policy: Identity) -> str:
    """The predicate type of the statement; empty for a bare signature."""
    if "dsseEnvelope" in json.loads(bundle.to_json()):
        return predicate_of(*verifier.verify_dsse(bundle, policy), digest)
    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
    verifier.verify_artifact(hashed, bundle, policy)
    return ""


def _source(certificate: x509.Certificate) -> tuple[str, str]:
    """Repository URL and commit from a verified Fulcio certificate; empty where absent."""
    return _extension(certificate, _REPOSITORY), _extension(certificate, _COMMIT)


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """The DER UTF8String in a Fulcio extension; empty when absent."""
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return ""
    return str(UTF8String.load(value.public_bytes()).native)

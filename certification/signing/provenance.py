"""Publishers' sigstore bundles, verified offline against identity and issuer."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from asn1crypto.core import UTF8String
from cryptography import x509
from sigstore.errors import Error as SigstoreError
from sigstore.hashes import Hashed
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.common.v1 import HashAlgorithm

from certification.intake import sha256_of
from certification.ports import Provenance, ProvenanceInvalidError

# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_REPOSITORY = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.12")
_COMMIT = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.13")


class SigstoreProvenanceVerifier:
    """`certification.ports.ProvenanceVerifier` over the public-good root that sigstore ships, or
    over another stack's ClientTrustConfig."""

    def __init__(self, trust_config: bytes | None = None) -> None:
        self._trust_config = trust_config

    @cached_property
    def _verifier(self) -> Verifier:
        if self._trust_config is None:
            return Verifier.production(offline=True)
        config = ClientTrustConfig.from_json(self._trust_config.decode())
        return Verifier(trusted_root=config.trusted_root)

    def verify(self, *, artifact: Path, bundle: bytes, identity: str, issuer: str) -> Provenance:
        """What the bundle proves about the file; raises ProvenanceInvalidError."""
        if not identity or not issuer:
            raise ProvenanceInvalidError("a bundle needs both an identity and an issuer")
        digest = sha256_of(artifact).removeprefix("sha256:")
        try:
            parsed = Bundle.from_json(bundle)
            predicate = self._verified(parsed, digest, Identity(identity=identity, issuer=issuer))
        except (SigstoreError, ValueError) as fault:
            raise ProvenanceInvalidError(str(fault)[:500]) from fault
        certificate = parsed.signing_certificate
        return Provenance(
            identity=identity,
            issuer=issuer,
            predicate_type=predicate,
            source_repository=_extension(certificate, _REPOSITORY),
            source_commit=_extension(certificate, _COMMIT),
        )

    def _verified(self, bundle: Bundle, digest: str, policy: Identity) -> str:
        """The predicate type of the statement; empty for a bare signature."""
        if "dsseEnvelope" not in json.loads(bundle.to_json()):
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
            self._verifier.verify_artifact(hashed, bundle, policy)
            return ""
        _, payload = self._verifier.verify_dsse(bundle, policy)
        statement: dict[str, Any] = json.loads(payload)
        if digest not in {s["digest"].get("sha256") for s in statement.get("subject", [])}:
            raise ValueError("the statement is about other bytes")
        return str(statement.get("predicateType", ""))


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """The DER UTF8String in a Fulcio extension; empty when absent."""
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return ""
    return str(UTF8String.load(value.public_bytes()).native)

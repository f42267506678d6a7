"""An external Sigstore stack behind the Signer port: same SigningContext, other services."""

import json
from pathlib import Path

import rfc8785
from sigstore import dsse
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken, detect_credential
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from certification.ports import SignedBundle


class NoIdentityError(Exception):
    """The external authority wants an OIDC token and this machine has none to show."""


class ExternalSigner:
    """Signs with the stack that a ClientTrustConfig names, as the ambient workload identity.

    `identity` and `issuer` are what its certificates say, where the authority writes something
    else than the token's own. Never falls back to the embedded authority: without a token it
    refuses.
    """

    def __init__(self, config: Path, *, identity: str = "", issuer: str = "") -> None:
        self._raw = config.read_bytes()
        self._config = ClientTrustConfig.from_json(self._raw.decode())
        self._identity = identity
        self._issuer = issuer

    def sign(self, statement: bytes) -> SignedBundle:
        """See the port; raises NoIdentityError."""
        token = self._token()
        context = SigningContext.from_trust_config(self._config)
        with context.signer(token) as signer:
            bundle = signer.sign_dsse(dsse.Statement(statement))
        Verifier(trusted_root=self._config.trusted_root).verify_dsse(
            bundle,
            Identity(
                identity=self._identity or token.identity,
                issuer=self._issuer or token.federated_issuer,
            ),
        )
        document = json.loads(bundle.to_json())
        entry = document["verificationMaterial"]["tlogEntries"][0]
        return SignedBundle(bundle=rfc8785.dumps(document), log_index=int(entry["logIndex"]))

    def trusted_root(self) -> bytes:
        """See the port."""
        return rfc8785.dumps(json.loads(self._raw)["trustedRoot"])

    def trust_config(self) -> bytes:
        """See the port."""
        return self._raw

    def identity(self) -> str:
        """See the port."""
        return self._identity or self._token().identity

    def issuer(self) -> str:
        """See the port."""
        return self._issuer or self._token().federated_issuer

    def _token(self) -> IdentityToken:
        credential = detect_credential()
        if credential is None:
            raise NoIdentityError(
                "SIGSTORE_TRUST_CONFIG asks for an external authority, but this machine has no "
                "ambient OIDC identity to sign with."
            )
        return IdentityToken(credential)

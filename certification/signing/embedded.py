"""The embedded authority behind the Signer port, through sigstore-python's own SigningContext.

The only module that touches `sigstore._internal`; sigstore is pinned exactly for its sake.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
import rfc8785
from cryptography import x509
from rfc3161_client import TimeStampResponse, decode_timestamp_response
from sigstore import dsse
from sigstore._internal.fulcio import FulcioClient
from sigstore._internal.fulcio.client import FulcioCertificateSigningResponse
from sigstore._internal.rekor import EntryRequestBody
from sigstore._internal.rekor.client import RekorClient
from sigstore._internal.timestamp import TimestampAuthorityClient
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig, TransparencyLogEntry
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from certification.ports import SignedBundle
from certification.signing import certificates, log, merkle, timestamps, trustroot
from certification.signing.authority import Anchors, Authority, load_anchors, load_authority

_TOKEN_SECONDS = 60


class _SigningCertificates:
    """What SigningContext asks of `FulcioClient.signing_cert`."""

    def __init__(self, authority: Authority, *, identity: str, issuer: str) -> None:
        self._authority = authority
        self._identity = identity
        self._issuer = issuer

    def post(
        self, request: x509.CertificateSigningRequest, identity: IdentityToken
    ) -> FulcioCertificateSigningResponse:
        """A certificate for the request's key. The token is our own and proves nothing more:
        only the process that holds the CA key gets here."""
        key = request.public_key()
        leaf = certificates.issue(
            self._authority,
            key,  # type: ignore[arg-type]  # sigstore makes P-256 keys only
            identity=self._identity,
            issuer=self._issuer,
        )
        anchors = self._authority.anchors
        return FulcioCertificateSigningResponse(leaf, [anchors.ca, anchors.root])


class _EmbeddedFulcio(FulcioClient):
    def __init__(self, signing_certificates: _SigningCertificates) -> None:
        super().__init__("http://embedded.invalid")
        self._signing_certificates = signing_certificates

    @property
    def signing_cert(self) -> _SigningCertificates:  # type: ignore[override]
        return self._signing_certificates


class _EmbeddedTimestamps(TimestampAuthorityClient):
    def __init__(self, authority: Authority) -> None:
        super().__init__("http://embedded.invalid")
        self._authority = authority

    def request_timestamp(self, signature: bytes) -> TimeStampResponse:
        digest = hashlib.sha256(signature).digest()
        return decode_timestamp_response(timestamps.respond(self._authority, digest))


class _EmbeddedLog(RekorClient):
    """Takes what RekorClient builds and appends it to our own log, as `dsse/0.0.1`."""

    def __init__(self, authority: Authority, origin: str) -> None:
        super().__init__("http://embedded.invalid")
        self._key = authority.log_key
        self._origin = origin

    def create_entry(self, request: EntryRequestBody) -> TransparencyLogEntry:
        body = rfc8785.dumps(canonical_dsse(request))
        logged = log.append(body, key=self._key, origin=self._origin)
        return TransparencyLogEntry._from_v1_response(rekor_response(logged))


class EmbeddedSigner:
    """`certification.ports.Signer` over keys in `folder`; `url` is the public base URL."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url

    @cached_property
    def _authority(self) -> Authority:
        return load_authority(self._folder)

    @cached_property
    def _anchors(self) -> Anchors:
        return load_anchors(self._folder)

    @cached_property
    def _config(self) -> ClientTrustConfig:
        return ClientTrustConfig.from_json(self.trust_config().decode())

    def sign(self, statement: bytes) -> SignedBundle:
        """Sign, log and verify one in-toto statement; see the port."""
        context = SigningContext(
            fulcio=_EmbeddedFulcio(
                _SigningCertificates(
                    self._authority, identity=self.identity(), issuer=self.issuer()
                )
            ),
            rekor=_EmbeddedLog(self._authority, trustroot.origin_of(f"{self._url}/trust/log")),
            trusted_root=self._config.trusted_root,
            tsa_clients=[_EmbeddedTimestamps(self._authority)],
        )
        with context.signer(self._token()) as signer:
            bundle = signer.sign_dsse(dsse.Statement(statement))
        signed = detached(bundle)
        self._prove(signed)
        return signed

    def trusted_root(self) -> bytes:
        """See the port."""
        return rfc8785.dumps(trustroot.trusted_root(self._anchors, url=self._url))

    def trust_config(self) -> bytes:
        """See the port."""
        return rfc8785.dumps(trustroot.trust_config(self._anchors, url=self._url))

    def identity(self) -> str:
        """See the port."""
        return f"{self._url}/certifier"

    def issuer(self) -> str:
        """See the port."""
        return self._url

    def _prove(self, signed: SignedBundle) -> None:
        """Verify the very bytes that are handed out, the bundle and the timestamp beside it.
        Raises sigstore's VerificationError."""
        verifier = Verifier(trusted_root=self._config.trusted_root)
        bundle = Bundle.from_json(signed.bundle)
        verifier.verify_dsse(bundle, Identity(identity=self.identity(), issuer=self.issuer()))
        time = decode_timestamp_response(signed.timestamp)
        if verifier._verify_signed_timestamp(time, bundle.signature) is None:
            raise VerificationError("the timestamp of the new bundle does not verify")

    def _token(self) -> IdentityToken:
        """SigningContext wants an OIDC token; this one never leaves the process."""
        now = int(time.time())
        claims = {
            "iss": self.issuer(),
            "sub": self.identity(),
            "aud": "sigstore",
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
        }
        return IdentityToken(jwt.encode(claims, secrets.token_hex(32), algorithm="HS256"))


def detached(bundle: Bundle) -> SignedBundle:
    """The bundle without its timestamp, which goes beside it: a client that accepts the log's time
    does not look at a second one, so whoever changed a byte of it would not be noticed."""
    document = json.loads(bundle.to_json())
    data = document["verificationMaterial"].pop("timestampVerificationData")
    return SignedBundle(
        bundle=rfc8785.dumps(document),
        log_index=bundle.log_entry._inner.log_index,
        timestamp=base64.b64decode(data["rfc3161Timestamps"][0]["signedTimestamp"]),
    )


def rekor_response(logged: log.Logged) -> dict[str, Any]:
    """A new entry as Rekor v1 answers it (`createLogEntry` in its OpenAPI document)."""
    proof = {
        "logIndex": logged.index,
        "treeSize": logged.size,
        "rootHash": logged.root.hex(),
        "hashes": [digest.hex() for digest in logged.path],
        "checkpoint": logged.checkpoint,
    }
    entry = {
        "logIndex": logged.index,
        "logID": logged.log_id.hex(),
        "integratedTime": logged.integrated_at,
        "body": base64.b64encode(logged.body).decode(),
        "verification": {
            "signedEntryTimestamp": base64.b64encode(logged.promise).decode(),
            "inclusionProof": proof,
        },
    }
    return {merkle.leaf_hash(logged.body).hex(): entry}


def canonical_dsse(request: Mapping[str, Any]) -> dict[str, Any]:
    """The log entry that Rekor v1 keeps for a proposed DSSE envelope: hashes and signatures."""
    proposed = request["spec"]["proposedContent"]
    envelope = json.loads(proposed["envelope"])
    payload = base64.b64decode(envelope["payload"])
    return {
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": _sha256(proposed["envelope"].encode()),
            "payloadHash": _sha256(payload),
            "signatures": [
                {"signature": signature["sig"], "verifier": proposed["verifiers"][0]}
                for signature in envelope["signatures"]
            ],
        },
    }


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}

"""Sigstore trust documents of the embedded authority, as plain JSON."""

import base64
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certification.signing.authority import Anchors, key_id, spki


def origin_of(url: str) -> str:
    """The log's origin: host and path of its base URL, which clients compare."""
    return url.split("://", 1)[-1].rstrip("/")


def trusted_root(anchors: Anchors, *, url: str) -> dict[str, Any]:
    """trusted_root.json (protobuf JSON of dev.sigstore.trustroot.v1.TrustedRoot)."""
    start = anchors.ca.not_valid_before_utc
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [_log(f"{url}/trust/log", anchors.log, start)],
        "certificateAuthorities": [
            _certificates(f"{url}/trust/ca", [anchors.ca, anchors.root], start)
        ],
        "ctlogs": [_log(f"{url}/trust/ct", anchors.ct, start)],
        "timestampAuthorities": [
            _certificates(f"{url}/trust/tsa", [anchors.tsa, anchors.root], start)
        ],
    }


def trust_config(anchors: Anchors, *, url: str) -> dict[str, Any]:
    """ClientTrustConfig: the trusted root, and where its services would be.

    The embedded services sign inside this installation only; the URLs name them and answer
    nothing, which no verifier minds.
    """
    start = {"start": _time(anchors.ca.not_valid_before_utc)}

    def service(name: str) -> dict[str, Any]:
        return {
            "url": f"{url}/trust/{name}",
            "majorApiVersion": 1,
            "validFor": start,
            "operator": origin_of(url),
        }

    return {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": trusted_root(anchors, url=url),
        "signingConfig": {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service("ca")],
            "oidcUrls": [service("oidc")],
            "rekorTlogUrls": [service("log")],
            "tsaUrls": [service("tsa")],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        },
    }


def _log(url: str, key: ec.EllipticCurvePublicKey, start: datetime) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _encode(spki(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": _time(start)},
        },
        "logId": {"keyId": _encode(key_id(key))},
    }


def _certificates(url: str, chain: list[x509.Certificate], start: datetime) -> dict[str, Any]:
    return {
        "subject": {"organization": "Assay", "commonName": _common_name(chain[0])},
        "uri": url,
        "certChain": {
            "certificates": [
                {"rawBytes": _encode(certificate.public_bytes(serialization.Encoding.DER))}
                for certificate in chain
            ]
        },
        "validFor": {"start": _time(start)},
    }


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

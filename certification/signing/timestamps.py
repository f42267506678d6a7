"""RFC 3161 timestamps, signed by the authority's TSA key."""

import hashlib
from datetime import UTC, datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certification.signing.authority import Authority

#: Policy arc under Sigstore's private enterprise number that its own TSA uses.
_POLICY = "1.3.6.1.4.1.57264.2"


def respond(authority: Authority, digest: bytes) -> bytes:
    """DER of a TimeStampResp over a SHA-256 digest, at the current second."""
    now = datetime.now(UTC).replace(microsecond=0)
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": digest,
            },
            "serial_number": x509.random_serial_number(),
            "gen_time": now,
        }
    )
    token = cms.ContentInfo(
        {"content_type": "signed_data", "content": _signed(authority, info, now)}
    )
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    return bytes(response.dump())


def _signed(authority: Authority, info: tsp.TSTInfo, now: datetime) -> cms.SignedData:
    certificate = asn1_x509.Certificate.load(
        authority.anchors.tsa.public_bytes(serialization.Encoding.DER)
    )
    content = info.dump()
    attributes = _attributes(content, certificate, now)
    signature = authority.tsa_key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    return cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(content),
            },
            "certificates": [certificate],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        name="issuer_and_serial_number",
                        value={
                            "issuer": certificate.issuer,
                            "serial_number": certificate.serial_number,
                        },
                    ),
                    "digest_algorithm": {"algorithm": "sha256"},
                    "signed_attrs": attributes,
                    "signature_algorithm": algos.SignedDigestAlgorithm(
                        {"algorithm": "sha256_ecdsa"}
                    ),
                    "signature": signature,
                }
            ],
        }
    )


def _attributes(
    content: bytes, certificate: asn1_x509.Certificate, now: datetime
) -> cms.CMSAttributes:
    """The signed attributes of RFC 5652 and, as RFC 5816 asks, the signer's certificate hash."""
    identifier = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate.dump()).digest()})
    return cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": now})]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
            {
                "type": "signing_certificate_v2",
                "values": [tsp.SigningCertificateV2({"certs": [identifier]})],
            },
        ]
    )

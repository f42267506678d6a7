"""RFC 3161 tokens against the client that sigstore uses."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from certification.signing import timestamps
from certification.signing.authority import load_authority

MESSAGE = b"a signature"


@pytest.fixture
def authority(tmp_path):
    return load_authority(tmp_path / "keys")


def respond(authority, message=MESSAGE):
    return timestamps.respond(authority, hashlib.sha256(message).digest())


def verifier(authority):
    return (
        VerifierBuilder()
        .tsa_certificate(authority.anchors.tsa)
        .add_root_certificate(authority.anchors.root)
        .build()
    )


def test_it_proves_that_the_message_was_there_now(authority):
    answer = decode_timestamp_response(respond(authority))
    assert verifier(authority).verify_message(answer, MESSAGE)
    age = datetime.now(UTC) - answer.tst_info.gen_time
    assert timedelta() <= age < timedelta(seconds=10)


def test_it_proves_nothing_of_another_message_or_authority(authority, tmp_path):
    answer = decode_timestamp_response(respond(authority))
    with pytest.raises(VerificationError):
        verifier(authority).verify_message(answer, b"another signature")
    with pytest.raises(VerificationError):
        verifier(load_authority(tmp_path / "other")).verify_message(answer, MESSAGE)


def test_no_two_have_one_serial_number(authority):
    answers = [decode_timestamp_response(respond(authority)) for _ in range(4)]
    assert len({answer.tst_info.serial_number for answer in answers}) == 4


def test_the_token_carries_its_certificate_for_other_clients(authority):
    token = tsp.TimeStampResp.load(respond(authority))["time_stamp_token"]["content"]
    (found,) = (x509.load_der_x509_certificate(c.dump()) for c in token["certificates"])
    assert found.public_bytes(Encoding.DER) == authority.anchors.tsa.public_bytes(Encoding.DER)

"""A Sigstore stack over loopback HTTP: the wire of Fulcio, Rekor v1 and an RFC 3161 TSA."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import jwt
import rfc8785
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection

from certification.signing import certificates, log, timestamps
from certification.signing.authority import load_authority
from certification.signing.embedded import EmbeddedSigner, canonical_dsse, rekor_response
from certification.signing.trustroot import origin_of


class Stack(HTTPServer):
    """Answers what the ClientTrustConfig `config` names; remembers the paths it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.authority = load_authority(folder)
        self.config = EmbeddedSigner(folder, self.url).trust_config()
        self.asked: list[str] = []
        self.identity_override = ""

    def certify(self, body: bytes, authorization: str) -> bytes:
        claims = jwt.decode(authorization.split()[1], options={"verify_signature": False})
        pem = base64.b64decode(json.loads(body)["certificateSigningRequest"])
        leaf = certificates.issue(
            self.authority,
            x509.load_pem_x509_csr(pem).public_key(),
            identity=self.identity_override or claims["sub"],
            issuer=claims["iss"],
        )
        anchors = self.authority.anchors
        chain = [
            one.public_bytes(Encoding.PEM).decode() for one in (leaf, anchors.ca, anchors.root)
        ]
        return json.dumps(
            {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}
        ).encode()

    def append(self, body: bytes) -> bytes:
        try:
            entry = rfc8785.dumps(canonical_dsse(json.loads(body)))
            origin = origin_of(f"{self.url}/trust/log")
            logged = log.append(entry, key=self.authority.log_key, origin=origin)
        finally:
            connection.close()
        return json.dumps(rekor_response(logged)).encode()

    def stamp(self, body: bytes) -> bytes:
        imprint = tsp.TimeStampReq.load(body)["message_imprint"]
        return timestamps.respond(self.authority, imprint["hashed_message"].native)


class _Handler(BaseHTTPRequestHandler):
    server: Stack

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.path:
            case "/api/v2/signingCert":
                answer = self.server.certify(body, self.headers["Authorization"])
            case "/trust/log/api/v1/log/entries":
                answer = self.server.append(body)
            case "/trust/tsa":
                answer = self.server.stamp(body)
            case _:
                raise AssertionError(self.path)
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    with Stack(folder) as stack:
        thread = Thread(target=stack.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stack
        finally:
            stack.shutdown()
            thread.join()

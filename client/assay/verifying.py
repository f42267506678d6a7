"""Whether a bundle proves what a manifest says, by sigstore, without network."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from assay.config import Trust
from assay.faults import Exit, FaultError

if TYPE_CHECKING:
    from cryptography import x509
    from rfc3161_client import TimeStampResponse

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MANIFEST_NAME = "assay-manifest.json"
RECORD = ".assay"
_MAX_FILES = 20_000
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
#: What reading a document of another shape raises.
_MISSHAPEN = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file to install: relative path, sha256:<hex>, bytes."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A manifest that a trusted bundle covers, with every file it names."""

    package: str
    version: str
    digest: str
    manifest_digest: str
    expires_at: datetime
    files: tuple[ManifestFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def verify(
    manifest: bytes,
    bundle: bytes,
    trust: Trust,
    *,
    package: str,
    version: str,
    timestamp: bytes = b"",
) -> Verified:
    """Check signature, identity, log and time, and that the statement is a passed verification
    summary (SLSA VSA v1) of exactly this package and version, over exactly this manifest and
    these files. `timestamp` is the RFC 3161 response beside the bundle, empty where the
    certificate has none. Raises FaultError (UNVERIFIED)."""
    statement = _statement(bundle, trust)
    if timestamp:
        _check_time(timestamp, bundle, trust)
    try:
        why = _other_release(statement, package, version) or _other_manifest(statement, manifest)
        verified = None if why else _read(manifest)
        why = why or _other_files(statement, verified, package, version)
    except _MISSHAPEN as fault:
        raise FaultError(
            f"The certificate of {package}@{version} or its install manifest cannot be read: "
            f"{str(fault)[:200]}",
            Exit.UNVERIFIED,
        ) from fault
    if why or verified is None:
        raise FaultError(
            f"The certificate of {package}@{version} does not verify: {why}.", Exit.UNVERIFIED
        )
    return verified


def _statement(bundle: bytes, trust: Trust) -> dict[str, Any]:
    # sigstore takes half a second to import, which `assay --help` need not wait for.
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    try:
        root = ClientTrustConfig.from_json(trust.config).trusted_root
        kind, payload = Verifier(trusted_root=root).verify_dsse(
            Bundle.from_json(bundle), Identity(identity=trust.identity, issuer=trust.issuer)
        )
        statement = json.loads(payload)
        if kind != PAYLOAD_TYPE or not isinstance(statement, dict):
            raise ValueError("it holds no in-toto statement")
    except _unreadable() as fault:
        raise FaultError(
            f"The certificate does not verify against the pinned trust: {str(fault)[:300]}",
            Exit.UNVERIFIED,
        ) from fault
    return statement


def _check_time(timestamp: bytes, bundle: bytes, trust: Trust) -> None:
    """Sigstore does not look beside a bundle. Raises FaultError (UNVERIFIED) unless an authority of
    the pinned trust stamped this bundle's signature while its certificate was valid."""
    from rfc3161_client import decode_timestamp_response
    from sigstore.models import Bundle, ClientTrustConfig

    try:
        signed = Bundle.from_json(bundle)
        response = decode_timestamp_response(timestamp)
        time = response.tst_info.gen_time
        leaf = signed.signing_certificate
        if not leaf.not_valid_before_utc <= time <= leaf.not_valid_after_utc:
            raise ValueError("the signing certificate was not valid then")
        root = ClientTrustConfig.from_json(trust.config).trusted_root
        chains = [
            authority.certificates(allow_expired=True)
            for authority in root.get_timestamp_authorities()
            if authority.validity_period_start <= time
            and (authority.validity_period_end is None or time < authority.validity_period_end)
        ]
        if not any(_stamped(response, signed.signature, chain) for chain in chains):
            raise ValueError("no timestamping authority of the pinned trust made it")
    except _unreadable() as fault:
        raise FaultError(
            f"The timestamp of the certificate does not verify: {str(fault)[:300]}.",
            Exit.UNVERIFIED,
        ) from fault


def _unreadable() -> tuple[type[Exception], ...]:
    """What reading a signature or certificate that somebody else made raises. An odd time is an
    OSError or OverflowError; no file or socket is read."""
    from cryptography import exceptions, x509
    from sigstore.errors import Error as SigstoreError

    return (
        SigstoreError,
        exceptions.UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
        OverflowError,
        OSError,
        *_MISSHAPEN,
    )


def _stamped(
    response: "TimeStampResponse", signature: bytes, chain: list["x509.Certificate"]
) -> bool:
    """Whether the first of these certificates, under the last, stamped the signature."""
    from rfc3161_client import VerificationError, VerifierBuilder

    if not chain[1:]:
        return False
    builder = VerifierBuilder(tsa_certificate=chain[0], intermediates=chain[1:-1], roots=chain[-1:])
    try:
        return builder.build().verify_message(response, signature)
    except VerificationError:
        return False


def _other_release(statement: dict[str, Any], package: str, version: str) -> str:
    """Why this is no passed verification summary of the release; empty when it is one."""
    predicate = statement["predicate"]
    wanted = f"pkg:generic/{package}@{quote(version, safe='.-_~')}"
    faults = (
        (
            statement["_type"] != STATEMENT_TYPE or statement["predicateType"] != PREDICATE_TYPE,
            "it is not a verification summary",
        ),
        (predicate["verificationResult"] != "PASSED", "its result is not PASSED"),
        (predicate["resourceUri"] != wanted, f"it is about {predicate['resourceUri']}"),
    )
    return next((why for wrong, why in faults if wrong), "")


def _other_manifest(statement: dict[str, Any], manifest: bytes) -> str:
    named = [item for item in _subjects(statement) if item[0] == MANIFEST_NAME]
    right = named == [(MANIFEST_NAME, digest_of(manifest))]
    return "" if right else "it does not cover the install manifest"


def _other_files(
    statement: dict[str, Any], verified: Verified | None, package: str, version: str
) -> str:
    """The statement names the manifest and its files by path and digest, and nothing besides."""
    if verified is None:
        return "it covers no manifest"
    if (verified.package, verified.version) != (package, version):
        return f"the manifest is of {verified.package}@{verified.version}"
    named = [item for item in _subjects(statement) if item[0] != MANIFEST_NAME]
    if sorted(named) != sorted((file.path, file.digest) for file in verified.files):
        return "it does not cover exactly the files of the manifest"
    return ""


def _subjects(statement: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(subject["name"]), f"sha256:{subject['digest']['sha256']}")
        for subject in statement["subject"]
    ]


def _read(manifest: bytes) -> Verified:
    document = json.loads(manifest)
    return Verified(
        package=str(document["package"]),
        version=str(document["version"]),
        digest=_digest(document["digest"]),
        manifest_digest=digest_of(manifest),
        expires_at=datetime.fromisoformat(document["certificate"]["expiresAt"]),
        files=_files(document["files"]),
    )


def _files(listed: list[dict[str, Any]]) -> tuple[ManifestFile, ...]:
    if not 0 < len(listed) <= _MAX_FILES:
        raise ValueError(f"it names {len(listed)} files")
    files = tuple(
        ManifestFile(check_path(item["path"]), _digest(item["digest"]), _size(item["size"]))
        for item in listed
    )
    _refuse_collisions([file.path for file in files])
    return files


def _refuse_collisions(paths: list[str]) -> None:
    """No two paths equal on any file system, and none that is also a folder of another."""
    folded = {unicodedata.normalize("NFC", path).casefold() for path in paths}
    folders = {str(folder) for path in folded for folder in PurePosixPath(path).parents}
    if len(folded) != len(paths) or folded & folders:
        raise ValueError("it names one path twice, or a folder as a file")


def check_path(path: object) -> str:
    """The path itself when it stays below the folder it is installed to and takes no name of
    ours there; raises ValueError."""
    text = str(path)
    parts = text.split("/")
    bad = (
        {"", ".", ".."} & set(parts)
        or "\\" in text
        or any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)
        or re.match(r"[A-Za-z]:", text)
        or parts[0].casefold() in {RECORD, MANIFEST_NAME}
    )
    if bad:
        raise ValueError(f"it holds an unsafe path: {text[:120]!r}")
    return text


def _digest(value: object) -> str:
    if not _DIGEST.fullmatch(str(value)):
        raise ValueError(f"{str(value)[:80]!r} is not a digest")
    return str(value)


def _size(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{str(value)[:80]!r} is not a size")
    return value


def digest_of(data: bytes) -> str:
    """sha256:<hex>."""
    return "sha256:" + hashlib.sha256(data).hexdigest()

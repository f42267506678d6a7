"""Whether a bundle proves what a manifest says, by sigstore, without network."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from assay.config import Trust
from assay.faults import Exit, FaultError

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
MANIFEST_NAME = "assay-manifest.json"
_MAX_FILES = 20_000


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
    files: tuple[ManifestFile, ...]
    manifest: dict[str, Any]


def verify(manifest: bytes, bundle: bytes, trust: Trust, *, package: str, version: str) -> Verified:
    """Check signature, identity, log, time, and that the statement covers the manifest and all
    of its files and names exactly this package and version. Raises FaultError (UNVERIFIED)."""
    statement = _statement(bundle, trust)
    covered = {
        f"sha256:{subject['digest'].get('sha256', '')}" for subject in statement.get("subject", [])
    }
    predicate = statement.get("predicate", {})
    wanted = f"pkg:generic/{package}@{quote(version, safe='.-_~')}"
    document = json.loads(manifest)
    files = _files(document)
    faults = (
        (statement.get("predicateType") != PREDICATE_TYPE, "it is not a verification summary"),
        (predicate.get("verificationResult") != "PASSED", "its result is not PASSED"),
        (predicate.get("resourceUri") != wanted, f"it is about {predicate.get('resourceUri')}"),
        (_digest(manifest) not in covered, "it does not cover the install manifest"),
        (document.get("package") != package, f"the manifest is of {document.get('package')}"),
        (document.get("version") != version, f"the manifest is of {document.get('version')}"),
        (any(file.digest not in covered for file in files), "it does not cover every file"),
    )
    for wrong, why in faults:
        if wrong:
            raise FaultError(
                f"The certificate of {package}@{version} does not verify: {why}.", Exit.UNVERIFIED
            )
    return Verified(package, version, files, document)


def _statement(bundle: bytes, trust: Trust) -> dict[str, Any]:
    # sigstore takes half a second to import, which `assay --help` need not wait for.
    from sigstore.errors import Error as SigstoreError
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    try:
        root = ClientTrustConfig.from_json(trust.config).trusted_root
        _, payload = Verifier(trusted_root=root).verify_dsse(
            Bundle.from_json(bundle), Identity(identity=trust.identity, issuer=trust.issuer)
        )
        statement: dict[str, Any] = json.loads(payload)
    except (SigstoreError, ValueError) as fault:
        raise FaultError(
            f"The certificate does not verify against the pinned trust: {fault}", Exit.UNVERIFIED
        ) from fault
    return statement


def _files(manifest: dict[str, Any]) -> tuple[ManifestFile, ...]:
    files = tuple(
        ManifestFile(check_path(item["path"]), str(item["digest"]), int(item["size"]))
        for item in manifest["files"][: _MAX_FILES + 1]
    )
    if len(files) > _MAX_FILES or len({file.path.casefold() for file in files}) != len(files):
        raise FaultError("The manifest names too many files, or one twice.", Exit.UNVERIFIED)
    return files


def check_path(path: object) -> str:
    """The path itself when it stays below the folder it is installed to; raises FaultError."""
    text = str(path)
    parts = text.split("/")
    bad = {"", ".", ".."} & set(parts) or "\\" in text or "\0" in text or parts[0] == ".assay"
    if bad or (len(text) > 1 and text[1] == ":"):
        raise FaultError(f"The manifest holds an unsafe path: {text[:120]!r}.", Exit.UNVERIFIED)
    return text


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()

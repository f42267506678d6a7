"""Lock files: what was resolved, by digest, so that every machine installs the same bytes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.api import Api
from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.installing import Progress, check_target, install, prove, resolve
from assay.names import split_release
from assay.verifying import Verified

SCHEMA = "urn:assay:lock:v1"


@dataclass(frozen=True, slots=True)
class Locked:
    """One version, fixed by the digest (sha256:<hex>) of its install manifest."""

    package: str
    version: str
    manifest_digest: str
    size: int  # bytes of all files


def lock(api: Api, names: list[str], trust: Trust) -> dict[str, Any]:
    """The lock of these names, each resolved and verified; raises FaultError for the first that
    is not to be had."""
    packages = []
    for name in names:
        verified, _ = prove(api, *resolve(api, name), trust)
        packages.append(_entry(verified))
    packages.sort(key=lambda entry: str(entry["package"]))
    if len({entry["package"] for entry in packages}) != len(packages):
        raise FaultError("Name each package once.", Exit.USAGE)
    return {"schema": SCHEMA, "url": api.url, "packages": packages}


def read_lock(path: Path) -> list[Locked]:
    """What a lock file holds; raises FaultError (USAGE)."""
    try:
        return _read(json.loads(path.read_text()))
    except FileNotFoundError as fault:
        raise FaultError(f"{path} does not exist: run `assay lock NAME...`.", Exit.USAGE) from fault
    except (ValueError, TypeError, LookupError, RecursionError) as fault:
        raise FaultError(f"{path} is not a lock file: {fault}.", Exit.USAGE) from fault


def sync(api: Api, locked: Locked, trust: Trust, to: Path, progress: Progress) -> Path:
    """Install one locked version below `to`, as namespace/name; raises FaultError, also
    UNVERIFIED when the marketplace has another manifest under that version now."""
    target = to / locked.package
    check_target(target, locked.package)
    resolve(api, f"{locked.package}@{locked.version}")
    verified, proof = prove(api, locked.package, locked.version, trust)
    if verified.manifest_digest != locked.manifest_digest:
        raise FaultError(
            f"{locked.package}@{locked.version} is not what was locked.", Exit.UNVERIFIED
        )
    install(api, verified, proof, target, progress)
    return target


def _entry(verified: Verified) -> dict[str, Any]:
    return {
        "package": verified.package,
        "version": verified.version,
        "digest": verified.digest,
        "manifestDigest": verified.manifest_digest,
        "size": verified.size,
    }


def _read(document: dict[str, Any]) -> list[Locked]:
    if document["schema"] != SCHEMA:
        raise ValueError(f"its schema is {document['schema']}")
    return [_locked(entry) for entry in document["packages"]]


def _locked(entry: dict[str, Any]) -> Locked:
    package, version = split_release(f"{entry['package']}@{entry['version']}")
    return Locked(package, version, str(entry["manifestDigest"]), int(entry["size"]))

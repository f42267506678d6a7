"""Installing: verify first, fetch into a staging folder, check every byte, place in one step."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from assay import config
from assay.api import PAUSES, Api, BrokenTransferError
from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.names import split_name, version_path
from assay.placing import check_files, staged, strangers
from assay.verifying import RECORD, ManifestFile, Verified, verify

_CHUNK = 1024 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What an install rests on: the documents as they came, and the trust they were held to.
    `timestamp` is empty where the certificate has none beside its bundle."""

    manifest: bytes
    bundle: bytes
    trust: Trust
    timestamp: bytes = b""


@dataclass(frozen=True, slots=True)
class Installed:
    """What stands in an installed folder, from its own record."""

    package: str
    version: str
    digest: str
    url: str
    manifest: bytes
    bundle: bytes
    timestamp: bytes


def resolve(api: Api, name: str) -> tuple[str, str]:
    """The package and version to install now; raises FaultError, WITHDRAWN for what was revoked,
    UNVERIFIED when the server names something else than what was asked for."""
    package, version = split_name(name)
    answer = api.json("POST", "/api/v1/resolve", json={"names": [name]})
    if answer["resolved"]:
        found = answer["resolved"][0]
        offered = split_name(f"{found['name']}@{found['version']}")
        if offered[0] != package or version not in {"", offered[1]}:
            raise FaultError(
                f"{api.url} offers {'@'.join(offered)} for {name}: nothing was installed.",
                Exit.UNVERIFIED,
            )
        return offered
    for gone in withdrawn(api):
        if gone["package"] == package and version in {"", gone["version"]}:
            raise FaultError(
                f"{package}@{gone['version']} is {gone['state']}: {gone['reason']}", Exit.WITHDRAWN
            )
    problem = next(iter(answer["problems"]), {"detail": f"{name} was not found."})
    raise FaultError(str(problem["detail"]))


def withdrawn(api: Api) -> list[dict[str, Any]]:
    """Every revoked or quarantined version, with the reason."""
    return [gone for page in api.pages("/api/v1/revocations") for gone in page]


def prove(api: Api, package: str, version: str, trust: Trust) -> tuple[Verified, Proof]:
    """The documents about a version, verified; raises FaultError before any file is fetched."""
    base = version_path(package, version)
    manifest = api.data(f"{base}/manifest")
    bundle = api.data(f"{base}/attestations/certificate")
    timestamp = _timestamp(api, f"{base}/attestations/timestamp")
    verified = verify(
        manifest, bundle, trust, package=package, version=version, timestamp=timestamp
    )
    if is_expired(verified):
        raise FaultError(
            f"The certificate of {package}@{version} ended on {verified.expires_at:%Y-%m-%d}: "
            "ask its publisher for a newer version.",
            Exit.UNVERIFIED,
        )
    return verified, Proof(manifest, bundle, trust, timestamp)


def _timestamp(api: Api, path: str) -> bytes:
    """Older certificates, and those of an external Sigstore stack, have none of their own."""
    try:
        return api.data(path)
    except FaultError as fault:
        if fault.problem != "not-found":
            raise
        return b""


def is_expired(verified: Verified) -> bool:
    """Whether the certificate's time is over, by this machine's clock."""
    return verified.expires_at <= datetime.now(UTC)


def install(api: Api, verified: Verified, proof: Proof, target: Path, progress: Progress) -> None:
    """Fetch every file and place the folder in one step; the old one is kept until then.

    Raises FaultError; whatever happens, `target` is either what it was or the whole new version.
    """
    check_target(target, verified.package)
    with staged(target, verified) as staging:
        if shutil.disk_usage(staging).free < verified.size:
            raise FaultError(f"{verified.size} bytes do not fit on the disk of {target}.")
        shutil.rmtree(staging / RECORD, ignore_errors=True)
        for file in verified.files:
            _fetch(api, verified, file, staging / file.path, progress)
        check_files(staging, verified)
        _record(staging / RECORD, api.url, verified, proof)
    config.note_install(target, f"{verified.package}@{verified.version}")


def read_record(target: Path) -> Installed:
    """What was installed at `target`; raises FaultError when nothing was."""
    stamped = target / RECORD / "timestamp.tsr"
    try:
        record = json.loads((target / RECORD / "install.json").read_text())
        return Installed(
            **{key: str(record[key]) for key in ("package", "version", "digest", "url")},
            manifest=(target / RECORD / "manifest.json").read_bytes(),
            bundle=(target / RECORD / "bundle.json").read_bytes(),
            timestamp=stamped.read_bytes() if stamped.exists() else b"",
        )
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as fault:
        raise FaultError(f"{target} holds nothing that assay installed.", Exit.USAGE) from fault


def check_target(target: Path, package: str) -> None:
    """A place that may be filled: free, empty, or an untouched install of the same package.
    `target` is absolute. Raises FaultError (USAGE) for any other."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise FaultError(f"{target} is in the way: it is not a folder.", Exit.USAGE)
    if target in {Path.cwd(), *Path.cwd().parents}:
        raise FaultError("Name another folder than the one you are in.", Exit.USAGE)
    if not target.exists() or not any(target.iterdir()):
        return
    there = read_record(target) if (target / RECORD).is_dir() else None
    if there is None or there.package != package:
        raise FaultError(f"{target} is not empty: name another folder with --to.", Exit.USAGE)
    own = strangers(target, _paths(there.manifest))
    if own:
        raise FaultError(
            f"{own[0]} was not installed by assay and would be lost: move it away.", Exit.USAGE
        )


def _paths(manifest: bytes) -> frozenset[str]:
    """The files an earlier install says it placed."""
    try:
        return frozenset(str(file["path"]) for file in json.loads(manifest)["files"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return frozenset()


def _fetch(
    api: Api, verified: Verified, file: ManifestFile, target: Path, progress: Progress
) -> None:
    """One file, hashed while it is written; broken transfers go on where they stopped."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = f"{version_path(verified.package, verified.version)}/blobs/{file.digest}"
    with target.open("a+b") as sink:
        hasher, size = _known(sink, file)
        progress(size)
        waits: Iterator[float] = iter(PAUSES)
        while size < file.size:
            before = size
            fault: Exception = BrokenTransferError("it ended too early")
            try:
                with api.stream(path, start=size) as chunks:
                    for chunk in chunks:
                        size += len(chunk)
                        if size > file.size:
                            raise _wrong(file)
                        hasher.update(chunk)
                        sink.write(chunk)
                        progress(len(chunk))
            except BrokenTransferError as broken:
                fault = broken
            if size < file.size:
                waits = iter(PAUSES) if size > before else waits
                _wait(waits, file, fault)
    if f"sha256:{hasher.hexdigest()}" != file.digest:
        raise _wrong(file)


def _known(sink: BinaryIO, file: ManifestFile) -> tuple["hashlib._Hash", int]:
    """Hash and size of what an earlier try left; too much of it is thrown away."""
    sink.seek(0)
    hasher = hashlib.sha256()
    size = 0
    while chunk := sink.read(_CHUNK):
        hasher.update(chunk)
        size += len(chunk)
    if size <= file.size and (size < file.size or f"sha256:{hasher.hexdigest()}" == file.digest):
        return hasher, size
    sink.truncate(0)
    return hashlib.sha256(), 0


def _wait(waits: Iterator[float], file: ManifestFile, fault: Exception) -> None:
    pause = next(waits, None)
    if pause is None:
        raise FaultError(
            f"{file.path} could not be fetched ({fault}). Run the command again to go on."
        ) from fault
    time.sleep(pause)


def _wrong(file: ManifestFile) -> FaultError:
    return FaultError(
        f"{file.path} is not what the certificate says: nothing was installed.", Exit.UNVERIFIED
    )


def _record(folder: Path, url: str, verified: Verified, proof: Proof) -> None:
    """What `assay verify` and a stock `sigstore --trust-config` need, beside the files."""
    folder.mkdir()
    (folder / "manifest.json").write_bytes(proof.manifest)
    (folder / "bundle.json").write_bytes(proof.bundle)
    if proof.timestamp:
        (folder / "timestamp.tsr").write_bytes(proof.timestamp)
    (folder / "trust_config.json").write_text(proof.trust.config)
    record = {
        "package": verified.package,
        "version": verified.version,
        "digest": verified.digest,
        "manifestDigest": verified.manifest_digest,
        "url": url,
        "identity": proof.trust.identity,
        "issuer": proof.trust.issuer,
        "installedAt": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / "install.json").write_text(json.dumps(record, indent=2))

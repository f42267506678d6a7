"""Installing: verify first, fetch into a staging folder, check every byte, place in one step."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from assay import config
from assay.api import PAUSES, Api, version_path
from assay.config import Trust
from assay.faults import Exit, FaultError
from assay.verifying import ManifestFile, Verified, verify

RECORD = ".assay"
_CHUNK = 1024 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Installed:
    """What stands in an installed folder, from its own record."""

    package: str
    version: str
    digest: str
    url: str
    manifest: bytes
    bundle: bytes


def resolve(api: Api, name: str) -> tuple[str, str]:
    """The package and version to install now; raises FaultError, WITHDRAWN for what was revoked."""
    answer = api.json("POST", "/api/v1/resolve", json={"names": [name]})
    if answer["resolved"]:
        found = answer["resolved"][0]
        return str(found["name"]).partition("@")[0], str(found["version"])
    problem = answer["problems"][0]
    package, _, version = name.partition("@")
    for gone in withdrawn(api):
        if gone["package"] == package and version in {"", gone["version"]}:
            raise FaultError(
                f"{package}@{gone['version']} is {gone['state']}: {gone['reason']}", Exit.WITHDRAWN
            )
    raise FaultError(problem["detail"])


def withdrawn(api: Api) -> list[dict[str, Any]]:
    """Every revoked or quarantined version, with the reason."""
    found: list[dict[str, Any]] = []
    path: str | None = "/api/v1/revocations"
    while path:
        page = api.json("GET", path)
        found += page["results"]
        path = page.get("next")
    return found


def prove(api: Api, package: str, version: str, trust: Trust) -> tuple[Verified, bytes, bytes]:
    """Manifest and bundle of a version, verified; raises FaultError before any file is fetched."""
    base = version_path(package, quote(version))
    manifest = api.data(f"{base}/manifest")
    bundle = api.data(f"{base}/attestations/certificate")
    return verify(manifest, bundle, trust, package=package, version=version), manifest, bundle


def install(
    api: Api, verified: Verified, documents: tuple[bytes, bytes], target: Path, progress: Progress
) -> None:
    """Fetch every file and place the folder in one step; the old one is kept until then.

    Raises FaultError; whatever happens, `target` is either what it was or the whole new version.
    """
    _check_target(target, verified.package)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for file in verified.files:
            _fetch(api, verified, file, staging / file.path, progress)
        _record(staging / RECORD, api.url, verified, documents)
        staging.chmod(0o755)
        _place(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    config.note_install(target.resolve(), f"{verified.package}@{verified.version}")


def read_record(target: Path) -> Installed:
    """What was installed at `target`; raises FaultError when nothing was."""
    try:
        record = json.loads((target / RECORD / "install.json").read_text())
        return Installed(
            **record,
            manifest=(target / RECORD / "manifest.json").read_bytes(),
            bundle=(target / RECORD / "bundle.json").read_bytes(),
        )
    except (OSError, ValueError, TypeError) as fault:
        raise FaultError(f"{target} holds nothing that assay installed.", Exit.USAGE) from fault


def check_files(target: Path, verified: Verified) -> None:
    """Every file as the manifest says, and none besides; raises FaultError (UNVERIFIED)."""
    for file in verified.files:
        path = target / file.path
        if path.is_symlink() or not path.is_file() or _sha256(path) != file.digest:
            raise FaultError(f"{path} is not what was certified.", Exit.UNVERIFIED)
    known = {file.path for file in verified.files}
    for path in target.rglob("*"):
        relative = path.relative_to(target).as_posix()
        if relative.split("/")[0] == RECORD or path.is_dir():
            continue
        if relative not in known:
            raise FaultError(f"{path} is not part of the certified version.", Exit.UNVERIFIED)


def _check_target(target: Path, package: str) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise FaultError(f"{target} is in the way: it is not a folder.", Exit.USAGE)
    if target.exists() and any(target.iterdir()):
        there = read_record(target) if (target / RECORD).exists() else None
        if there is None or there.package != package:
            raise FaultError(f"{target} is not empty: name another folder with --to.", Exit.USAGE)


def _fetch(
    api: Api, verified: Verified, file: ManifestFile, target: Path, progress: Progress
) -> None:
    """One file, hashed while it is written; broken transfers go on where they stopped."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = f"{version_path(verified.package, quote(verified.version))}/blobs/{file.digest}"
    hasher = hashlib.sha256()
    size = 0
    pauses = iter(PAUSES)
    with target.open("wb") as sink:
        while size < file.size:
            try:
                for chunk in _chunks(api, path, start=size):
                    size += len(chunk)
                    if size > file.size:
                        raise _wrong(file)
                    hasher.update(chunk)
                    sink.write(chunk)
                    progress(len(chunk))
            except httpx.TransportError as fault:
                pause = next(pauses, None)
                if pause is None:
                    raise FaultError(f"{file.path} could not be fetched: {fault}") from fault
                time.sleep(pause)
            else:
                break
    if size != file.size or f"sha256:{hasher.hexdigest()}" != file.digest:
        raise _wrong(file)


def _chunks(api: Api, path: str, *, start: int) -> Iterator[bytes]:
    with api.stream(path, start=start) as response:
        yield from response.iter_bytes(_CHUNK)


def _wrong(file: ManifestFile) -> FaultError:
    return FaultError(
        f"{file.path} is not what the certificate says: nothing was installed.", Exit.UNVERIFIED
    )


def _record(folder: Path, url: str, verified: Verified, documents: tuple[bytes, bytes]) -> None:
    folder.mkdir()
    manifest, bundle = documents
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "bundle.json").write_bytes(bundle)
    record = {
        "package": verified.package,
        "version": verified.version,
        "digest": verified.manifest["digest"],
        "url": url,
    }
    (folder / "install.json").write_text(json.dumps(record, indent=2))


def _place(staging: Path, target: Path) -> None:
    """Swap the folders; on any fault the old one comes back."""
    if not target.exists():
        staging.rename(target)
        return
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"

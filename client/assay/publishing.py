"""Publishing: hash, announce, send what is missing, publish, follow the certification."""

import base64
import hashlib
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay import config
from assay.api import Answer, Api
from assay.faults import Exit, FaultError
from assay.names import version_path
from assay.verifying import RECORD

CHUNK = 1024 * 1024
POLL_SECONDS = 0.5
REVIEW_POLL_SECONDS = 5.0
PENDING = frozenset({"submitted", "certifying"})
IN_REVIEW = frozenset({"in_review"})
_SKIPPED = frozenset({".git", "__pycache__", ".DS_Store"})
_TAKEN = frozenset({"upload-closed", "version-exists"})

Progress = Callable[[int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file to publish: where it is, its published path, bytes, sha256:<hex>."""

    source: Path
    path: str
    size: int
    digest: str


def collect(root: Path, say: Say) -> list[LocalFile]:
    """The file, or every file below the folder, hashed; what is left out is said. Raises FaultError
    for links, devices and empty folders."""
    if not root.exists():
        raise FaultError(f"{root} does not exist.", Exit.USAGE)
    if root.is_file():
        return [_local(root, root.name)]
    paths = [path for path in sorted(root.rglob("*")) if not _left_out(path, root, say)]
    found = [_local(path, path.relative_to(root).as_posix()) for path in paths if _is_file(path)]
    if not found:
        raise FaultError(f"{root} holds no files.", Exit.USAGE)
    return found


def _is_file(path: Path) -> bool:
    """Whether it is a file and not a folder; raises FaultError for what is neither."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise FaultError(f"{path} is a symbolic link: publish the file itself instead.")
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise FaultError(f"{path} is neither a file nor a folder: take it away.")
    return stat.S_ISREG(mode)


def _left_out(path: Path, root: Path, say: Say) -> bool:
    relative = path.relative_to(root)
    ours = relative.parts[0] == RECORD
    if not ours and not _SKIPPED & set(relative.parts):
        return False
    if relative.name in _SKIPPED or relative.as_posix() == RECORD:
        say(f"Leaving out {relative}")
    return True


def upload(api: Api, files: list[LocalFile], progress: Progress) -> str:
    """Send the files in parts and return the upload's id. An upload of the same files that was
    cut short is gone on with."""
    tree = _tree_digest(files)
    document = _resumed(api, config.upload_under_way(api.url, tree)) or api.json(
        "POST",
        "/api/v1/uploads/",
        patient=True,
        json={"files": [{"path": f.path, "size": f.size, "digest": f.digest} for f in files]},
    )
    config.note_upload(api.url, tree, document["id"])
    local = {unicodedata.normalize("NFC", file.path): file for file in files}
    for remote in document["files"]:
        file = local.get(remote["path"])
        if file is None:
            raise FaultError(f"The server asks for “{remote['path']}”, which was not announced.")
        for number, part in _parts(file, remote, document["partSize"]):
            if part is not None:
                _put(api, document["id"], remote["id"], number, part)
            progress(_part_bytes(remote, number, document["partSize"]))
    return str(document["id"])


def publish(
    api: Api, files: list[LocalFile], upload_id: str, *, name: str, version: str
) -> dict[str, Any]:
    """Make a version of a complete upload; raises FaultError with the server's sentence. When an
    answer was lost on the way and the upload is published already, that version is the answer."""
    body = {key: value for key, value in (("name", name), ("version", version)) if value}
    path = f"/api/v1/uploads/{upload_id}"
    try:
        published = api.json("POST", f"{path}/publish", patient=True, json=body)
    except FaultError as fault:
        earlier = api.json("GET", f"{path}/")["version"] if fault.problem in _TAKEN else None
        if not earlier or not _is_wanted(earlier, name, version):
            raise
        published = earlier
    config.note_upload(api.url, _tree_digest(files), "")
    return published


def _is_wanted(published: dict[str, Any], name: str, version: str) -> bool:
    package = str(published["package"])
    return name in {"", package, package.partition("/")[2]} and version in {
        "",
        published["version"],
    }


def follow(
    api: Api,
    version: dict[str, Any],
    tell: Callable[[dict[str, Any]], None],
    *,
    pending: frozenset[str] = PENDING,
) -> dict[str, Any]:
    """Wait until the state leaves `pending`, telling each check once; returns the progress."""
    told: set[str] = set()
    while True:
        now = api.json("GET", f"/api/v1/certifications/{version['certification']}/", patient=True)
        for stage in now["stages"]:
            for check in stage["checks"]:
                if check["outcome"] not in {"waiting", "running"} and check["id"] not in told:
                    told.add(check["id"])
                    tell({**check, "stage": stage["stage"]})
        if now["state"] not in pending:
            return now
        time.sleep(REVIEW_POLL_SECONDS if now["state"] in IN_REVIEW else POLL_SECONDS)


def status(api: Api, package: str, version: str) -> dict[str, Any]:
    """One version as the API shows it."""
    return api.json("GET", f"{version_path(package, version)}/")


def _resumed(api: Api, upload_id: str) -> Answer | None:
    """An upload that can be gone on with, or that was published without our hearing of it."""
    if not upload_id:
        return None
    try:
        document = api.json("GET", f"/api/v1/uploads/{upload_id}/", patient=True)
    except FaultError as fault:
        if fault.problem == "not-found":
            return None
        raise
    return document if document["state"] in {"open", "published"} else None


def _parts(
    local: LocalFile, remote: dict[str, Any], part_size: int
) -> Iterator[tuple[int, bytes | None]]:
    """(number, bytes) of every part; None for those the server has."""
    received = set(remote["received"])
    with local.source.open("rb") as source:
        for number in range(1, remote["parts"] + 1):
            if number in received or remote["complete"]:
                yield number, None
            else:
                source.seek((number - 1) * part_size)
                yield number, source.read(part_size)


def _put(api: Api, upload_id: str, file_id: int, number: int, part: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    api.send(
        "PUT",
        f"/api/v1/uploads/{upload_id}/files/{file_id}/parts/{number}",
        patient=True,
        content=part,
        headers={
            "Content-Digest": f"sha-256=:{digest}:",
            "Content-Type": "application/octet-stream",
        },
    )


def _part_bytes(remote: dict[str, Any], number: int, part_size: int) -> int:
    return int(min(part_size, remote["size"] - (number - 1) * part_size))


def _local(source: Path, path: str) -> LocalFile:
    hasher = hashlib.sha256()
    size = 0
    with source.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            hasher.update(chunk)
            size += len(chunk)
    return LocalFile(source, path, size, f"sha256:{hasher.hexdigest()}")


def _tree_digest(files: list[LocalFile]) -> str:
    lines = "".join(f"{file.digest}  {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()

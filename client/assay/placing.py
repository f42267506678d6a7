"""Placing a verified version: a staging folder beside the target, then one rename."""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.faults import Exit, FaultError
from assay.verifying import RECORD, ManifestFile, Verified

_CHUNK = 1024 * 1024
_OURS_ONLY = 0o700


@contextmanager
def staged(target: Path, verified: Verified) -> Iterator[Path]:
    """A private folder beside `target` to fill; what an earlier, broken install of the same
    manifest left is in it. Placed as `target` when all is well, kept for another try when the
    transfer broke, removed when anything in it is not what was certified."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = _left_behind(target, verified)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    if _is_private(left):
        with contextlib.suppress(OSError):  # another install was quicker
            left.rename(staging)
    try:
        yield staging
        staging.chmod(0o755)
        _swap(staging, target)
    except FaultError as fault:
        if fault.code is not Exit.UNVERIFIED:
            _keep(staging, left)
        raise
    except KeyboardInterrupt:
        _keep(staging, left)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _left_behind(target: Path, verified: Verified) -> Path:
    mark = verified.manifest_digest.removeprefix("sha256:")[:16]
    return target.with_name(f".{target.name}.part-{mark}")


def _is_private(path: Path) -> bool:
    """A real folder that nobody but us can have written to."""
    try:
        found = path.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return mine and stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == _OURS_ONLY


def _keep(staging: Path, left: Path) -> None:
    with contextlib.suppress(OSError):
        staging.chmod(_OURS_ONLY)
        staging.rename(left)


def _swap(staging: Path, target: Path) -> None:
    """Put the folder in its place; on any fault the old one comes back."""
    if not target.exists() or not any(target.iterdir()):
        staging.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old-", dir=target.parent))
    target.rename(old)
    try:
        staging.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def check_files(target: Path, verified: Verified) -> None:
    """Every file as the manifest says, and none besides; raises FaultError (UNVERIFIED)."""
    certified = {file.path: file for file in verified.files}
    for path in entries(target):
        relative = path.relative_to(target).as_posix()
        file = certified.pop(relative, None)
        if file is None:
            raise FaultError(f"{path} is not part of the certified version.", Exit.UNVERIFIED)
        if not _is_as_certified(path, file):
            raise FaultError(f"{path} is not what was certified.", Exit.UNVERIFIED)
    if certified:
        raise FaultError(f"{target / min(certified)} is missing.", Exit.UNVERIFIED)


def strangers(target: Path, paths: frozenset[str]) -> list[Path]:
    """What stands in the folder besides these files and the record."""
    return [path for path in entries(target) if path.relative_to(target).as_posix() not in paths]


def entries(target: Path) -> Iterator[Path]:
    """Everything below a folder but folders themselves and the record; links are not followed."""
    for folder, folders, names in os.walk(target, followlinks=False):
        here = Path(folder)
        if here == target and RECORD in folders and not (here / RECORD).is_symlink():
            folders.remove(RECORD)
        yield from (here / name for name in sorted(folders) if (here / name).is_symlink())
        yield from (here / name for name in sorted(names))


def _is_as_certified(path: Path, file: ManifestFile) -> bool:
    found = path.lstat()
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == file.size
        and hashed(path)[0] == file.digest
    )


def hashed(path: Path) -> tuple[str, int]:
    """sha256:<hex> and bytes of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return f"sha256:{digest}", stream.tell()

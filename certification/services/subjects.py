"""A stored version as a Subject on disk: fetched from the blobs, checked, and gone afterwards."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from certification.harnesses.once import Once
from certification.intake import open_subject, sha256_of
from certification.services import doors
from certification.services.catalogue import CatalogueBeside
from certification.services.remembering import FileAnswers
from certification.types import Subject, Tools
from registry.blobs import local_path, open_blob, read_chunks
from registry.domain.descriptor import from_dict
from registry.domain.identifiers import check_path
from registry.models import File, Version


class BlobDamagedError(Exception):
    """Stored bytes are no longer what their name says."""


@contextmanager
def materialised(version: Version) -> Iterator[tuple[Subject, Tools]]:
    """The version's files in a temporary folder, and the doors its checks may use.

    Files are links to the stored blobs where both are on one file system; nothing that examines
    them writes, and the sandbox is given copies. Every byte is read once, against its digest.
    Raises BlobDamagedError; the folder is removed in every case.
    """
    with tempfile.TemporaryDirectory(prefix="assay-subject-") as folder:
        root = Path(folder) / "published"
        root.mkdir()
        files = list(version.files.all())
        for file in files:
            _fetch(file, root)
        path = root / files[0].path if len(files) == 1 else root
        declared = from_dict(version.descriptor)
        digests = {file.path: file.blob_id.removeprefix("sha256:") for file in files}
        with open_subject(path, workdir=Path(folder), digests=digests) as opened:
            subject = replace(
                opened,
                name=str(version.package),
                version=version.version,
                format=declared.format,
                digest=version.digest,
                declared=declared,
            )
            yield subject, _doors(version)


def _doors(version: Version) -> Tools:
    return Tools(
        sandbox=Once(doors.sandbox()),
        provenance=doors.provenance(),
        memo=FileAnswers(),
        catalogue=CatalogueBeside(version),
        advisories=doors.advisories(),
    )


def _fetch(file: File, root: Path) -> None:
    target = root / check_path(file.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = sha256_of(target) if _linked(file.blob_id, target) else _copied(file.blob_id, target)
    if digest != file.blob_id:
        raise BlobDamagedError(f"The stored bytes of {file.blob_id} are damaged.")


def _linked(digest: str, target: Path) -> bool:
    """Whether the blob is a file on this file system, which then costs no copy."""
    source = local_path(digest)
    if source is None:
        return False
    try:
        target.hardlink_to(source)
    except OSError:
        return False
    return True


def _copied(digest: str, target: Path) -> str:
    """Copy a blob; returns the sha256:<hex> of what was copied."""
    hasher = hashlib.sha256()
    with open_blob(digest) as source, target.open("xb") as copy:
        for chunk in read_chunks(source):
            hasher.update(chunk)
            copy.write(chunk)
    return f"sha256:{hasher.hexdigest()}"

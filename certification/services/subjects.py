"""A stored version as a Subject on disk: fetched from the blobs, checked, and gone afterwards."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from certification.intake import open_subject
from certification.services import doors
from certification.types import Subject, Tools
from registry.blobs import open_blob, read_chunks
from registry.domain.descriptor import from_dict
from registry.domain.identifiers import check_path
from registry.models import File, Version


class BlobDamagedError(Exception):
    """Stored bytes are no longer what their name says."""


@contextmanager
def materialised(version: Version) -> Iterator[tuple[Subject, Tools]]:
    """The version's files in a temporary folder, and the doors its checks may use.

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
        with open_subject(path, workdir=Path(folder)) as opened:
            subject = replace(
                opened,
                name=str(version.package),
                version=version.version,
                format=declared.format,
                digest=version.digest,
                declared=declared,
            )
            yield subject, Tools(sandbox=doors.sandbox(), provenance=doors.provenance())


def _fetch(file: File, root: Path) -> None:
    target = root / check_path(file.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    hasher = hashlib.sha256()
    with open_blob(file.blob_id) as source, target.open("xb") as copy:
        for chunk in read_chunks(source):
            hasher.update(chunk)
            copy.write(chunk)
    if f"sha256:{hasher.hexdigest()}" != file.blob_id:
        raise BlobDamagedError(f"The stored bytes of {file.blob_id} are damaged.")

"""A file or folder as a Subject: recognised, unpacked where it is an archive, read-only."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certification.readers.archive import DEFAULT_LIMITS, is_package_archive, unpack
from certification.readers.archive_listing import ArchiveLimits
from certification.readers.descriptor import Recognition, recognise
from certification.readers.tree import FolderTree, read_part, tree_of, walk
from certification.types import PublisherBundle, Subject, SubjectFile
from registry.domain.contents import digest_of
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

_CHUNK = 1024 * 1024
MAX_BUNDLE_BYTES = 1024 * 1024


class UnrecognisedFormatError(Exception):
    """Nothing at this path is an agent or a model in a format Assay knows."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the files to examine are, and what they are."""

    root: Path
    files: tuple[SubjectFile, ...]
    recognition: Recognition
    archive: Path | None = None
    unpacked: bool = True


@contextmanager
def open_subject(
    path: Path,
    *,
    workdir: Path | None = None,
    lenient: bool = False,
    limits: ArchiveLimits = DEFAULT_LIMITS,
) -> Iterator[Subject]:
    """The published file or folder at `path`; what it needs in `workdir` is gone afterwards.

    The root of the subject is the package root: a folder that wraps everything (`package/` in an
    npm archive) is stepped into. Raises UnrecognisedFormatError when the format is unknown, unless
    `lenient`, which takes it for a model folder that declares nothing; and OSError.
    """
    with tempfile.TemporaryDirectory(prefix="assay-intake-", dir=workdir) as folder:
        place = _placed(path, Path(folder), limits)
        recognition = place.recognition
        declared = recognition.descriptor
        if declared is None and not lenient:
            raise UnrecognisedFormatError(_unrecognised(recognition))
        declared = declared or Descriptor(format=Format.MODEL_FOLDER)
        root = place.root / recognition.strip if recognition.format else place.root
        yield Subject(
            name=declared.name,
            version=declared.version,
            format=declared.format,
            digest=_digest(path, place),
            root=root,
            declared=declared,
            files=place.files if root == place.root else walk(root)[0],
            archive=place.archive,
            unpacked=place.unpacked,
            bundles=_bundles(root, declared),
            recognised=recognition.format is not None,
            problems=recognition.problems,
        )


def _bundles(root: Path, declared: Descriptor) -> tuple[PublisherBundle, ...]:
    """The bundle the descriptor names; one that is not there is empty, and so proves nothing."""
    claim = declared.provenance
    if claim is None:
        return ()
    listed = {file.path for file in walk(root)[0]}
    here = claim.bundle in listed and claim.artifact in listed
    return (
        PublisherBundle(
            path=claim.artifact,
            artifact=root / claim.artifact,
            bundle=read_part(root / claim.bundle, MAX_BUNDLE_BYTES + 1) if here else b"",
            identity=claim.identity,
            issuer=claim.issuer,
        ),
    )


def _unrecognised(recognition: Recognition) -> str:
    if recognition.problems:
        return " ".join(recognition.problems)
    return "This is neither an agent nor a model in a format Assay knows."


def _placed(path: Path, folder: Path, limits: ArchiveLimits) -> _Place:
    if path.is_dir():
        files, _ = walk(path)
        return _Place(path, files, recognise(FolderTree(path, files), filename=path.name))
    root = folder / "contents"
    root.mkdir()
    with path.open("rb") as stream:
        recognition = recognise(tree_of(stream, path.name), filename=path.name)
    if not is_package_archive(path, path.name):
        return _Place(
            _beside(path, root), (SubjectFile(path.name, path.stat().st_size),), recognition
        )
    listing = unpack(path, root, limits)
    unpacked = listing is not None and listing.safe
    if not unpacked:
        shutil.rmtree(root)
        root.mkdir()
        (root / recognition.strip).mkdir(exist_ok=True)
    return _Place(root, walk(root)[0], recognition, archive=path, unpacked=unpacked)


def _beside(path: Path, root: Path) -> Path:
    """A folder that holds this one file only."""
    target = root / path.name
    try:
        target.hardlink_to(path.resolve())
    except OSError:  # another file system, or a file of someone else
        shutil.copyfile(path, target)
    return root


def _digest(path: Path, place: _Place) -> str:
    """The digest of the version as published: over one file, or over all in the folder."""
    if place.archive is not None or path.is_file():
        return digest_of([(path.name, sha256_of(path))])
    return digest_of((file.path, sha256_of(path / file.path)) for file in place.files)


def sha256_of(path: Path) -> str:
    """sha256:<hex> of a file's bytes, in constant memory."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"

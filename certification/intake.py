"""A file or folder as a Subject: recognised, unpacked where it is an archive, read-only."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from certification.readers.archive import DEFAULT_LIMITS, is_package_archive, unpack
from certification.readers.archive_listing import ArchiveLimits
from certification.readers.descriptor import Recognition, recognise
from certification.readers.tree import FolderTree, read_part, tree_of, walk
from certification.types import PublisherBundle, Subject, SubjectFile
from registry.domain.contents import digest_of
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
MAX_BUNDLE_BYTES = 1024 * 1024


class UnrecognisedFormatError(Exception):
    """Nothing at this path is an agent or a model in a format Assay knows."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the files to examine are, with their digests, and what they are; `digest` is that of
    the version as published: over one file, or over all in the folder."""

    root: Path
    files: tuple[SubjectFile, ...]
    recognition: Recognition
    digest: str
    archive: Path | None = None
    unpacked: bool = True


@contextmanager
def open_subject(
    path: Path,
    *,
    workdir: Path | None = None,
    lenient: bool = False,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    digests: Mapping[str, str] = NOTHING_KNOWN,
) -> Iterator[Subject]:
    """The published file or folder at `path`; what it needs in `workdir` is gone afterwards.

    The root of the subject is the package root: a folder that wraps everything (`package/` in an
    npm archive) is stepped into. `digests` are the hexadecimal sha256 of published files that the
    caller has just seen, by relative path; the other files are read once for theirs.
    Raises UnrecognisedFormatError when the format is unknown, unless `lenient`, which takes it
    for a model folder that declares nothing; and OSError.
    """
    with tempfile.TemporaryDirectory(prefix="assay-intake-", dir=workdir) as folder:
        place = _placed(path, Path(folder), limits, digests)
        recognition = place.recognition
        declared = recognition.descriptor
        if declared is None and not lenient:
            raise UnrecognisedFormatError(_unrecognised(recognition))
        declared = declared or Descriptor(format=Format.MODEL_FOLDER)
        strip = recognition.strip if recognition.format else ""
        root = place.root / strip
        files = _below(strip, place.files)
        yield Subject(
            name=declared.name,
            version=declared.version,
            format=declared.format,
            digest=place.digest,
            root=root,
            declared=declared,
            files=files,
            archive=place.archive,
            unpacked=place.unpacked,
            bundles=_bundles(root, files, declared),
            recognised=recognition.format is not None,
            problems=recognition.problems,
        )


def _bundles(
    root: Path, files: tuple[SubjectFile, ...], declared: Descriptor
) -> tuple[PublisherBundle, ...]:
    """The bundle the descriptor names; one that is not there is empty, and so proves nothing."""
    claim = declared.provenance
    if claim is None:
        return ()
    listed = {file.path for file in files}
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


def _below(strip: str, files: tuple[SubjectFile, ...]) -> tuple[SubjectFile, ...]:
    """The files below the folder `strip`, which ends in a slash or is empty, as seen from there."""
    return tuple(
        replace(file, path=file.path.removeprefix(strip))
        for file in files
        if file.path.startswith(strip)
    )


def _placed(path: Path, folder: Path, limits: ArchiveLimits, digests: Mapping[str, str]) -> _Place:
    if path.is_dir():
        files = _hashed(path, walk(path)[0], digests)
        recognition = recognise(FolderTree(path, files), filename=path.name)
        return _Place(path, files, recognition, _digest(files))
    root = folder / "contents"
    root.mkdir()
    with path.open("rb") as stream:
        recognition = recognise(tree_of(stream, path.name), filename=path.name)
    published = _hashed(path.parent, (SubjectFile(path.name, path.stat().st_size),), digests)
    if not is_package_archive(path, path.name):
        return _Place(_beside(path, root), published, recognition, _digest(published))
    listing = unpack(path, root, limits)
    unpacked = listing is not None and listing.safe
    if not unpacked:
        shutil.rmtree(root)
        root.mkdir()
        (root / recognition.strip).mkdir(exist_ok=True)
    known = listing.digests if listing is not None else NOTHING_KNOWN
    files = _hashed(root, walk(root)[0], known)
    return _Place(root, files, recognition, _digest(published), path, unpacked)


def _hashed(
    root: Path, files: tuple[SubjectFile, ...], known: Mapping[str, str]
) -> tuple[SubjectFile, ...]:
    return tuple(
        replace(
            file,
            sha256=known.get(file.path) or sha256_of(root / file.path).removeprefix("sha256:"),
        )
        for file in files
    )


def _beside(path: Path, root: Path) -> Path:
    """A folder that holds this one file only."""
    target = root / path.name
    try:
        target.hardlink_to(path.resolve())
    except OSError:  # another file system, or a file of someone else
        shutil.copyfile(path, target)
    return root


def _digest(files: tuple[SubjectFile, ...]) -> str:
    return digest_of((file.path, file.sha256) for file in files)


def sha256_of(path: Path) -> str:
    """sha256:<hex> of a file's bytes, in constant memory."""
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"

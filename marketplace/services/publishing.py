"""From an upload to a version in certification: recognised, submitted, started."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from certification.readers.archive_listing import DamagedArchiveError
from certification.readers.descriptor import Recognition, recognise
from certification.readers.tree import FileTree, tree_of
from certification.services import certifying
from certification.types import SubjectFile
from registry.blobs import open_blob
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import (
    InvalidIdentifierError,
    PackageName,
    check_name,
    parse_package_name,
)
from registry.domain.problems import Code, ProblemError
from registry.models import Namespace, OrganisationRole, UploadFile, User, Version
from registry.services import publishing, uploading

_PUBLISHING_ROLES = (OrganisationRole.OWNER, OrganisationRole.ADMIN, OrganisationRole.PUBLISHER)


@dataclass(frozen=True, slots=True)
class BlobTree:
    """The files of an upload as recognition sees them."""

    blobs: dict[str, UploadFile]

    def files(self) -> tuple[SubjectFile, ...]:
        """Every file of the upload."""
        return tuple(SubjectFile(path, file.size) for path, file in self.blobs.items())

    def read(self, path: str, limit: int, offset: int = 0) -> bytes:
        """A part of one file."""
        with open_blob(self.blobs[path].digest) as stream:
            stream.seek(offset)
            return stream.read(limit)


def inspect(upload_id: UUID, *, actor: User) -> Recognition:
    """What a complete upload is recognised as; raises ProblemError for one that is not complete."""
    upload = uploading.assemble(upload_id, actor=actor)
    files = list(upload.files.all())
    try:
        with _tree(files) as tree:
            return recognise(tree, filename=files[0].path if len(files) == 1 else "")
    except DamagedArchiveError as fault:
        raise ProblemError(Code.UNSAFE_ARCHIVE, f"The archive cannot be read: {fault}") from fault


def publish(upload_id: UUID, *, actor: User, name: str = "", version: str = "") -> Version:
    """Publish an upload and start its certification; name and version default to the
    descriptor's. Raises ProblemError."""
    descriptor = _declared(inspect(upload_id, actor=actor))
    with transaction.atomic():
        submitted = publishing.submit(
            upload_id,
            name=_name(name, descriptor, actor=actor),
            version=_version(version, descriptor),
            descriptor=descriptor,
            actor=actor,
        )
        certifying.request(submitted.pk, actor=actor)
    submitted.refresh_from_db()
    return submitted


def publishable_namespaces(actor: User) -> list[str]:
    """Names of the namespaces this person may publish to."""
    return list(
        Namespace.objects.filter(
            organisation__memberships__user=actor,
            organisation__memberships__role__in=_PUBLISHING_ROLES,
        )
        .order_by("name")
        .values_list("name", flat=True)
        .distinct()
    )


@contextmanager
def _tree(files: Sequence[UploadFile]) -> Iterator[FileTree]:
    if len(files) > 1:
        yield BlobTree({file.path: file for file in files})
        return
    with open_blob(files[0].digest) as stream:
        yield tree_of(stream, files[0].path)


def _declared(recognition: Recognition) -> Descriptor:
    if recognition.descriptor is None:
        detail = "; ".join(recognition.problems) or (
            "The format was not recognised: add the manifest of its format, or an assay.toml "
            "that names it."
        )
        raise ProblemError(
            Code.BAD_DESCRIPTOR if recognition.format else Code.UNKNOWN_FORMAT, detail[:1000]
        )
    if recognition.problems:
        raise ProblemError(Code.BAD_DESCRIPTOR, "; ".join(recognition.problems)[:1000])
    return recognition.descriptor


def _name(given: str, descriptor: Descriptor, *, actor: User) -> PackageName:
    try:
        if "/" in given:
            return parse_package_name(given)
        own = check_name(given or descriptor.name)
    except InvalidIdentifierError as fault:
        raise ProblemError(
            Code.INVALID_NAME, f"{fault} Give a name of the form namespace/name."
        ) from fault
    namespaces = publishable_namespaces(actor)
    if len(namespaces) != 1:
        choice = ", ".join(namespaces[:10]) or "none: claim one in the portal"
        raise ProblemError(
            Code.INVALID_NAME, f"Say which namespace: name it as namespace/{own} ({choice})."
        )
    return PackageName(namespaces[0], own)


def _version(given: str, descriptor: Descriptor) -> str:
    version = given or descriptor.version
    if not version:
        raise ProblemError(
            Code.INVALID_NAME, "The package declares no version: give one when publishing."
        )
    return version

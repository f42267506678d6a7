"""From a complete upload to a submitted version."""

import mimetypes
from uuid import UUID

from django.db import IntegrityError, transaction

from registry.domain.contents import digest_of
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import (
    Format,
    InvalidIdentifierError,
    PackageName,
    check_version,
)
from registry.domain.problems import Code, ProblemError
from registry.domain.states import State
from registry.models import (
    File,
    Namespace,
    Package,
    Upload,
    UploadFile,
    UploadState,
    User,
    Version,
)
from registry.services import lifecycle, uploading


@transaction.atomic
def submit(
    upload_id: UUID, *, name: PackageName, version: str, descriptor: Descriptor, actor: User
) -> Version:
    """Publish an assembled upload as a submitted version, all or nothing; raises ProblemError."""
    upload = Upload.objects.select_for_update().filter(pk=upload_id, owner=actor).first()
    if upload is None or upload.state != UploadState.OPEN:
        raise ProblemError(Code.UPLOAD_CLOSED, "This upload is closed: open a new one.")
    files = list(upload.files.select_related("blob"))
    if any(file.blob is None for file in files):
        raise ProblemError(Code.PART_MISSING, "The upload is not complete yet.")
    package = _package(name, descriptor.format, actor=actor)
    draft = _draft(package, version, descriptor, files=files, actor=actor)
    upload.state = UploadState.PUBLISHED
    upload.version = draft
    upload.save(update_fields=["state", "version"])
    transaction.on_commit(lambda: uploading.drop_parts(upload))
    return lifecycle.move(draft.pk, State.SUBMITTED, actor=actor)


def _package(name: PackageName, found: Format, *, actor: User) -> Package:
    namespace = Namespace.objects.select_related("organisation").filter(name=name.namespace).first()
    if namespace is None or not actor.has_perm("registry.publish", namespace):
        raise ProblemError(
            Code.FORBIDDEN, f"You cannot publish to the namespace “{name.namespace}”."
        )
    package, _ = Package.objects.get_or_create(
        namespace=namespace,
        name=name.name,
        defaults={"kind": found.kind.value, "format": found.value},
    )
    if package.format != found.value:
        raise ProblemError(
            Code.FORMAT_CHANGED,
            f"{name} is a package of format {package.format}, but this is a {found.value}: "
            "publish it under another name.",
        )
    return package


def _draft(
    package: Package,
    version: str,
    descriptor: Descriptor,
    *,
    files: list[UploadFile],
    actor: User,
) -> Version:
    try:
        check_version(version, descriptor.format.kind)
        with transaction.atomic():
            draft = Version.objects.create(
                package=package,
                version=version,
                digest=digest_of((file.path, file.digest) for file in files),
                size=sum(file.size for file in files),
                descriptor=descriptor.as_dict(),
                submitted_by=actor,
            )
    except InvalidIdentifierError as fault:
        raise ProblemError(Code.INVALID_NAME, str(fault)) from fault
    except IntegrityError as fault:
        raise ProblemError(
            Code.VERSION_EXISTS,
            f"{package}@{version} exists already; versions never change, so choose a new number.",
        ) from fault
    File.objects.bulk_create(
        File(
            version=draft,
            path=file.path,
            blob_id=file.digest,
            media_type=mimetypes.guess_type(file.path)[0] or "application/octet-stream",
        )
        for file in files
    )
    return draft

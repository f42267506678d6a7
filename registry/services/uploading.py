"""Uploads in parts: announced, sent in any order, resumed after any break, then made blobs."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from registry.blobs import (
    ChunkFile,
    HashingReader,
    blob_storage,
    key,
    read_chunks,
    spool_storage,
)
from registry.domain.problems import Code, ProblemError
from registry.domain.uploads import Announced, check_announcement, part_count, part_size
from registry.models import Blob, Upload, UploadFile, UploadPart, UploadState, User
from registry.services import events

UPLOAD_LIFETIME = timedelta(days=7)
MAX_OPEN_UPLOADS = 50


@transaction.atomic
def announce(files: Sequence[Announced], *, actor: User) -> Upload:
    """Open an upload for these files; raises ProblemError."""
    checked = check_announcement(files)
    if Upload.objects.filter(owner=actor, state=UploadState.OPEN).count() >= MAX_OPEN_UPLOADS:
        raise ProblemError(Code.INVALID, "Too many open uploads: finish or abort one first.")
    upload = Upload.objects.create(owner=actor, expires_at=timezone.now() + UPLOAD_LIFETIME)
    UploadFile.objects.bulk_create(
        UploadFile(upload=upload, path=file.path, size=file.size, digest=file.digest)
        for file in checked
    )
    events.record("upload.opened", actor=actor, upload=str(upload.pk), files=len(checked))
    return upload


def put_part(file: UploadFile, number: int, *, chunks: Iterable[bytes], digest: str) -> UploadPart:
    """Store one part of `open_file(...)`, hashed while it is written; sending it again replaces it.

    Raises ProblemError: WRONG_SIZE (also for a stream cut short), WRONG_DIGEST. A refused part
    leaves nothing behind.
    """
    expected = part_size(file.size, number)
    if not expected:
        raise ProblemError(Code.WRONG_SIZE, f"“{file.path}” has no part {number}.")
    reader = HashingReader(_at_most(chunks, expected))
    storage, name = spool_storage(), part_key(file, number)
    storage.save(name, ChunkFile(reader, name))
    if reader.size != expected or reader.digest != digest:
        UploadPart.objects.filter(file=file, number=number).delete()
        storage.delete(name)
        raise _part_fault(reader, expected, number)
    part, _ = UploadPart.objects.update_or_create(
        file=file, number=number, defaults={"size": reader.size, "digest": reader.digest}
    )
    return part


def assemble(upload_id: UUID, *, actor: User) -> Upload:
    """Make a blob of every file whose parts are all in; raises ProblemError for the first that
    is not complete or not what was announced. Safe to call again after any break."""
    upload = open_upload(upload_id, actor=actor)
    for file in upload.files.filter(blob=None):
        _assemble_file(file)
    return upload


@transaction.atomic
def abort(upload_id: UUID, *, actor: User) -> None:
    """Give up an open upload; its parts are collected later. Raises ProblemError."""
    upload = open_upload(upload_id, actor=actor)
    upload.state = UploadState.ABORTED
    upload.save(update_fields=["state"])
    events.record("upload.aborted", actor=actor, upload=str(upload.pk))
    transaction.on_commit(lambda: drop_parts(upload))


def drop_parts(upload: Upload) -> None:
    """Remove the spool of an upload that is closed."""
    storage = spool_storage()
    for part in UploadPart.objects.filter(file__upload=upload).select_related("file"):
        storage.delete(part_key(part.file, part.number))
    UploadPart.objects.filter(file__upload=upload).delete()


def part_key(file: UploadFile, number: int) -> str:
    """Storage name of a part in the spool."""
    return f"{file.upload_id}/{file.pk}/{number:05d}"


def _assemble_file(file: UploadFile) -> None:
    present = list(file.parts.order_by("number").values_list("number", flat=True))
    missing = set(range(1, part_count(file.size) + 1)) - set(present)
    if missing:
        raise ProblemError(
            Code.PART_MISSING, f"“{file.path}” still lacks part {min(missing)}: send it and retry."
        )
    storage = blob_storage()
    name = key(file.digest)
    reader = HashingReader(_part_bytes(file, present))
    staged = f"incoming/{file.pk}"
    storage.save(staged, ChunkFile(reader, staged))
    try:
        if reader.digest != file.digest:
            raise ProblemError(
                Code.WRONG_DIGEST,
                f"“{file.path}” is {reader.digest}, but {file.digest} was announced.",
            )
        if not storage.exists(name):
            _promote(staged, name)
    finally:
        storage.delete(staged)
    with transaction.atomic():
        blob, _ = Blob.objects.get_or_create(digest=file.digest, defaults={"size": reader.size})
        file.blob = blob
        file.save(update_fields=["blob"])


def _promote(staged: str, name: str) -> None:
    storage = blob_storage()
    with storage.open(staged, "rb") as source:
        storage.save(name, source)


def _part_bytes(file: UploadFile, numbers: Sequence[int]) -> Iterator[bytes]:
    storage = spool_storage()
    for number in numbers:
        with storage.open(part_key(file, number), "rb") as part:
            yield from read_chunks(part)  # type: ignore[arg-type]


def _at_most(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    left = limit
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise ProblemError(Code.WRONG_SIZE, f"The part is longer than {limit} bytes.")
        yield chunk


def _part_fault(reader: HashingReader, expected: int, number: int) -> ProblemError:
    if reader.size != expected:
        return ProblemError(
            Code.WRONG_SIZE, f"Part {number} has {reader.size} bytes, {expected} were expected."
        )
    return ProblemError(
        Code.WRONG_DIGEST, f"Part {number} is {reader.digest}, which is not what was announced."
    )


def open_upload(upload_id: UUID, *, actor: User) -> Upload:
    """The actor's own open upload; raises ProblemError NOT_FOUND or UPLOAD_CLOSED."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None or not actor.has_perm("registry.use_upload", upload):
        raise ProblemError(Code.NOT_FOUND, "There is no such upload.")
    if upload.state != UploadState.OPEN or upload.expires_at < timezone.now():
        raise ProblemError(Code.UPLOAD_CLOSED, "This upload is closed: open a new one.")
    return upload


def open_file(upload_id: UUID, file_id: int, *, actor: User) -> UploadFile:
    """A file that still takes parts; raises ProblemError NOT_FOUND or UPLOAD_CLOSED."""
    upload = open_upload(upload_id, actor=actor)
    file = upload.files.filter(pk=file_id).first()
    if file is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such file in this upload.")
    if file.blob_id is not None:
        raise ProblemError(Code.UPLOAD_CLOSED, f"“{file.path}” is complete already.")
    return file

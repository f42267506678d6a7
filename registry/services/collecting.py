"""Orphans: spooled parts of uploads that nobody will finish."""

from django.db import transaction
from django.utils import timezone

from registry.models import Upload, UploadPart, UploadState
from registry.services import events, uploading


def collect_orphans() -> int:
    """Close expired uploads and drop the parts of closed ones; returns how many were dropped."""
    for upload in Upload.objects.filter(state=UploadState.OPEN, expires_at__lt=timezone.now()):
        with transaction.atomic():
            upload.state = UploadState.ABORTED
            upload.save(update_fields=["state"])
            events.record("upload.expired", actor=None, upload=str(upload.pk))
    closed = Upload.objects.exclude(state=UploadState.OPEN).filter(
        pk__in=UploadPart.objects.values("file__upload_id")
    )
    dropped = 0
    for upload in closed:
        uploading.drop_parts(upload)
        dropped += 1
    return dropped

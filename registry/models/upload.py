"""Resumable transfers in parts, with the semantics of S3 multipart uploads."""

import uuid

from django.db import models
from django.utils import timezone

from registry.models.accounts import User
from registry.models.blob import Blob
from registry.models.package import Version


class UploadState(models.TextChoices):
    OPEN = "open", "open"
    PUBLISHED = "published", "published"
    ABORTED = "aborted", "aborted"


class Upload(models.Model):
    """A set of files on the way in. `note` is the form's text, `problem` why publishing failed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="uploads")
    state = models.CharField(max_length=12, choices=UploadState.choices, default=UploadState.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    version = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.id)


class UploadFile(models.Model):
    """One file of an upload. `size` and `digest` are what the publisher announced; `blob` is set
    when all parts are in and the whole has that size and digest."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=512)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=71)
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "path"], name="one_upload_file_a_path")
        ]

    def __str__(self) -> str:
        return self.path


class UploadPart(models.Model):
    """Part `number` (from 1) of a file; its bytes are in STORAGES["uploads"] until completion."""

    file = models.ForeignKey(UploadFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size = models.BigIntegerField()
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_part_a_number")]

    def __str__(self) -> str:
        return f"{self.file} part {self.number}"

"""Bytes, named by what they are."""

from django.db import models
from django.utils import timezone


class Blob(models.Model):
    """`digest` is sha256:<hex>; the bytes are in STORAGES["blobs"] under `registry.blobs.key`."""

    digest = models.CharField(max_length=71, primary_key=True)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest

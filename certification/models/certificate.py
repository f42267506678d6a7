"""The certificate of an approved version: the install manifest and the bundle that signs it."""

import pgtrigger
from django.db import models
from django.utils import timezone

from certification.models.certification import Certification
from registry.models import Version


class Certificate(models.Model):
    """Stored bytes, served as they are. `manifest` is the install manifest (canonical JSON),
    `bundle` the sigstore bundle of the verification summary over it and over every file,
    `timestamp` an RFC 3161 response over the bundle's signature, or nothing."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="certificate")
    certification = models.OneToOneField(
        Certification, on_delete=models.PROTECT, related_name="certificate"
    )
    manifest = models.BinaryField()
    manifest_digest = models.CharField(max_length=71)
    bundle = models.BinaryField()
    timestamp = models.BinaryField(default=b"")
    log_index = models.BigIntegerField()
    issued_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at"]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"certificate of {self.version}"

"""Advisories as imported, and the versions that they turned out to affect."""

from django.db import models
from django.utils import timezone

from certification.readers.components import Ecosystem
from certification.readers.osv import Affected, Span
from registry.models import Version


class AdvisorySnapshot(models.Model):
    """One import that changed something. `digest` names all records known after it."""

    digest = models.CharField(max_length=71)
    imported_at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=200)  # file name of the dump
    records = models.PositiveIntegerField()
    newest = models.CharField(max_length=40)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.records} advisories of {self.imported_at:%Y-%m-%d}"


class Advisory(models.Model):
    """An OSV record. `content` is the sha256 of its bytes: an unchanged one is left alone."""

    osv_id = models.CharField(max_length=100, unique=True)
    aliases = models.JSONField(default=list)
    summary = models.CharField(max_length=500, blank=True)
    severity = models.CharField(max_length=8)
    malicious = models.BooleanField(default=False)
    withdrawn = models.BooleanField(default=False)
    modified = models.CharField(max_length=40)
    content = models.CharField(max_length=64)

    class Meta:
        ordering = ["osv_id"]
        verbose_name_plural = "advisories"

    def __str__(self) -> str:
        return self.osv_id


class AffectedPackage(models.Model):
    """One package of an advisory. `spans` holds [introduced, fixed, last affected] each."""

    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="affected")
    ecosystem = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    versions = models.JSONField(default=list)
    spans = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["name", "ecosystem"], name="affected_by_name")]

    def __str__(self) -> str:
        return f"{self.ecosystem} {self.name} in {self.advisory}"

    def as_affected(self) -> Affected:
        """The row as the pure matcher takes it."""
        spans = tuple(Span(*span) for span in self.spans)
        return Affected(Ecosystem(self.ecosystem), self.name, tuple(self.versions), spans)


class BillOfMaterials(models.Model):
    """The CycloneDX document of one version, as canonical bytes."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="sbom")
    document = models.BinaryField()
    digest = models.CharField(max_length=71)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"bill of materials of {self.version}"


class BilledComponent(models.Model):
    """A component of a version's bill with an exact release: what advisories are matched with."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="components")
    ecosystem = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    release = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "ecosystem", "name", "release"], name="one_line_a_component"
            )
        ]
        indexes = [models.Index(fields=["name", "ecosystem"], name="billed_by_name")]

    def __str__(self) -> str:
        return f"{self.ecosystem} {self.name} {self.release}"


class Exposure(models.Model):
    """What the world learned after a version was judged: an advisory that affects a component."""

    component = models.ForeignKey(
        BilledComponent, on_delete=models.CASCADE, related_name="exposures"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="exposures")
    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="exposures")
    fixed = models.CharField(max_length=100, blank=True)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "advisory"], name="one_exposure_a_component"
            )
        ]

    def __str__(self) -> str:
        return f"{self.advisory} in {self.version}"

"""Packages, their versions and the files of each."""

import pgtrigger
from django.db import models
from django.utils import timezone

from registry.domain.identifiers import Format, Kind, PackageName
from registry.domain.states import PUBLIC, TRANSITIONS, State
from registry.models.accounts import Namespace, User
from registry.models.blob import Blob

_STATES = [(state.value, state.value.replace("_", " ")) for state in State]

#: TRANSITIONS as the condition of a trigger: the database refuses every other step.
_ILLEGAL_STEP = pgtrigger.Q(old__state__df=pgtrigger.F("new__state"))
for _old, _news in TRANSITIONS.items():
    for _new in sorted(_news):  # sets have no order, and the trigger's text must
        _ILLEGAL_STEP &= ~pgtrigger.Q(old__state=_old.value, new__state=_new.value)


class PackageQuerySet(models.QuerySet["Package"]):
    def named(self, name: PackageName) -> "PackageQuerySet":
        """The package with that name, if any."""
        return self.filter(namespace__name=name.namespace, name=name.name)

    def owned_by(self, user: User) -> "PackageQuerySet":
        """Packages of the organisations in which `user` has any role."""
        return self.filter(namespace__organisation__memberships__user=user)


class Package(models.Model):
    """A named thing with versions: `namespace/name`."""

    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="packages")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in Kind])
    format = models.CharField(max_length=20, choices=[(f.value, f.value) for f in Format])
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["namespace__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="one_package_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.namespace.name}/{self.name}"


class VersionQuerySet(models.QuerySet["Version"]):
    def public(self) -> "VersionQuerySet":
        """What consumers may see, resolve and download."""
        return self.filter(state__in=[state.value for state in PUBLIC])

    def resolvable(self) -> "VersionQuerySet":
        """Public and not yanked: what a request without an exact pin may get, newest first."""
        return self.public().filter(yanked_at=None).order_by("-approved_at", "-id")

    def with_names(self) -> "VersionQuerySet":
        """With package, namespace and organisation joined in."""
        return self.select_related("package__namespace__organisation", "submitted_by")


class Version(models.Model):
    """An immutable release. `digest` is that of its file list (`registry.domain.contents`)."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=_STATES, default=State.DRAFT.value)
    digest = models.CharField(max_length=71)
    size = models.BigIntegerField()
    descriptor = models.JSONField(default=dict)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.TextField(blank=True)
    yanked_at = models.DateTimeField(null=True, blank=True)
    yank_reason = models.CharField(max_length=500, blank=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    successor = models.CharField(max_length=160, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["package", "version"], name="one_version_a_number")
        ]
        indexes = [models.Index(fields=["state", "-approved_at"])]
        triggers = [
            pgtrigger.Protect(
                name="legal_steps_only", operation=pgtrigger.Update, condition=_ILLEGAL_STEP
            ),
            pgtrigger.Protect(
                name="starts_as_draft",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state=State.DRAFT.value),
            ),
            pgtrigger.ReadOnly(
                name="bytes_never_change",
                fields=["package", "version", "digest", "size", "descriptor"],
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.package}@{self.version}"


class File(models.Model):
    """A path in a version, and its bytes."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=512)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files")
    media_type = models.CharField(max_length=100, default="application/octet-stream")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="one_file_a_path")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.path

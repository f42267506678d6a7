"""The append-only audit log."""

import pgtrigger
from django.db import models
from django.utils import timezone

from registry.models.accounts import Organisation, User


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, version_id: int) -> "EventQuerySet":
        """The history of one version, newest first."""
        return self.filter(version_id=version_id).select_related("actor").order_by("-id")


class Event(models.Model):
    """One act. `verb` is a past-tense word such as `version.approved`; `data` holds no secret.

    `package` and `version_id` are plain values, not keys: the log outlives what it tells of.
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    verb = models.CharField(max_length=48)
    package = models.CharField(max_length=160, blank=True)
    version_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["version_id", "-id"]), models.Index(fields=["verb", "-id"])]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.package}"

"""The transparency log: entries and the complete subtrees over them, append-only."""

import pgtrigger
from django.db import models

_APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class LogEntry(models.Model):
    """`body` is the canonical JSON whose RFC 6962 leaf hash stands in the tree at `index`."""

    index = models.BigIntegerField(primary_key=True)
    body = models.BinaryField()
    integrated_at = models.DateTimeField()

    class Meta:
        ordering = ["index"]
        triggers = [_APPEND_ONLY]

    def __str__(self) -> str:
        return f"log entry {self.index}"


class LogNode(models.Model):
    """The hash of the complete subtree `index` at `level`."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="one_log_node_a_place")
        ]
        triggers = [_APPEND_ONLY]

    def __str__(self) -> str:
        return f"log node {self.level}/{self.index}"

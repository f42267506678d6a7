"""What checks said of single files, kept so that the same bytes are judged once."""

from django.db import models
from django.utils import timezone


class FileAnswer(models.Model):
    """`key` is `certification.memo.key_of`, `answer` the Result as JSON values. A cache: rows may
    go at any time, and nothing refers to them."""

    key = models.CharField(max_length=64, primary_key=True)
    answer = models.JSONField()
    used_on = models.DateField(default=timezone.localdate)

    class Meta:
        indexes = [models.Index(fields=["used_on"])]

    def __str__(self) -> str:
        return self.key

"""The memo of file answers in Postgres, and its bounds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from certification.models import FileAnswer

#: A row is dropped when nobody asked for it this long, or when there are too many.
KEEP = timedelta(days=60)
MAX_ROWS = 5_000_000
_BATCH = 1_000


class FileAnswers:
    """Implements `certification.ports.Memo`."""

    def recall(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The answers that are remembered; a row in use is marked so once a day."""
        today = timezone.localdate()
        found: dict[str, dict[str, Any]] = {}
        for batch in _batches(keys):
            rows = FileAnswer.objects.filter(key__in=batch)
            rows.filter(used_on__lt=today).update(used_on=today)
            found |= dict(rows.values_list("key", "answer"))
        return found

    def remember(self, answers: Mapping[str, dict[str, Any]]) -> None:
        """Insert what is not there yet."""
        FileAnswer.objects.bulk_create(
            (FileAnswer(key=key, answer=answer) for key, answer in answers.items()),
            batch_size=_BATCH,
            ignore_conflicts=True,
        )


def forget() -> int:
    """Drop what has not been used for long, and whole days, oldest first, beyond the bound."""
    oldest = timezone.localdate() - KEEP
    gone, _ = FileAnswer.objects.filter(used_on__lt=oldest).delete()
    while FileAnswer.objects.count() > MAX_ROWS:
        day = FileAnswer.objects.order_by("used_on").values_list("used_on", flat=True)[0]
        dropped, _ = FileAnswer.objects.filter(used_on=day).delete()
        gone += dropped
    return gone


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]

"""Thin Celery entry points."""

from celery import shared_task

from registry.services import collecting


@shared_task(name="registry.tasks.collect_orphans")
def collect_orphans() -> int:
    """Hourly: drop what expired uploads left in the spool."""
    return collecting.collect_orphans()

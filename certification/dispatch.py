"""Rings Celery by task name, after the commit that made the work exist."""

from celery import current_app
from django.db import transaction

RUN_STAGE = "certification.tasks.run_stage"
SIGN = "certification.tasks.sign_certificate"
PROJECT = "marketplace.tasks.project_listing"


def ring(task: str, key: int, *, queue: str) -> None:
    """Send `task(key)` once the transaction commits. A lost ring is the sweeper's to repeat."""
    transaction.on_commit(
        lambda: current_app.send_task(task, args=[key], queue=queue, retry=False), robust=True
    )

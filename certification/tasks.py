"""Thin Celery entry points: one primary key in, one service call."""

from celery import shared_task

from certification.services import certifying, issuing, remembering


@shared_task(name="certification.tasks.run_stage")
def run_stage(stage_run_id: int) -> bool:
    """Run one stage of one certification."""
    return certifying.run_stage(stage_run_id)


@shared_task(name="certification.tasks.sign_certificate")
def sign_certificate(certification_id: int) -> bool:
    """Sign and publish what was approved."""
    return issuing.issue(certification_id)


@shared_task(name="certification.tasks.sweep")
def sweep() -> int:
    """Every few seconds: ring again for what was lost."""
    return certifying.sweep()


@shared_task(name="certification.tasks.forget")
def forget() -> int:
    """Daily: drop remembered answers that nobody uses."""
    return remembering.forget()

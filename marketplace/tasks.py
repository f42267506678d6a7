"""Thin Celery entry points."""

from celery import shared_task

from marketplace.services import projecting


@shared_task(name="marketplace.tasks.project_listing")
def project_listing(package_id: int) -> bool:
    """Rebuild one package's listing; true when it is in the catalogue now."""
    return projecting.project(package_id) is not None


@shared_task(name="marketplace.tasks.project_listings")
def project_listings() -> int:
    """Rebuild listings whose ring was lost."""
    return projecting.project_stale()

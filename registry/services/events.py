"""The audit log's only writer."""

from registry.models import Event, Organisation, User, Version


def record(
    verb: str,
    *,
    actor: User | None,
    version: Version | None = None,
    organisation: Organisation | None = None,
    **data: object,
) -> Event:
    """Append one event inside the caller's transaction. `data` must be JSON and hold no secret."""
    if version is not None and organisation is None:
        organisation = version.package.namespace.organisation
    return Event.objects.create(
        verb=verb,
        actor=actor,
        organisation=organisation,
        package="" if version is None else str(version),
        version_id=None if version is None else version.pk,
        data=data,
    )

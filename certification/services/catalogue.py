"""The catalogue as checks may see it: other names, and what was approved before."""

from collections.abc import Mapping, Sequence

from certification.models import CheckRun
from certification.ports import ApprovedTools
from registry.models import Package, Version

MAX_NAMES = 100_000


class CatalogueBeside:
    """The door `Catalogue` for the checks of one version."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def names(self) -> Sequence[str]:
        """`namespace/name` of public packages of other organisations, oldest first."""
        pairs = (
            Package.objects.exclude(
                namespace__organisation=self._version.package.namespace.organisation_id
            )
            .filter(versions__in=Version.objects.public())
            .order_by("id")
            .distinct()
            .values_list("namespace__name", "name", "id")[:MAX_NAMES]
        )
        return [f"{namespace}/{name}" for namespace, name, _ in pairs]

    def approved_tools(self) -> ApprovedTools | None:
        """Of the newest other version of the package that is public."""
        base = (
            self._version.package.versions.public()
            .exclude(pk=self._version.pk)
            .order_by("-approved_at", "-id")
            .first()
        )
        if base is None:
            return None
        seen = {
            item["name"]: item["content"]
            for run in CheckRun.objects.filter(version=base).order_by("id")
            for item in run.result["evidence"]
        }
        written = seen.get("written-tools")
        listed = seen.get("tools")
        return ApprovedTools(
            base.version,
            dict(written) if isinstance(written, Mapping) else None,
            {tool["name"]: tool["digest"] for tool in listed} if isinstance(listed, list) else None,
        )

"""Reads of certifications, in the shapes that every face shows."""

import json
from typing import Any

from django.db.models import QuerySet

from certification import sarif
from certification.checks import ALL
from certification.models import (
    BilledComponent,
    BillOfMaterials,
    Certification,
    CheckRun,
    Exposure,
    StageState,
)
from certification.services.certifying import report_of
from certification.types import Check, Decision, Outcome, Stage, Verdict
from registry.domain import descriptor
from registry.domain.difference import Contents, Difference, compare
from registry.models import Version

_TITLES = {check.id: check.title for check in ALL}


def latest(version: Version) -> Certification | None:
    """The newest certification of a version, with stages, answers and reviews fetched."""
    return (
        Certification.objects.filter(version=version)
        .prefetch_related("stages", "checks", "reviews__reviewer")
        .select_related("version")
        .first()
    )


def check_title(check_id: str) -> str:
    """The human title of a check; its id for one that no longer exists."""
    return _TITLES.get(check_id, check_id)


def progress(version: Version) -> dict[str, Any]:
    """How far the certification is: stages with their checks, each waiting, running or answered."""
    certification = latest(version)
    answers = {} if certification is None else {r.check_id: r for r in certification.checks.all()}
    runs = {} if certification is None else {r.stage: r for r in certification.stages.all()}
    return {
        "certification": None if certification is None else certification.pk,
        "package": str(version.package),
        "version": version.version,
        "state": version.state,
        "decision": "" if certification is None else certification.decision,
        "reasons": [] if certification is None else certification.reasons,
        "stages": [
            {
                "stage": stage.value,
                "state": runs[stage].state if stage in runs else StageState.WAITING.value,
                "currentCheck": runs[stage].current_check if stage in runs else "",
                "checks": [
                    _check_progress(
                        check,
                        answers.get(check.id),
                        running=stage in runs and runs[stage].current_check == check.id,
                    )
                    for check in ALL
                    if check.stage is stage
                ],
            }
            for stage in Stage
        ],
    }


def _check_progress(check: Check, answer: CheckRun | None, *, running: bool) -> dict[str, Any]:
    if answer is None:
        outcome = "running" if running else "waiting"
        return {
            "id": check.id,
            "title": check.title,
            "version": check.version,
            "outcome": outcome,
            "findings": [],
            "incomplete": "",
        }
    return {
        "id": check.id,
        "title": check.title,
        "version": answer.check_version,
        "outcome": answer.outcome,
        "findings": answer.result["findings"],
        "incomplete": answer.result["incomplete"],
    }


def report_json(version: Version) -> dict[str, Any] | None:
    """The stored canonical report, or None before the verdict."""
    certification = latest(version)
    if certification is None or certification.report is None:
        return None
    body: dict[str, Any] = json.loads(bytes(certification.report))
    return body


def report_sarif(version: Version, *, docs: str) -> dict[str, Any] | None:
    """The report as SARIF 2.1.0, or None before the verdict; `docs`: where checks are explained."""
    certification = latest(version)
    if certification is None or certification.report is None:
        return None
    verdict = Verdict(
        Decision(certification.decision), tuple(certification.reasons), certification.policy
    )
    return sarif.to_sarif(report_of(certification), verdict, path=str(version), docs=docs)


def evidence(version: Version) -> dict[str, Any]:
    """All evidence of the newest certification: name -> content."""
    certification = latest(version)
    if certification is None:
        return {}
    return {
        item["name"]: item["content"]
        for run in certification.checks.all()
        for item in run.result["evidence"]
    }


def exposures(version: Version) -> list[Exposure]:
    """Advisories that became known after the version was judged, newest first."""
    return list(
        Exposure.objects.filter(version=version, advisory__withdrawn=False).select_related(
            "advisory", "component"
        )[:200]
    )


def components(version: Version) -> QuerySet[BilledComponent]:
    """What the version is built on, as far as releases are fixed."""
    return BilledComponent.objects.filter(version=version).order_by("ecosystem", "name")


def bill_of_materials(version: Version) -> BillOfMaterials | None:
    """The version's CycloneDX document; None before its scan."""
    return BillOfMaterials.objects.filter(version=version).first()


def observed_tools(version: Version) -> list[dict[str, Any]]:
    """Tools that the running server listed: name, digest of the definition, description."""
    tools = evidence(version).get("tools", [])
    return tools if isinstance(tools, list) else []


def isolation(version: Version) -> str:
    """The isolation level of the sandbox that ran it; empty when nothing ran."""
    return str(evidence(version).get("isolation", ""))


def tested(version: Version) -> bool:
    """Whether any sandbox check gave an answer by running it."""
    return CheckRun.objects.filter(
        version=version, stage=Stage.SANDBOX.value, outcome=Outcome.PASSED.value
    ).exists()


def approved_before(version: Version) -> Version | None:
    """The last approved version of the same package, if any."""
    others = version.package.versions.public().exclude(pk=version.pk)
    return others.order_by("-approved_at", "-id").first()


def behaviour(version: Version | None) -> object:
    """The record of what the version did when it ran; None where there is none."""
    return None if version is None else evidence(version).get("behaviour")


def difference(version: Version) -> Difference | None:
    """Against the last approved version of the same package; None when there is none."""
    base = approved_before(version)
    return None if base is None else compare(_contents(base), _contents(version))


def _contents(version: Version) -> Contents:
    return Contents(
        version=version.version,
        files=dict(version.files.values_list("path", "blob_id")),
        permissions=descriptor.from_dict(version.descriptor).permissions,
        tools={tool["name"]: tool["digest"] for tool in observed_tools(version)},
    )

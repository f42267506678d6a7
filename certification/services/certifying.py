"""One certification from request to verdict: leases, stages, judgement."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from certification import dispatch, policy, reports
from certification.checks import ALL
from certification.models import Certification, CheckRun, StageRun, StageState
from certification.pipeline import give_up, run_checks
from certification.services import inventory, subjects
from certification.types import Check, CheckReport, Decision, Report, Stage, Subject, Tools
from registry.domain.states import PENDING, State
from registry.models import User, Version
from registry.services import lifecycle

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 8.0
#: A stage that killed its worker this often is not tried again: its checks are errored.
MAX_ATTEMPTS = 3


@transaction.atomic
def request(version_id: int, *, actor: User | None) -> Certification:
    """Start the pipeline over a submitted version."""
    version = lifecycle.move(version_id, State.CERTIFYING, actor=actor)
    certification = Certification.objects.create(version=version)
    StageRun.objects.bulk_create(
        StageRun(certification=certification, stage=stage.value) for stage in Stage
    )
    _ring_next(certification)
    return certification


def run_stage(stage_run_id: int) -> bool:
    """Run one stage under a lease; false when there was nothing (left) to do."""
    lease = _take_lease(stage_run_id)
    if lease is None:
        return False
    run = StageRun.objects.select_related("certification__version").get(pk=stage_run_id)
    checks = [check for check in ALL if check.stage == run.stage]
    if run.attempts > MAX_ATTEMPTS:
        _store_all(run, [give_up(check) for check in _unanswered(run, checks)])
    else:
        with (
            _heartbeat(run.pk, lease),
            subjects.materialised(run.certification.version) as (subject, tools),
        ):
            if run.stage == Stage.SCAN:
                inventory.keep(run.certification.version, subject)
            _answer(run, checks, subject, tools)
    return _finish(run.pk, lease)


@transaction.atomic
def judge(certification_id: int) -> Decision:
    """Policy over the stored answers of all stages, and the step of the version it leads to."""
    certification = Certification.objects.select_for_update().get(pk=certification_id)
    version = certification.version
    report = report_of(certification)
    verdict = policy.judge(report)
    body = reports.canonical(report, verdict)
    certification.report = body
    certification.report_digest = "sha256:" + hashlib.sha256(body).hexdigest()
    certification.decision = verdict.decision.value
    certification.reasons = list(verdict.reasons)
    certification.policy = verdict.policy
    certification.policy_digest = policy.digest()
    certification.judged_at = timezone.now()
    certification.save()
    match verdict.decision:
        case Decision.APPROVE:
            dispatch.ring(dispatch.SIGN, certification.pk, queue="sign")
        case Decision.REVIEW:
            lifecycle.move(version.pk, State.IN_REVIEW, actor=None)
        case Decision.REJECT:
            reason = "; ".join(verdict.reasons)[:1000]
            lifecycle.move(version.pk, State.REJECTED, actor=None, reason=reason)
    return verdict.decision


def report_of(certification: Certification) -> Report:
    """The Report of a certification from its stored answers, in the order of `checks.ALL`."""
    stored = {run.check_id: run for run in certification.checks.all()}
    answers = tuple(
        CheckReport(
            check=check.id,
            version=stored[check.id].check_version,
            outcome=reports.outcome(stored[check.id].outcome),
            result=reports.result_from(stored[check.id].result),
        )
        if check.id in stored
        else give_up(check)
        for check in ALL
    )
    return Report(certification.version.digest, answers)


def sweep() -> int:
    """Ring again for whatever nobody is at: waiting stages, lost leases, unsigned approvals."""
    now = timezone.now()
    rung = 0
    for version in Version.objects.filter(state=State.SUBMITTED.value, certifications=None):
        request(version.pk, actor=None)
        rung += 1
    open_runs = StageRun.objects.exclude(state=StageState.DONE).filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        certification__version__state__in=[state.value for state in PENDING],
    )
    certifications = Certification.objects.filter(judged_at=None, stages__in=open_runs).distinct()
    for certification in certifications:
        rung += _ring_next(certification)
    rung += _judge_finished()
    approved = Certification.objects.filter(
        Q(decision=Decision.APPROVE.value, version__state=State.CERTIFYING.value)
        | Q(reviews__decision=Decision.APPROVE.value, version__state=State.IN_REVIEW.value),
        certificate=None,
    ).distinct()
    for certification in approved:
        dispatch.ring(dispatch.SIGN, certification.pk, queue="sign")
        rung += 1
    return rung


def _judge_finished() -> int:
    stuck = Certification.objects.filter(
        judged_at=None, version__state=State.CERTIFYING.value
    ).exclude(stages__state__in=[StageState.WAITING, StageState.RUNNING])
    count = 0
    for certification in stuck:
        judge(certification.pk)
        count += 1
    return count


def _ring_next(certification: Certification) -> bool:
    """Ring for the first stage that is not done, unless somebody is at it."""
    run = certification.stages.exclude(state=StageState.DONE).order_by("id").first()
    if run is None or (run.lease_until is not None and run.lease_until > timezone.now()):
        return False
    dispatch.ring(dispatch.RUN_STAGE, run.pk, queue=run.stage)
    return True


def _take_lease(stage_run_id: int) -> UUID | None:
    """A lease on the stage for this worker, or None when it is done or somebody holds it."""
    lease, now = uuid4(), timezone.now()
    taken = (
        StageRun.objects.filter(
            Q(lease_until=None) | Q(lease_until__lt=now),
            pk=stage_run_id,
            certification__version__state=State.CERTIFYING.value,
        )
        .exclude(state=StageState.DONE)
        .update(
            state=StageState.RUNNING,
            lease=lease,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
            started_at=now,
        )
    )
    return lease if taken else None


@contextmanager
def _heartbeat(stage_run_id: int, lease: UUID) -> Iterator[None]:
    """Extends the lease from a thread of its own for as long as the block runs."""
    stop = Signal()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            StageRun.objects.filter(pk=stage_run_id, lease=lease).update(
                lease_until=timezone.now() + LEASE
            )
        connection.close()

    thread = Thread(target=beat, name="lease-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _answer(run: StageRun, checks: list[Check], subject: Subject, tools: Tools) -> None:
    unanswered = _unanswered(run, checks)
    answers = run_checks(unanswered, subject, tools)
    for check in unanswered:
        StageRun.objects.filter(pk=run.pk).update(current_check=check.id)
        _store_all(run, [next(answers)])


def _unanswered(run: StageRun, checks: list[Check]) -> list[Check]:
    answered = set(
        CheckRun.objects.filter(certification=run.certification_id).values_list(
            "check_id", "check_version"
        )
    )
    return [check for check in checks if (check.id, check.version) not in answered]


def _store_all(run: StageRun, answers: list[CheckReport]) -> None:
    """Insert the answers; a row that another delivery stored first stays."""
    CheckRun.objects.bulk_create(
        [
            CheckRun(
                certification_id=run.certification_id,
                version_id=run.certification.version_id,
                stage=run.stage,
                check_id=answer.check,
                check_version=answer.version,
                outcome=answer.outcome.value,
                result=reports.result_dict(answer.result),
            )
            for answer in answers
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def _finish(stage_run_id: int, lease: UUID) -> bool:
    """Close the stage if the lease is still ours, then ring for the next one or judge."""
    run = StageRun.objects.select_for_update().get(pk=stage_run_id)
    if run.lease != lease or run.state == StageState.DONE:
        return False
    run.state = StageState.DONE
    run.lease_until = None
    run.current_check = ""
    run.finished_at = timezone.now()
    run.save()
    if not _ring_next(run.certification):
        judge(run.certification_id)
    return True

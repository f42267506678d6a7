"""Certifications: one run of the pipeline over one version, stage by stage, check by check."""

from django.db import models
from django.utils import timezone

from certification.types import Decision, Outcome, Stage
from registry.models import User, Version


class Certification(models.Model):
    """`report` is the canonical JSON of the Report once all stages are done; `decision` the
    policy's verdict on it. A person's decision is a Review."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="certifications")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    judged_at = models.DateTimeField(null=True)
    decision = models.CharField(
        max_length=8, blank=True, choices=[(d.value, d.value) for d in Decision]
    )
    reasons = models.JSONField(default=list)
    policy = models.CharField(max_length=80, blank=True)
    policy_digest = models.CharField(max_length=71, blank=True)
    report = models.BinaryField(null=True)
    report_digest = models.CharField(max_length=71, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"certification {self.pk} of {self.version}"


class StageState(models.TextChoices):
    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"


class StageRun(models.Model):
    """One stage of one certification, and the lease of the worker that is at it.

    A row whose lease has run out belongs to nobody: the sweeper rings for it again.
    """

    certification = models.ForeignKey(
        Certification, on_delete=models.CASCADE, related_name="stages"
    )
    stage = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Stage])
    state = models.CharField(max_length=8, choices=StageState.choices, default=StageState.WAITING)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    current_check = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["certification", "stage"], name="one_run_a_stage")
        ]

    def __str__(self) -> str:
        return f"{self.stage} of certification {self.certification_id}"


class CheckRun(models.Model):
    """What one check said. `result` is `certification.reports.result_dict` of its Result."""

    certification = models.ForeignKey(
        Certification, on_delete=models.CASCADE, related_name="checks"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="check_runs")
    stage = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Stage])
    check_id = models.CharField(max_length=64)
    check_version = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=[(o.value, o.value) for o in Outcome])
    result = models.JSONField(default=dict)
    finished_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "check_id", "check_version"], name="one_answer_a_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.outcome}"


class Review(models.Model):
    """A person's decision with a reason."""

    certification = models.ForeignKey(
        Certification, on_delete=models.PROTECT, related_name="reviews"
    )
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(
        max_length=8, choices=[(d.value, d.value) for d in (Decision.APPROVE, Decision.REJECT)]
    )
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.decision} by {self.reviewer}"

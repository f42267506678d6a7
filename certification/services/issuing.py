"""From an approval to a certificate: built, signed, logged and public in one transaction."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from certification import dispatch, manifest, policy, statement
from certification.manifest import Approval, ManifestFile, Release
from certification.models import Certificate, Certification
from certification.services import doors, reading
from certification.services.certifying import report_of
from certification.types import Decision
from registry.domain import descriptor
from registry.domain.states import State
from registry.models import Version
from registry.services import events, lifecycle

VALIDITY = timedelta(days=365)
_SIGNABLE = {State.CERTIFYING.value, State.IN_REVIEW.value}


@transaction.atomic
def issue(certification_id: int) -> bool:
    """Sign an approved certification; false when there is nothing to sign (any more).

    The signature, its log entry, the certificate and the step to `approved` stand or fall
    together: a crash leaves no trace and the sweeper rings again.
    """
    certification = (
        Certification.objects.select_for_update(of=("self",))
        .select_related("version__package__namespace__organisation")
        .get(pk=certification_id)
    )
    version = lifecycle.locked(certification.version_id)
    if not _approved(certification, version):
        return False
    release = _release(certification, version)
    body = manifest.install_manifest(release)
    signer = doors.signer()
    signed = signer.sign(statement.verification_summary(release, body, verifier=signer.identity()))
    Certificate.objects.create(
        version=version,
        certification=certification,
        manifest=body,
        manifest_digest=manifest.digest(body),
        bundle=signed.bundle,
        timestamp=signed.timestamp,
        log_index=signed.log_index,
        issued_at=release.approval.issued_at,
        expires_at=release.approval.expires_at,
    )
    events.record("certificate.issued", actor=None, version=version, log_index=signed.log_index)
    lifecycle.move(version.pk, State.APPROVED, actor=None)
    dispatch.ring(dispatch.PROJECT, version.package_id, queue="default")
    return True


def _policy_digest(certification: Certification) -> str:
    """Of the policy that judged. What was judged before digests were kept has the present one's
    if that is still the same policy, and else none."""
    present = policy.digest() if certification.policy == policy.POLICY else ""
    return certification.policy_digest or present


def _approved(certification: Certification, version: Version) -> bool:
    """Law: no signature without a verdict and, where the verdict asked for one, a review."""
    if version.state not in _SIGNABLE or certification.report is None:
        return False
    if Certificate.objects.filter(version=version).exists():
        return False
    if certification.decision == Decision.APPROVE:
        return True
    return (
        certification.decision == Decision.REVIEW
        and certification.reviews.filter(decision=Decision.APPROVE.value).exists()
    )


def _release(certification: Certification, version: Version) -> Release:
    now = timezone.now().replace(microsecond=0)
    return Release(
        package=str(version.package),
        version=version.version,
        digest=version.digest,
        descriptor=descriptor.from_dict(version.descriptor),
        files=tuple(
            ManifestFile(file.path, file.blob_id, file.blob.size, file.media_type)
            for file in version.files.select_related("blob")
        ),
        approval=Approval(
            report=report_of(certification),
            report_digest=certification.report_digest,
            policy=certification.policy,
            policy_digest=_policy_digest(certification),
            decision=certification.decision,
            reviewers=tuple(
                review.reviewer.username
                for review in certification.reviews.select_related("reviewer")
            ),
            issued_at=now,
            expires_at=now + VALIDITY,
            isolation=reading.isolation(version),
        ),
    )

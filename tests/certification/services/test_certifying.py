"""The services of the pipeline on real Postgres; the tests play the bell by hand."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from certification import policy
from certification.models import Certificate, Certification, CheckRun, LogEntry, StageRun
from certification.services import certifying, issuing, reading, reviewing, subjects
from certification.types import Decision
from marketplace.services import catalogue, projecting, publishing, seeding
from registry.blobs import blob_storage, key
from registry.domain.problems import Code, ProblemError
from registry.domain.states import State
from registry.models import Event, StaffRole, Version
from tests import factories

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def publisher():
    return factories.make_publisher()


@pytest.fixture
def reviewer():
    return factories.make_user("rae", staff=StaffRole.REVIEWER)


def publish(actor, example):
    return seeding.publish_folder(EXAMPLES / example, actor=actor)


def run_all(version):
    """Every stage in order, as the bell would have it."""
    for run in StageRun.objects.filter(certification__version=version).order_by("id"):
        assert certifying.run_stage(run.pk)
    version.refresh_from_db()
    return Certification.objects.get(version=version)


def certified(version):
    certification = run_all(version)
    assert issuing.issue(certification.pk)
    version.refresh_from_db()
    return certification


def in_review(publisher, sandbox, example="benign/unit-converter"):
    sandbox.unavailable = True
    version = publish(publisher, example)
    run_all(version)
    assert version.state == State.IN_REVIEW
    return version


def test_a_clean_model_is_approved_signed_and_listed(publisher, sandbox, signer):
    version = publish(publisher, "benign/tiny-classifier")
    assert version.state == State.CERTIFYING
    certification = certified(version)
    assert certification.decision == Decision.APPROVE
    assert version.state == State.APPROVED
    assert version.approved_at
    listing = projecting.project(version.package_id)
    assert str(listing) == "acme/tiny-classifier"
    assert catalogue.public_version("acme", "tiny-classifier") == version


def test_the_bundle_covers_every_file_and_the_manifest(publisher, sandbox, signer):
    version = publish(publisher, "benign/tiny-classifier")
    certified(version)
    certificate = Certificate.objects.get(version=version)
    config = ClientTrustConfig.from_json(signer.trust_config().decode())
    _, payload = Verifier(trusted_root=config.trusted_root).verify_dsse(
        Bundle.from_json(bytes(certificate.bundle)),
        Identity(identity=signer.identity(), issuer=signer.issuer()),
    )
    statement = json.loads(payload)
    subjects_by_name = {s["name"]: "sha256:" + s["digest"]["sha256"] for s in statement["subject"]}
    files = dict(version.files.values_list("path", "blob_id"))
    assert subjects_by_name == {**files, "assay-manifest.json": certificate.manifest_digest}
    assert statement["predicate"]["resourceUri"] == "pkg:generic/acme/tiny-classifier@2026.11"
    manifest = json.loads(bytes(certificate.manifest))
    assert manifest["package"] == "acme/tiny-classifier"
    assert {file["path"] for file in manifest["files"]} == set(files)


@pytest.mark.parametrize(
    ("name", "kept", "digest"),
    [
        (policy.POLICY, f"sha256:{'c' * 64}", {"sha256": "c" * 64}),
        (policy.POLICY, "", {"sha256": policy.digest().removeprefix("sha256:")}),
        ("assay-default@0", "", None),
    ],
)
def test_the_certificate_names_the_policy_that_judged(
    publisher, sandbox, signer, name, kept, digest
):
    certification = run_all(publish(publisher, "benign/tiny-classifier"))
    assert certification.policy_digest == policy.digest()
    Certification.objects.filter(pk=certification.pk).update(policy=name, policy_digest=kept)
    assert issuing.issue(certification.pk)
    bundle = json.loads(bytes(Certificate.objects.get(certification=certification).bundle))
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    assert statement["predicate"]["policy"].get("digest") == digest


@pytest.mark.parametrize(
    ("example", "rule"),
    [
        ("hostile/trojan-pickle", "pickle-opcodes."),
        ("hostile/poisoned-weather", "tool-poisoning."),
        ("hostile/hidden-skill", "hidden-text."),
        ("hostile/escaping-zip", "archive-safety."),
    ],
)
def test_hostile_examples_are_refused_with_the_reason(publisher, sandbox, signer, example, rule):
    version = publish(publisher, example)
    certification = run_all(version)
    assert version.state == State.REJECTED
    assert any(reason.startswith(rule) for reason in certification.reasons), certification.reasons
    assert not issuing.issue(certification.pk)
    assert not LogEntry.objects.exists()
    with pytest.raises(ProblemError):
        catalogue.public_version("acme", example.split("/")[1])


def test_no_answer_from_the_sandbox_means_a_person(publisher, sandbox):
    version = in_review(publisher, sandbox)
    certification = Certification.objects.get(version=version)
    assert any("sandbox" in reason for reason in certification.reasons)
    assert not issuing.issue(certification.pk)


def test_a_reviewer_approves(publisher, sandbox, reviewer, signer):
    version = in_review(publisher, sandbox)
    reviewing.review(
        version.pk, decision=Decision.APPROVE, reason="Ran it myself at home.", actor=reviewer
    )
    assert issuing.issue(Certification.objects.get(version=version).pk)
    manifest = json.loads(bytes(Certificate.objects.get(version=version).manifest))
    assert manifest["certificate"]["reviewers"] == ["rae"]
    assert Event.objects.filter(verb="version.reviewed", actor=reviewer).exists()


def test_a_reviewer_rejects(publisher, sandbox, reviewer):
    version = in_review(publisher, sandbox)
    reviewing.review(
        version.pk, decision=Decision.REJECT, reason="It does not do that.", actor=reviewer
    )
    version.refresh_from_db()
    assert version.state == State.REJECTED


@pytest.mark.parametrize(
    ("who", "reason", "code"),
    [
        ("publisher", "I like my own work.", Code.FORBIDDEN),
        ("auditor", "I only read things.", Code.FORBIDDEN),
        ("reviewer", "short", Code.REASON_MISSING),
    ],
)
def test_reviews_that_do_not_count(publisher, sandbox, reviewer, who, reason, code):
    version = in_review(publisher, sandbox)
    actors = {
        "publisher": publisher,
        "reviewer": reviewer,
        "auditor": factories.make_user("aud", staff=StaffRole.AUDITOR),
    }
    with pytest.raises(ProblemError) as caught:
        reviewing.review(version.pk, decision=Decision.APPROVE, reason=reason, actor=actors[who])
    assert caught.value.code is code


def test_nobody_reviews_what_they_submitted(publisher, sandbox):
    publisher.staff_role = StaffRole.REVIEWER
    publisher.save()
    version = in_review(publisher, sandbox)
    with pytest.raises(ProblemError) as caught:
        reviewing.review(
            version.pk, decision=Decision.APPROVE, reason="Mine is surely fine.", actor=publisher
        )
    assert caught.value.code is Code.FORBIDDEN


def test_one_decision_only(publisher, sandbox, reviewer):
    version = in_review(publisher, sandbox)
    given = {"decision": Decision.APPROVE, "reason": "Looks right to me.", "actor": reviewer}
    reviewing.review(version.pk, **given)
    with pytest.raises(ProblemError, match="decided already"):
        reviewing.review(version.pk, **given)


def test_revoking_takes_it_from_everywhere_at_once(publisher, sandbox, reviewer, signer):
    version = publish(publisher, "benign/tiny-vocab")
    certified(version)
    projecting.project(version.package_id)
    reviewing.revoke(version.pk, reason="The weights were poisoned.", actor=reviewer)
    with pytest.raises(ProblemError):
        catalogue.public_version("acme", "tiny-vocab", "1.0.0")
    assert projecting.project(version.package_id) is None
    assert catalogue.withdrawn().get().revocation_reason == "The weights were poisoned."
    with pytest.raises(ProblemError, match="cannot become"):
        reviewing.release(version.pk, reason="It was all a mistake.", actor=reviewer)


def test_quarantine_ends(publisher, sandbox, reviewer, signer):
    version = publish(publisher, "benign/tiny-vocab")
    certified(version)
    reviewing.quarantine(version.pk, reason="Somebody reported it.", actor=reviewer)
    assert not Version.objects.public().exists()
    reviewing.release(version.pk, reason="The report was wrong.", actor=reviewer)
    assert catalogue.public_version("acme", "tiny-vocab")
    with pytest.raises(ProblemError) as caught:
        reviewing.revoke(version.pk, reason="I should not be able to.", actor=publisher)
    assert caught.value.code is Code.FORBIDDEN


def test_a_second_delivery_finds_nothing_to_do(publisher, sandbox, signer):
    version = publish(publisher, "benign/tiny-vocab")
    certification = certified(version)
    stored = CheckRun.objects.count()
    for run in certification.stages.all():
        assert not certifying.run_stage(run.pk)
    assert not issuing.issue(certification.pk)
    assert CheckRun.objects.count() == stored
    assert LogEntry.objects.count() == 2


def test_a_stage_somebody_is_at_is_left_alone(publisher, sandbox):
    version = publish(publisher, "benign/tiny-vocab")
    run = StageRun.objects.filter(certification__version=version).first()
    StageRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(seconds=9))
    assert not certifying.run_stage(run.pk)
    StageRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=9))
    assert certifying.run_stage(run.pk)


def test_a_stage_that_keeps_killing_its_worker_ends_in_review(publisher, sandbox):
    version = publish(publisher, "benign/tiny-vocab")
    StageRun.objects.filter(stage="scan").update(attempts=certifying.MAX_ATTEMPTS)
    certification = run_all(version)
    assert version.state == State.IN_REVIEW
    assert "could not judge" in certification.reasons[0]


def test_the_sweeper_rings_for_what_was_lost(
    publisher, sandbox, signer, django_capture_on_commit_callbacks
):
    version = publish(publisher, "benign/tiny-vocab")
    assert certifying.sweep() == 1
    certification = run_all(version)
    assert certifying.sweep() == 1
    issuing.issue(certification.pk)
    assert certifying.sweep() == 0


def test_damaged_blobs_are_not_judged(publisher, sandbox):
    version = publish(publisher, "benign/tiny-vocab")
    file = version.files.get(path="vocab.gguf")
    path = Path(blob_storage().path(key(file.blob_id)))
    sound = path.read_bytes()
    path.write_bytes(b"GGUF rotten")
    try:
        run = StageRun.objects.filter(certification__version=version).first()
        with pytest.raises(subjects.BlobDamagedError):
            certifying.run_stage(run.pk)
        version.refresh_from_db()
        assert version.state == State.CERTIFYING
    finally:
        path.write_bytes(sound)


def test_the_same_input_gives_the_same_report(publisher, sandbox):
    first = run_all(publish(publisher, "benign/tiny-classifier"))
    other = factories.make_publisher("quinn", "other")
    second = run_all(publish(other, "benign/tiny-classifier"))
    assert bytes(first.report) == bytes(second.report)


def test_progress_tells_what_is_waiting_and_what_is_said(publisher, sandbox):
    version = publish(publisher, "benign/tiny-vocab")
    before = reading.progress(version)
    assert {c["outcome"] for s in before["stages"] for c in s["checks"]} == {"waiting"}
    run_all(version)
    after = reading.progress(version)
    assert "waiting" not in {c["outcome"] for s in after["stages"] for c in s["checks"]}
    assert after["decision"] == "approve"
    assert reading.report_json(version)["decision"] == "approve"
    assert reading.report_sarif(version, docs="")["version"] == "2.1.0"


def test_an_unknown_format_is_refused_when_publishing(publisher, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing in particular")
    with pytest.raises(ProblemError) as caught:
        seeding.publish_folder(tmp_path, actor=publisher)
    assert caught.value.code is Code.UNKNOWN_FORMAT


def test_a_bad_descriptor_is_refused_when_publishing(publisher, tmp_path):
    (tmp_path / "SKILL.md").write_text("---\nname: [\n---\n")
    with pytest.raises(ProblemError) as caught:
        seeding.publish_folder(tmp_path, actor=publisher)
    assert caught.value.code in {Code.BAD_DESCRIPTOR, Code.UNKNOWN_FORMAT}


def test_publishing_needs_a_namespace_when_there_are_two(publisher):
    factories.make_publisher("quinn", "other")
    stranger = factories.make_user("sam")
    with pytest.raises(ProblemError, match="Say which namespace"):
        publish(stranger, "benign/tiny-vocab")
    assert publishing.publishable_namespaces(publisher) == ["acme"]

"""What publishers and reviewers decide."""

import pytest

from registry.domain.states import State
from registry.domain.tokens import Scope
from registry.models import Event, StaffRole
from tests import factories

pytestmark = pytest.mark.django_db

BASE = "/api/v1/packages/acme/weather/versions/1.0.0/"
REASON = {"reason": "It does what it declares."}
ACTS = {
    "review": {"decision": "approve", **REASON},
    "revoke": REASON,
    "quarantine": REASON,
    "release": REASON,
    "yank": REASON,
    "unyank": {},
    "withdraw": {},
}


def post(client, act, body=None, base=BASE):
    return client.post(base + act, ACTS[act] if body is None else body, "application/json")


def test_a_reviewer_rejects(reviewing):
    factories.make_version(state=State.IN_REVIEW)
    answer = post(reviewing, "review", {"decision": "reject", **REASON})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")


def test_an_approval_is_kept_until_it_is_signed(reviewing, refused):
    factories.make_version(state=State.IN_REVIEW)
    assert post(reviewing, "review").json()["state"] == "in_review"
    assert Event.objects.filter(verb="version.reviewed").exists()
    refused(post(reviewing, "review"), 409, "illegal-step")


@pytest.mark.parametrize(
    "body", [{"decision": "maybe", **REASON}, {"decision": "review", **REASON}, {}]
)
def test_only_yes_or_no_is_a_review(reviewing, refused, body):
    factories.make_version(state=State.IN_REVIEW)
    refused(post(reviewing, "review", body), 400, "invalid")


@pytest.mark.parametrize("act", ["review", "revoke", "quarantine"])
def test_a_decision_needs_a_reason(reviewing, refused, act):
    state = State.IN_REVIEW if act == "review" else State.APPROVED
    factories.make_version(state=state)
    refused(post(reviewing, act, {**ACTS[act], "reason": "no"}), 400, "reason-missing")


def test_a_reviewer_cannot_judge_their_own(as_token, refused):
    person = factories.make_user("rhea", staff=StaffRole.REVIEWER)
    namespace = factories.make_namespace(
        "acme", organisation=factories.make_organisation("acme", owner=person)
    )
    assert namespace.organisation.memberships.get().user == person
    factories.make_version(state=State.IN_REVIEW)
    refused(post(as_token(person), "review"), 404, "not-found")


def test_quarantine_release_and_revocation(reviewing, client):
    factories.make_approved_version()
    assert post(reviewing, "quarantine").json()["state"] == "quarantined"
    assert client.get(BASE).status_code == 404
    assert post(reviewing, "release").json()["state"] == "approved"
    revoked = post(reviewing, "revoke").json()
    assert (revoked["state"], revoked["revocationReason"]) == ("revoked", REASON["reason"])


def test_a_publisher_yanks_and_unyanks(publishing, client):
    factories.make_approved_version()
    assert post(publishing, "yank").json()["yanked"] is True
    assert client.get("/api/v1/packages/").json()["results"] == []
    assert post(publishing, "unyank").json()["yanked"] is False
    assert len(client.get("/api/v1/packages/").json()["results"]) == 1


def test_a_publisher_withdraws_what_is_not_approved(publishing, refused):
    factories.make_version(state=State.IN_REVIEW)
    assert post(publishing, "withdraw").json()["state"] == "withdrawn"
    refused(post(publishing, "withdraw"), 409, "illegal-step")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", [State.APPROVED, State.IN_REVIEW])
@pytest.mark.parametrize("staff", [StaffRole.NONE, StaffRole.AUDITOR])
def test_who_may_not_decide_is_told_nothing(as_token, act, state, staff):
    factories.make_version(state=state)
    client = as_token(factories.make_user("otto", staff=staff))
    there = post(client, act)
    absent = post(client, act, base=BASE.replace("1.0.0", "9.9.9"))
    assert there.status_code == absent.status_code == 404
    assert there.content.replace(b"1.0.0", b"9.9.9") == absent.content


@pytest.mark.parametrize("act", ACTS)
def test_nobody_decides_without_signing_in(client, refused, act):
    factories.make_approved_version()
    refused(post(client, act), 401, "not-authenticated")


def test_a_reviewer_needs_the_scope(as_token, refused):
    factories.make_approved_version()
    client = as_token(factories.make_user("rhea", staff=StaffRole.REVIEWER), Scope.READ)
    refused(post(client, "revoke"), 403, "permission-denied")


def test_the_progress_of_a_certification(client, publishing, refused):
    version = factories.make_version(state=State.CERTIFYING)
    address = f"/api/v1/certifications/{version.certifications.get().pk}/"
    shown = publishing.get(address).json()
    assert (shown["state"], shown["version"]) == ("certifying", "1.0.0")
    assert [stage["stage"] for stage in shown["stages"]] == ["scan", "sandbox", "provenance"]
    there = client.get(address)
    refused(there, 404, "not-found")
    assert there.content == client.get("/api/v1/certifications/999999/").content

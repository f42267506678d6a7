"""Advisories come in; exactly the versions that contain what they name are told of."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from certification.advisories.database import DatabaseFeed
from certification.models import (
    Advisory,
    AdvisorySnapshot,
    BilledComponent,
    BillOfMaterials,
    Certification,
    Exposure,
    StageRun,
)
from certification.ports import PackageVersion
from certification.services import advising, certifying, inventory, reading, subjects
from registry.domain.states import State
from registry.models import Event
from registry.services import lifecycle
from tests import factories

pytestmark = pytest.mark.django_db

SKILL = b"---\nname: fetcher\ndescription: Fetches a page.\n---\n"


def record(name: str = "requests", **more: object) -> dict:
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.32.0"}]}
    package = {"ecosystem": "PyPI", "name": name}
    return {
        "id": "PYSEC-2026-1",
        "modified": "2026-11-20T00:00:00Z",
        "summary": "Leaks credentials.",
        "database_specific": {"severity": "HIGH"},
        "affected": [{"package": package, "ranges": [span]}],
        **more,
    }


def dump(folder: Path, *records: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(records):
        (folder / f"{number}.json").write_text(json.dumps(one))
    return folder


def built_on(name: str, requirement: str, state: State = State.APPROVED):
    files = {"SKILL.md": SKILL, "requirements.txt": requirement.encode()}
    version = factories.make_version(name, state=state, files=files)
    with subjects.materialised(version) as (subject, _):
        assert inventory.keep(version, subject)
        assert not inventory.keep(version, subject)
    return version


def test_a_scan_keeps_the_bill_of_materials(sandbox):
    version = factories.make_version(
        files={"SKILL.md": SKILL, "requirements.txt": b"requests==2.31.0\nrich"},
        state=State.CERTIFYING,
    )
    scan = StageRun.objects.get(certification__version=version, stage="scan")
    assert certifying.run_stage(scan.pk)
    bill = BillOfMaterials.objects.get(version=version)
    assert json.loads(bytes(bill.document))["bomFormat"] == "CycloneDX"
    (component,) = BilledComponent.objects.filter(version=version)
    assert (component.name, component.release) == ("requests", "2.31.0")


def test_only_what_contains_it_is_exposed_and_no_blob_is_read(tmp_path, monkeypatch):
    hit = built_on("acme/hit", "requests==2.31.0\nrich==1")
    built_on("acme/mended", "requests==2.32.0")
    built_on("acme/other", "rich==1")
    monkeypatch.setattr("registry.blobs.blob_storage", None)  # whoever opens a blob now, fails
    counts = advising.import_dump(dump(tmp_path, record()))
    assert (counts.new, counts.affected) == (1, 1)
    (exposure,) = Exposure.objects.all()
    assert (exposure.version, exposure.fixed) == (hit, "2.32.0")
    (event,) = Event.objects.filter(verb="version.exposed")
    assert event.data == {"advisories": ["PYSEC-2026-1"]}
    hit.refresh_from_db()
    assert hit.state == State.APPROVED
    assert [one.advisory.osv_id for one in reading.exposures(hit)] == ["PYSEC-2026-1"]


def test_importing_again_changes_nothing_but_the_time(tmp_path):
    built_on("acme/hit", "requests==2.31.0")
    folder = dump(tmp_path, record())
    advising.import_dump(folder)
    counts = advising.import_dump(folder)
    assert (counts.new, counts.changed, counts.unchanged, counts.affected) == (0, 0, 1, 0)
    first, second = AdvisorySnapshot.objects.order_by("id")
    assert first.digest == second.digest
    assert Exposure.objects.count() == Event.objects.filter(verb="version.exposed").count() == 1


def test_a_changed_record_is_matched_anew(tmp_path):
    built_on("acme/hit", "rich==1.0\nrequests==3.0")
    advising.import_dump(dump(tmp_path / "a", record()))
    assert not Exposure.objects.exists()
    changed = record("rich", affected=[{"package": {"ecosystem": "PyPI", "name": "rich"}}])
    counts = advising.import_dump(dump(tmp_path / "b", changed))
    assert (counts.changed, counts.affected) == (1, 1)
    assert Advisory.objects.get().affected.get().name == "rich"


def test_a_withdrawn_advisory_is_no_longer_shown(tmp_path):
    hit = built_on("acme/hit", "requests==2.31.0")
    advising.import_dump(dump(tmp_path / "a", record()))
    advising.import_dump(dump(tmp_path / "b", record(withdrawn="2026-11-21T00:00:00Z")))
    assert reading.exposures(hit) == []
    requests = PackageVersion("PyPI", "requests", "2.31.0")
    assert DatabaseFeed().problems([requests]) == {}


@pytest.mark.parametrize(
    ("state", "ends"),
    [(State.APPROVED, State.QUARANTINED), (State.IN_REVIEW, State.IN_REVIEW)],
)
def test_what_is_malicious_is_quarantined(tmp_path, valkey, state, ends):
    version = built_on("acme/hit", "requests==2.31.0", state)
    advising.import_dump(dump(tmp_path, record(id="MAL-2026-1")))
    version.refresh_from_db()
    assert version.state == ends
    assert Exposure.objects.get().advisory.malicious


def test_the_feed_knows_how_old_it_is(tmp_path, monkeypatch):
    feed = DatabaseFeed()
    assert feed.snapshot() is None
    assert feed.is_stale()
    advising.import_dump(dump(tmp_path, record(), record(id="PYSEC-2", summary="x")))
    snapshot = feed.snapshot()
    assert snapshot is not None
    assert (snapshot.records, snapshot.newest) == (2, "2026-11-20T00:00:00Z")
    assert not feed.is_stale()
    asked = [PackageVersion("PyPI", "requests", v) for v in ("2.31.0", "1.0")]
    (found,) = feed.problems([*asked, PackageVersion("npm", "requests", "2.31.0")]).values()
    assert [one.advisory for one in found] == ["PYSEC-2", "PYSEC-2026-1"]


def test_the_command_says_what_it_did(tmp_path):
    folder = dump(tmp_path / "dump", record(), {"id": 3}, record(id="X", affected=[]))
    out, err = StringIO(), StringIO()
    call_command("import_advisories", str(folder), stdout=out, stderr=err)
    assert "1 new" in out.getvalue()
    assert "1 of other ecosystems, 1 unreadable" in out.getvalue()
    assert "1.json" in err.getvalue()
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(CommandError, match="neither a zip"):
        call_command("import_advisories", str(tmp_path / "x.txt"))
    with pytest.raises(CommandError, match="could not be imported"):
        call_command("import_advisories", str(tmp_path / "absent"))


def test_certifications_say_which_advisories_they_rest_on(tmp_path, sandbox):
    advising.import_dump(dump(tmp_path, record()))
    version = factories.make_version(
        files={"SKILL.md": SKILL, "requirements.txt": b"requests==2.31.0"}, state=State.CERTIFYING
    )
    for run in StageRun.objects.filter(certification__version=version).order_by("id"):
        assert certifying.run_stage(run.pk)
    certification = Certification.objects.get(version=version)
    assert certification.decision == "review"
    snapshot = AdvisorySnapshot.objects.get().digest
    assert reading.evidence(version)["advisories"]["snapshot"] == snapshot
    lifecycle.move(version.pk, State.REJECTED, actor=None, reason="enough")

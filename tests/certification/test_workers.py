"""Real broker, real workers, real Postgres: whatever dies, a version ends in one right verdict."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from certification.models import Certificate, Certification, CheckRun, StageRun, StageState
from certification.services import certifying
from marketplace.local.child import wait_until
from marketplace.services import seeding
from registry.domain.states import PENDING
from tests import factories
from tests.workers import kill, workers

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PATIENCE = 90.0


@pytest.fixture
def start(valkey, tmp_path):
    """Start a worker; all of them are stopped in the end."""
    with workers(valkey, tmp_path) as begin:
        yield begin


@pytest.fixture
def big_model(tmp_path):
    """A safetensors file that takes a worker a moment."""
    folder = tmp_path / "model"
    folder.mkdir()
    size = 192 * 1024 * 1024
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (size, size)
    header += b" " * (-len(header) % 8)
    with (folder / "model.safetensors").open("wb") as target:
        target.write(len(header).to_bytes(8, "little") + header)
        target.truncate(8 + len(header) + size)
    (folder / "assay.toml").write_text('[package]\nname = "big"\nversion = "1"\n')
    return folder


def settled(version):
    version.refresh_from_db()
    return version.state not in PENDING


def lose_leases():
    """What thirty seconds without a heartbeat do."""
    StageRun.objects.exclude(state=StageState.DONE).exclude(lease_until=None).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def one_right_verdict(version):
    certification = Certification.objects.get(version=version)
    assert certification.decision == "approve", certification.reasons
    answers = list(CheckRun.objects.filter(version=version).values_list("check_id", flat=True))
    assert len(answers) == len(set(answers))
    assert Certificate.objects.filter(version=version).count() == 1
    assert version.state == "approved"


def test_a_version_goes_all_the_way_through_broker_and_worker(start, tmp_path):
    start()
    version = seeding.publish_folder(
        seeding.EXAMPLES / "benign/tiny-classifier", actor=factories.make_publisher()
    )
    assert wait_until(lambda: settled(version), PATIENCE)
    one_right_verdict(version)


def test_a_worker_killed_in_mid_certification(start, big_model):
    first = start()
    version = seeding.publish_folder(big_model, actor=factories.make_publisher())
    running = StageRun.objects.filter(state=StageState.RUNNING)
    assert wait_until(running.exists, PATIENCE)
    kill(first)
    assert not settled(version)
    start()
    lose_leases()
    certifying.sweep()
    assert wait_until(lambda: settled(version), PATIENCE)
    one_right_verdict(version)


def test_a_broker_that_forgets_everything(start, valkey):
    version = seeding.publish_folder(
        seeding.EXAMPLES / "benign/tiny-vocab", actor=factories.make_publisher()
    )
    flush(valkey)
    start()
    certifying.sweep()
    assert wait_until(lambda: settled(version), PATIENCE)
    one_right_verdict(version)


def flush(url):
    """Lose every message."""
    code = "import sys, kombu; kombu.Connection(sys.argv[1]).default_channel.client.flushall()"
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=30)

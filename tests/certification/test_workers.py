"""Real broker, real workers, real Postgres: whatever dies, a version ends in one right verdict."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from certification.models import Certificate, Certification, CheckRun, StageRun, StageState
from certification.services import certifying
from marketplace.local.child import Service, spawn, stop, wait_until
from marketplace.local.places import Places
from marketplace.services import seeding
from registry.domain.states import PENDING
from tests import people

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

QUEUES = "scan,sandbox,provenance,sign,default"
PATIENCE = 90.0


def database_url():
    """The test database as the workers must see it."""
    return Places(settings.ASSAY_HOME).database_url(connection.settings_dict["NAME"])


def worker_service(broker):
    return Service(
        "worker",
        (sys.executable, "-m", "celery", "-A", "marketplace.celery", "worker", "-Q", QUEUES,
         "-c", "1", "-l", "WARNING", "-n", f"test{time.monotonic_ns()}@local"),
        env={
            "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
            "DATABASE_URL": database_url(),
            "BROKER_URL": broker,
            "ASSAY_TEST_HOME": str(settings.ASSAY_HOME),
        },
    )  # fmt: skip


@pytest.fixture
def start(valkey, tmp_path):
    """Start a worker; all of them are stopped in the end."""
    running = []

    def begin():
        service = worker_service(valkey)
        log = (tmp_path / f"worker{len(running)}.log").open("wb")
        process = spawn(service, output=log)
        running.append((process, service, log))
        return process

    yield begin
    for process, service, log in running:
        if process.poll() is None:
            stop(process, service)
        log.close()


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


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
        seeding.EXAMPLES / "benign/tiny-classifier", actor=people.publisher()
    )
    assert wait_until(lambda: settled(version), PATIENCE)
    one_right_verdict(version)


def test_a_worker_killed_in_mid_certification(start, big_model):
    first = start()
    version = seeding.publish_folder(big_model, actor=people.publisher())
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
        seeding.EXAMPLES / "benign/tiny-vocab", actor=people.publisher()
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

"""Real workers for tests that need the whole pipeline to move."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from marketplace.local.child import Service, spawn, stop
from marketplace.local.places import Places

QUEUES = "scan,sandbox,provenance,sign,default"
Process = subprocess.Popen[bytes]


@contextmanager
def workers(broker: str, logs: Path) -> Iterator[Callable[[], Process]]:
    """A function that starts one worker on the test database; all are stopped in the end."""
    running: list[tuple[Process, Service]] = []

    def begin() -> Process:
        service = _service(broker)
        with (logs / f"worker{len(running)}.log").open("wb") as log:
            process = spawn(service, output=log)
        running.append((process, service))
        return process

    try:
        yield begin
    finally:
        for process, service in running:
            if process.poll() is None:
                stop(process, service)


def kill(process: Process) -> None:
    """What the kernel does when memory runs out."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _service(broker: str) -> Service:
    return Service(
        "worker",
        (
            sys.executable, "-m", "celery", "-A", "marketplace.celery", "worker", "-Q", QUEUES,
            "-c", "1", "-l", "WARNING", "-n", f"test{time.monotonic_ns()}@local",
        ),
        env={
            "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
            "DATABASE_URL": Places(settings.ASSAY_HOME).database_url(
                connection.settings_dict["NAME"]
            ),
            "BROKER_URL": broker,
            "ASSAY_TEST_HOME": str(settings.ASSAY_HOME),
        },
    )  # fmt: skip

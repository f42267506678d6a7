"""`manage.py up`: the whole product on this machine, under one supervisor."""

import http.client
import json
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from marketplace.local.child import Service
from marketplace.local.places import LocalError, Places
from marketplace.local.postgres import Postgres
from marketplace.local.supervisor import Supervisor, only_instance
from marketplace.local.valkey import Valkey

HOST = "127.0.0.1"
DATABASE = "assay"
START_SECONDS = 120.0
PROBE_SECONDS = 5.0
# One worker process a group: the stages share two cores with Postgres and the web.
QUEUES = {"worker": "scan,default", "sandbox": "sandbox", "signer": "provenance,sign"}


class Command(BaseCommand):
    help = "Run Assay with all its services until Ctrl-C; state is kept in ASSAY_HOME."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-examples", action="store_true", help="do not publish the example packages"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with a sentence when something cannot be started."""
        if not settings.ASSAY_LOCAL:
            raise CommandError("`up` is for local mode: DJANGO_SETTINGS_MODULE names another.")
        places = Places(settings.ASSAY_HOME)
        try:
            with only_instance(places), Supervisor(settings.BASE_DIR) as supervisor:
                _refuse_taken_port()
                self._bring_up(supervisor, places, examples=not options["no_examples"])
                supervisor.run()
        except LocalError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass
        self.stdout.write("Assay has stopped.")

    def _bring_up(self, supervisor: Supervisor, places: Places, *, examples: bool) -> None:
        supervisor.start(list(_stores(places)))
        supervisor.wait_ready(START_SECONDS)
        supervisor.guarded(lambda: self._prepare_database(places))
        supervisor.start([_web()])
        supervisor.wait_ready(START_SECONDS)
        self.stdout.write(f"\nAssay is ready at http://{HOST}:{settings.ASSAY_PORT}\n")
        self._show_sign_ins(places)
        self.stdout.flush()
        supervisor.start(list(_workers(places)))
        if examples and "seed" in get_commands():
            supervisor.start([_once("examples", "manage.py", "seed", "--examples")])

    def _prepare_database(self, places: Places) -> None:
        if not settings.DATABASE_URL:
            Postgres(places).create_database(DATABASE)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        if "seed" in get_commands():
            call_command("seed", identity=True)
        connection.close()

    def _show_sign_ins(self, places: Places) -> None:
        if not places.credentials.exists():
            return
        for user in json.loads(places.credentials.read_text(encoding="utf-8"))["users"]:
            self.stdout.write(f"  {user['role']:<12} {user['username']:<16} {user['password']}")


def _stores(places: Places) -> Iterator[Service]:
    if not settings.DATABASE_URL:
        yield Postgres(places).service()
    if not settings.BROKER_URL:
        yield Valkey(places).service()


def _web() -> Service:
    options = "--interface wsgi --workers 2 --blocking-threads 4 --backlog 1024 --log-level warning"
    options += " --respawn-failed-workers --workers-kill-timeout 4"
    address = ("--host", HOST, "--port", str(settings.ASSAY_PORT))
    command = ("-m", "granian", *options.split(), *address, "marketplace.wsgi:application")
    return Service(name="web", argv=(sys.executable, *command), ready=_answers)


def _workers(places: Places) -> Iterator[Service]:
    # As root the workers warn; untrusted code runs under another uid in the sandbox either way.
    python = (sys.executable, "-W", "ignore:You're running the worker with superuser")
    celery = (*python, "-m", "celery", "--quiet", "-A", "marketplace.celery")
    quiet = ("--loglevel", "WARNING")
    for name, queues in QUEUES.items():
        options = ("-Q", queues, "-n", f"{name}@%h", "--concurrency", "1")
        yield Service(
            name=name,
            argv=(*celery, "worker", *options, *quiet, "--without-gossip", "--without-mingle"),
            # A cold stop: a warm one would wait for the task with nobody left to wait for it.
            orphan_signal=signal.SIGQUIT,
        )
    schedule = str(places.home / "beat-schedule")
    yield Service(name="beat", argv=(*celery, "beat", "--schedule", schedule, "--pidfile=", *quiet))


def _once(name: str, *arguments: str) -> Service:
    return Service(name=name, argv=(sys.executable, *arguments), once=True)


def _answers() -> bool:
    """Whether GET /healthz says 200."""
    with closing(
        http.client.HTTPConnection(HOST, settings.ASSAY_PORT, timeout=PROBE_SECONDS)
    ) as web:
        try:
            web.request("GET", "/healthz")
            return web.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _refuse_taken_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.ASSAY_PORT))
        except OSError as error:
            raise LocalError(
                f"Port {settings.ASSAY_PORT} is taken by another program: "
                "choose another one, for example `PORT=8001 make run`."
            ) from error

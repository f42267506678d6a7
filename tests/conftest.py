"""Real services for tests that ask for them: one throwaway Postgres and Valkey for each run."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from marketplace.local.child import Service, spawn, stop, wait_until
from marketplace.local.places import Places
from marketplace.local.postgres import Postgres
from marketplace.local.valkey import Valkey

START_SECONDS = 30.0


@contextmanager
def _running(service: Service, log: Path) -> Iterator[None]:
    service.prepare()
    with log.open("ab") as output:
        process = spawn(service, output=output)
        try:
            assert wait_until(service.ready, START_SECONDS), log.read_text(errors="replace")
            yield
        finally:
            stop(process, service)


@pytest.fixture(scope="session")
def places() -> Iterator[Places]:
    """The home of this run, shared with the processes that tests start."""
    found = Places(settings.ASSAY_HOME)
    found.make()
    previous = os.environ.get("ASSAY_TEST_HOME")
    os.environ["ASSAY_TEST_HOME"] = str(found.home)
    yield found
    if previous is None:
        del os.environ["ASSAY_TEST_HOME"]
    else:
        os.environ["ASSAY_TEST_HOME"] = previous
    for folder in (found.sockets, found.home):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(places: Places) -> Iterator[None]:
    """A cluster without fsync, unless DATABASE_URL names a server."""
    if settings.DATABASE_URL:
        yield
        return
    server = Postgres(places, durable=False)
    with _running(server.service(), places.home / "postgres.log"):
        server.create_database("assay")
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: None) -> None:
    """pytest-django asks for this before it creates the test database, and only then."""


@pytest.fixture(scope="session")
def valkey(places: Places) -> Iterator[str]:
    """The broker's URL."""
    if settings.BROKER_URL:
        yield settings.BROKER_URL
        return
    with _running(Valkey(places).service(), places.home / "valkey.log"):
        yield places.broker_url

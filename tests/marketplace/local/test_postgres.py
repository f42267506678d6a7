import os
import signal
from pathlib import Path

import psycopg
import pytest

from marketplace.local.child import spawn, stop, wait_until
from marketplace.local.places import LocalError, Places
from marketplace.local.postgres import Postgres, _working_in


@pytest.fixture
def server(home: Places) -> Postgres:
    return Postgres(home)


def start(server: Postgres):
    service = server.service()
    service.prepare()
    process = spawn(service)
    assert wait_until(service.ready, 20)
    return service, process


def test_it_starts_without_root_and_stops_without_trace(server: Postgres) -> None:
    service, process = start(server)
    server.create_database("assay")
    server.create_database("assay")
    with psycopg.connect(server.places.database_url("assay")) as connection:
        extensions = connection.execute("SELECT extname FROM pg_extension").fetchall()
    assert {("pg_trgm",), ("unaccent",), ("vector",)} <= set(extensions)
    assert Path(f"/proc/{process.pid}").stat().st_uid != 0
    assert server.places.postgres_sockets.stat().st_mode & 0o077 == 0
    stop(process, service)
    assert _working_in(server.data) == []
    assert list(server.places.postgres_sockets.iterdir()) == []


def test_it_recovers_from_kill_while_its_zombie_still_has_the_process_id(server: Postgres) -> None:
    service, process = start(server)
    server.create_database("kept")
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert (server.data / "postmaster.pid").exists()
    again, second = start(server)
    psycopg.connect(server.places.database_url("kept")).close()
    stop(second, again)
    stop(process, service)


def test_a_lock_with_the_process_id_of_someone_else_is_stale(server: Postgres) -> None:
    service, process = start(server)
    stop(process, service)
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    service, process = start(server)
    stop(process, service)


def test_a_cluster_of_another_major_version_is_refused(server: Postgres) -> None:
    server.prepare()
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalError, match="made by PostgreSQL 12"):
        server.prepare()


def test_an_interrupted_first_start_leaves_no_half_cluster(server: Postgres) -> None:
    server.places.make()
    (server.places.home / "postgres.part").mkdir()
    (server.places.home / "postgres.part" / "PG_VERSION").write_text("18\n")
    service, process = start(server)
    stop(process, service)

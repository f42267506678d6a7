"""Probes and trust documents."""

import json
import socket

import pytest
from django.db import OperationalError, connection

from certification.services import trust
from marketplace.celery import app


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_alive_without_database_or_broker(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_when_both_answer(client, valkey):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": "ok", "broker": "ok"})


@pytest.mark.django_db
def test_not_ready_without_a_broker(client, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{free_port()}/0")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["broker"]) == (503, "unreachable")


@pytest.mark.django_db
def test_not_ready_without_a_database(client, monkeypatch, valkey):
    def refuse(*_):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")


@pytest.mark.parametrize("name", ["trusted_root", "trust_config"])
def test_trust_documents_are_served_as_they_are(client, monkeypatch, name):
    monkeypatch.setattr(trust, name, lambda: b'{"a": 1}')
    response = client.get(f"/trust/{name}.json")
    assert response.content == b'{"a": 1}'
    assert response["Content-Type"] == "application/json"
    again = client.get(f"/trust/{name}.json", headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


def test_the_identity_is_told(client, monkeypatch):
    told = {"identity": "https://assay.test/certifier", "issuer": "https://assay.test"}
    monkeypatch.setattr(trust, "identity", lambda: told)
    assert json.loads(client.get("/trust/identity.json").content) == told

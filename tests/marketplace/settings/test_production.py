import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOUND = {
    "SECRET_KEY": "k3yZ" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "ALLOWED_HOSTS": "assay.example.org",
    "DATABASE_URL": "postgresql://assay:secret@db.example.org:5432/assay",
    "BROKER_URL": "rediss://broker.example.org:6379/0",
    "PUBLIC_URL": "https://assay.example.org",
    "BLOB_STORE_URL": "s3://blobs?endpoint=https://s3.example.org&region=eu-1",
}


def start(**changed: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **SOUND, **changed}
    return subprocess.run(
        [sys.executable, "-c", "import marketplace.settings.production as s; print(s.STORAGES)"],
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_sound_values_are_accepted() -> None:
    done = start()
    assert done.returncode == 0, done.stderr
    assert "'endpoint_url': 'https://s3.example.org'" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + SOUND["SECRET_KEY"]),
        ("DEBUG", "1"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///assay.db"),
        ("BROKER_URL", ""),
        ("BROKER_URL", "memory://"),
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://assay.example.org"),
        ("BLOB_STORE_URL", ""),
        ("BLOB_STORE_URL", "s3://blobs?secret=1"),
        ("BLOB_STORE_URL", "ftp://host/folder"),
        ("PORT", "99999"),
    ],
)
def test_a_weak_or_missing_value_stops_the_start_by_name(name: str, value: str) -> None:
    done = start(**{name: value})
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {name}" in done.stderr

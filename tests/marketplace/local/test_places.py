import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from marketplace.local.places import SOCKET_FOLDER_BYTES, LocalError, Places


def test_a_long_home_still_has_short_sockets(tmp_path: Path) -> None:
    places = Places(tmp_path / ("x" * 120))
    assert len(os.fsencode(places.sockets)) <= SOCKET_FOLDER_BYTES
    assert len(os.fsencode(places.postgres_sockets / ".s.PGSQL.5432.lock")) <= 107
    assert places.sockets != Places(tmp_path / ("y" * 120)).sockets


def test_the_database_url_names_the_folder_in_its_own_case() -> None:
    places = Places(Path("/srv/As say"))
    parsed = conninfo_to_dict(places.database_url("assay"))
    assert parsed["host"] == str(places.postgres_sockets)
    assert (parsed["user"], parsed["dbname"]) == ("assay", "assay")


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = Places(tmp_path).secret_key()
    assert len(key) > 80
    assert Places(tmp_path).secret_key() == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_squatted_socket_folder_is_refused(tmp_path: Path) -> None:
    places = Places(tmp_path / ("z" * 120))
    places.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(LocalError, match="belongs to someone else"):
            places.make()
    finally:
        places.sockets.unlink()

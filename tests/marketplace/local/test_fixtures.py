import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_the_test_database_is_a_real_postgres_18_of_this_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_setting('server_version_num')::int")
        name, version = cursor.fetchone()
    assert name.startswith("test_")
    assert version >= 180000


def test_the_broker_answers(valkey: str) -> None:
    path = valkey.removeprefix("redis+socket://").partition("?")[0]
    with redis.Redis(unix_socket_path=path) as client:
        assert client.ping()

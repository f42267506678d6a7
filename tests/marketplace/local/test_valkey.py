import os
import signal

import redis

from marketplace.local.child import spawn, stop, wait_until
from marketplace.local.places import Places
from marketplace.local.valkey import Valkey


def test_what_was_written_survives_kill(home: Places) -> None:
    server = Valkey(home)
    service = server.service()
    service.prepare()
    first = spawn(service)
    assert wait_until(service.ready, 10)
    with redis.Redis(unix_socket_path=str(server.places.valkey_socket)) as client:
        client.set("queue", "message")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    # The append-only log reaches the disk once a second; the kernel has it at once.
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert not server.is_ready()
    second = spawn(service)
    assert wait_until(service.ready, 10)
    with redis.Redis(unix_socket_path=str(server.places.valkey_socket)) as client:
        assert client.get("queue") == b"message"
    stop(second, service)
    stop(first, service)

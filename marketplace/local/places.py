"""Where local mode keeps its state, and the addresses that follow from it. Nothing is started."""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# sockaddr_un holds 108 bytes; what follows the folder is `/postgres/.s.PGSQL.5432.lock`.
SOCKET_FOLDER_BYTES = 107 - len("/postgres/.s.PGSQL.5432.lock")


class LocalError(Exception):
    """Local mode cannot go on; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths under one ASSAY_HOME. Pure, except `secret_key` and `make`."""

    home: Path

    @property
    def sockets(self) -> Path:
        """Folder of the unix sockets: short, and reachable for the uid Postgres runs as.

        Root's home may lie under folders that uid may not enter, so root always uses /tmp.
        """
        inside = self.home / "run"
        if os.geteuid() != 0 and len(os.fsencode(inside)) <= SOCKET_FOLDER_BYTES:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"assay-{os.geteuid()}-{name}"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "postgres"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey" / "valkey.sock"

    @property
    def broker_url(self) -> str:
        """A Celery broker address."""
        return f"redis+socket://{self.valkey_socket}?virtual_host=0"

    @property
    def credentials(self) -> Path:
        return self.home / "credentials.json"

    def database_url(self, name: str) -> str:
        """A libpq URI; the folder stands in the query because a URL's host loses its case."""
        return f"postgresql://assay@/{name}?host={quote(str(self.postgres_sockets), safe='')}"

    def make(self) -> None:
        """Create the home (0700) and the socket folder; raise LocalError when squatted."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o711, exist_ok=True)
        status = self.sockets.lstat()
        if self.sockets.is_symlink() or status.st_uid != os.geteuid():
            raise LocalError(f"{self.sockets} belongs to someone else: remove it and start again.")
        self.sockets.chmod(0o711)
        self.valkey_socket.parent.mkdir(mode=0o700, exist_ok=True)

    def secret_key(self) -> str:
        """Django's SECRET_KEY of this home, made at the first call (file mode 0600)."""
        path = self.home / "secret_key"
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Written beside and linked, so that two first starts agree on one whole key.
            with tempfile.NamedTemporaryFile("w", dir=self.home, prefix=".secret-") as draft:
                draft.write(secrets.token_urlsafe(64))
                draft.flush()
                with suppress(FileExistsError):
                    os.link(draft.name, path)
        return path.read_text(encoding="ascii")

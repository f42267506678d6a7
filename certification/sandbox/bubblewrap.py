"""The embedded back-end of the Sandbox port: bubblewrap with a seccomp filter and a watch."""

import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from subprocess import SubprocessError
from typing import IO

from certification.ports import (
    Limits,
    Observation,
    Planner,
    RunRequest,
    SandboxUnavailableError,
)
from certification.sandbox import dependencies, handshake, room, runtimes
from certification.sandbox.canaries import Canaries
from certification.sandbox.room import Mounts, Watch
from certification.sandbox.seccomp import UnsupportedArchitectureError

ISOLATION = "bubblewrap+seccomp"
_SIGXCPU_EXIT = 128 + 24
#: A silent server is told from one that was ended: the client gives up before the watch.
_PATIENCE = 0.9
#: Then, within the same limit, it may end by itself.
_GRACE = 0.05
#: Proves from within that the room is closed: no network, no writing, no rights, no new
#: namespaces, and the system call filter in force.
_SELF_TEST = """
import ctypes, errno, os, socket, sys
def opens(path):
    try:
        open(path, "r+b" if os.path.exists(path) else "wb").close()
    except OSError:
        return False
    return True
def reaches():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(("192.0.2.1", 9)) not in {errno.ENETUNREACH, errno.EHOSTUNREACH}
def joins(family):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
libc = ctypes.CDLL(None)
doors = {
    "the network": [name for _, name in socket.if_nameindex()] != ["lo"] or reaches(),
    "/usr": opens("/usr/assay-self-test"),
    "/": opens("/assay-self-test"),
    "/artifact": opens("/artifact/assay-self-test"),
    "/proc/sys": opens("/proc/sys/kernel/core_pattern"),
    "privileges": int(status["CapEff"], 16) or int(status["CapBnd"], 16) or os.getuid() == 0,
    "system calls": status["Seccomp"].strip() != "2" or status["NoNewPrivs"].strip() != "1",
    "new namespaces": libc.unshare(0x10000000) == 0,
    "other processes": libc.ptrace(0, 0, None, None) == 0,
    "other families of sockets": joins(40),
}
found = ", ".join(name for name, is_open in doors.items() if is_open)
sys.exit(f"open to guests: {found}" if found else 0)
"""


@dataclass
class _Output:
    """Bounded text of one pipe, drained by a thread until it ends or says too much."""

    limit: int
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0

    def drain(self, pipe: IO[bytes], watch: Watch) -> None:
        while chunk := pipe.read1(65536):  # type: ignore[attr-defined]  # pipes are BufferedReader
            self.size += len(chunk)
            if self.size > self.limit:
                watch.kill("output")
                return
            self.chunks.append(chunk)

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode("utf-8", "replace")


class BubblewrapSandbox:
    """`certification.ports.Sandbox`; `home` keeps the prepared runtimes."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._proven: set[bool] = set()

    @cached_property
    def base(self) -> Path:
        """The folder of runtimes, packages and rooms, rid of what dead workers left."""
        base = runtimes.base_folder(self._home)
        room.reap(base)
        return base

    def self_test(self, *, observe: bool = False) -> None:
        """Prove from within a room that rooms are closed; passes once for those that are observed
        (what refuses is another part there) and once for the others, and is asked again as long as
        it fails. Raises SandboxUnavailableError with the reason."""
        if observe in self._proven:
            return
        with tempfile.TemporaryDirectory(prefix="assay-self-test-") as empty:
            request = RunRequest(
                artifact=Path(empty),
                command=("python", "/assay/script.py"),
                runtime="python",
                script=_SELF_TEST,
                observe=observe,
                limits=Limits(wall_seconds=20),
            )
            try:
                seen = self._observe(request)
            except (OSError, SubprocessError, UnsupportedArchitectureError) as fault:
                raise SandboxUnavailableError(f"No room can be made here: {fault}") from fault
        if seen.exit_code != 0:
            raise SandboxUnavailableError(
                "This machine cannot isolate, so nothing is run here: "
                f"{(seen.stderr.strip() or 'the room did not start')[:300]}"
            )
        self._proven.add(observe)

    def run(self, request: RunRequest) -> Observation:
        """Run once and leave nothing behind; see the port."""
        self.self_test(observe=request.observe)
        return self._observe(request)

    def _observe(self, request: RunRequest) -> Observation:
        try:
            prepared = (
                dependencies.prepare(request.artifact, self.base) if request.packages else None
            )
        except dependencies.DependencyError as fault:
            return Observation(ISOLATION, None, "", "", 0.0, error=str(fault))
        mounts = self._mounts(request, prepared)
        if not request.observe:
            with room.folder(self.base, request, prepared) as place:
                return _watched(place, request, mounts)
        canaries = Canaries()
        planted = tuple(canaries.environment().items())
        baited = replace(request, environment=(*planted, *request.environment))
        with room.folder(self.base, request, prepared, canaries.files()) as place:
            return canaries.searched(_watched(place, baited, mounts))

    def _mounts(self, request: RunRequest, prepared: dependencies.Prepared | None) -> Mounts:
        runtime = (
            runtimes.node(self.base) if request.runtime == "node" else runtimes.python(self.base)
        )
        binds, python_path = list(runtime.mounts), []
        if request.model_libraries:
            binds.append((runtimes.model_libraries(self.base), "/opt/models"))
            python_path.append("/opt/models")
        if prepared is not None:
            binds.append((prepared.folder, prepared.inside))
            python_path += [prepared.inside] if prepared.on_python_path else []
        return Mounts(
            bubblewrap=runtimes.bubblewrap(self.base),
            binds=tuple(binds),
            program=runtime.program,
            python_path=tuple(python_path),
            library_path=runtime.library_path,
        )


def _watched(place: Path, request: RunRequest, mounts: Mounts) -> Observation:
    begun = time.monotonic()
    limits = request.limits
    stdout, stderr = _Output(limits.output_bytes), _Output(limits.output_bytes)
    with room.started(place, request, mounts) as watch:
        process = watch.process
        threads = [
            threading.Thread(target=watch.run, daemon=True),
            threading.Thread(target=stderr.drain, args=(process.stderr, watch), daemon=True),
        ]
        if request.protocol == "none":
            threads.append(
                threading.Thread(target=stdout.drain, args=(process.stdout, watch), daemon=True)
            )
        for thread in threads:
            thread.start()
        shaken, error = (
            _handshake(process, watch, limits, request.plan)
            if request.protocol == "mcp"
            else (None, "")
        )
        if request.protocol == "none" and process.stdin is not None:
            process.stdin.close()
        exit_code = _ended(process, watch, talking=request.protocol == "mcp")
        watch.stop()
        for thread in threads:
            thread.join(timeout=2)
    breached = watch.breached or ("cpu" if exit_code == _SIGXCPU_EXIT else "")
    return Observation(
        isolation=ISOLATION,
        exit_code=None if breached else exit_code,
        stdout=stdout.text,
        stderr=stderr.text,
        seconds=time.monotonic() - begun,
        breached=breached,
        handshake=shaken is not None,
        protocol_version=shaken.protocol_version if shaken else "",
        server_name=shaken.server_name if shaken else "",
        tools=shaken.tools if shaken else (),
        instructions=shaken.instructions if shaken else "",
        calls=shaken.calls if shaken else (),
        error=error,
        events=tuple(watch.supervisor.events) if watch.supervisor else (),
        events_cut=watch.supervisor is not None and watch.supervisor.cut,
    )


def _handshake(
    process: "subprocess.Popen[bytes]", watch: Watch, limits: Limits, plan: Planner | None
) -> tuple[handshake.Handshake | None, str]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("a room for MCP needs both pipes")
    try:
        return handshake.shake_hands(
            process.stdin,
            process.stdout,
            seconds=limits.wall_seconds * _PATIENCE,
            budget=limits.output_bytes,
            plan=plan,
        ), ""
    except handshake.OverLimitError as fault:
        watch.kill("output")
        return None, str(fault)
    except handshake.NotMcpError as fault:
        return None, str(fault)


def _ended(process: "subprocess.Popen[bytes]", watch: Watch, *, talking: bool) -> int | None:
    """The guest's exit code; None when it had to be ended."""
    if talking:
        if process.poll() is None and process.stdin is not None:
            process.stdin.close()
        try:
            return process.wait(timeout=min(2.0, watch.limits.wall_seconds * _GRACE))
        except subprocess.TimeoutExpired:
            room.end(process)  # a server may wait for ever; that is no fault
            return None
    process.wait(timeout=watch.limits.wall_seconds + 10)
    return None if watch.breached else process.returncode

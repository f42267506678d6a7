"""A roof on all memory of a room, where this worker may make control groups.

The kernel then counts what belongs to no process, and so escapes the watch: socket buffers, files
in tmpfs, their inodes. Version 2 needs a delegated group with the memory controller switched on
for its children; where there is none the watch is alone.
"""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "assay-room-"
_SECONDS_TO_EMPTY = 2.0


@dataclass(frozen=True, slots=True)
class Group:
    """One control group, and how its version names things."""

    folder: Path
    limits: tuple[str, ...]  # files that take the roof; only the first must be there
    events: str  # file with a line `oom_kill N`

    def enter(self) -> int:
        """A descriptor that moves the process which writes 0 to it into this group."""
        return os.open(self.folder / "cgroup.procs", os.O_WRONLY)

    def struck(self) -> bool:
        """Whether the kernel ended a process because the roof was reached."""
        with suppress(OSError):
            lines = (self.folder / self.events).read_text().splitlines()
            return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False


@contextmanager
def roof(memory_bytes: int) -> Iterator[Group | None]:
    """A fresh group under this worker's own, gone afterwards; None where it cannot be made."""
    group = _made(memory_bytes)
    try:
        yield group
    finally:
        if group is not None:
            _remove(group.folder)


def sweep() -> None:
    """Remove the groups that dead workers left."""
    place = _place()
    if place is None:
        return
    for folder in place[0].glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            _remove(folder)


def _made(memory_bytes: int) -> Group | None:
    place = _place()
    if place is None:
        return None
    parent, version = place
    folder = parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        group = Group(folder, names, "memory.oom_control")
    else:
        group = Group(folder, ("memory.max",), "memory.events")
    try:
        folder.mkdir()
        (folder / group.limits[0]).write_text(str(memory_bytes))
    except OSError:  # read-only, or the controller is not passed on to children
        _remove(folder)
        return None
    for name in group.limits[1:]:
        with suppress(OSError):  # machines that do not count swap
            (folder / name).write_text(str(memory_bytes))
    if version != 1:
        with suppress(OSError):
            (folder / "memory.swap.max").write_text("0")
    return group


def _place(proc: Path = Path("/proc/self")) -> tuple[Path, int] | None:
    """The memory group this process is in, and the version of its interface."""
    try:
        own = [line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()]
        mounts = [line.split(" ") for line in (proc / "mountinfo").read_text().splitlines()]
    except OSError:
        return None
    for _, controllers, path in own:
        version = 1 if "memory" in controllers.split(",") else 2 if not controllers else 0
        for fields in mounts:
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if (version, kind) == (1, "cgroup") and "memory" in options:
                return _below(fields, path), version
            folder = _below(fields, path)
            if (version, kind) == (2, "cgroup2") and _passes_memory_on(folder):
                return folder, version
    return None


def _passes_memory_on(folder: Path) -> bool:
    try:
        return "memory" in (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False


def _below(fields: list[str], path: str) -> Path:
    """Where a group's path is seen through this mount."""
    root, point = fields[3], fields[4]
    return Path(point, path.removeprefix(root).lstrip("/"))


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_EMPTY
    while folder.is_dir() and time.monotonic() < deadline:
        try:
            folder.rmdir()
        except OSError:
            _empty(folder)
            time.sleep(0.005)


def _empty(folder: Path) -> None:
    kill = folder / "cgroup.kill"
    if kill.exists():  # version 2 since Linux 5.14: also who is being forked
        with suppress(OSError):
            kill.write_text("1")
            return
    with suppress(OSError, ValueError):
        for pid in (folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)

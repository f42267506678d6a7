"""System calls of a guest read as events, from its memory and from /proc."""

import ctypes
import os
import platform
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from certification.ports import (
    Connection,
    Event,
    Execution,
    FileAccess,
    NameLookup,
    PrivilegeAttempt,
)

PROGRAMS = frozenset({"execve", "execveat"})
MAX_PATH, MAX_ARGUMENTS, MAX_ARGUMENT, MAX_FIRST_BYTES = 4096, 64, 1024, 256
MAX_MESSAGES, MAX_SOCKETS = 8, 4096
_DNS, _MAX_LABEL = 53, 63
_PAGE = 4096
_HERE = -100  # AT_FDCWD
_SAME_EVERYWHERE = {"openat2": 437, "fchmodat2": 452}
_NUMBERS = {
    "x86_64": {
        "open": 2, "connect": 42, "sendto": 44, "sendmsg": 46, "bind": 49, "execve": 59,
        "kill": 62, "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85,
        "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "mknod": 133, "openat": 257,
        "mkdirat": 258, "mknodat": 259, "unlinkat": 263, "renameat": 264, "linkat": 265,
        "symlinkat": 266, "fchmodat": 268, "sendmmsg": 307, "renameat2": 316, "execveat": 322,
    },
    "aarch64": {
        "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
        "renameat": 38, "truncate": 45, "fchmodat": 53, "openat": 56, "kill": 129, "bind": 200,
        "connect": 203, "sendto": 206, "sendmsg": 211, "execve": 221, "sendmmsg": 269,
        "renameat2": 276, "execveat": 281,
    },
}  # fmt: skip
_SECCOMP = {"x86_64": 317, "aarch64": 277}
#: Where the folder's descriptor (None: there is none) and the path stand among the arguments.
_ONE_PATH: dict[str, tuple[int | None, int, Literal["write", "delete", "make", "mode"]]] = {
    "creat": (None, 0, "write"), "truncate": (None, 0, "write"), "unlink": (None, 0, "delete"),
    "rmdir": (None, 0, "delete"), "unlinkat": (0, 1, "delete"), "mkdir": (None, 0, "make"),
    "mkdirat": (0, 1, "make"), "mknod": (None, 0, "make"), "mknodat": (0, 1, "make"),
    "chmod": (None, 0, "mode"), "fchmodat": (0, 1, "mode"), "fchmodat2": (0, 1, "mode"),
}  # fmt: skip
_TWO_PATHS: dict[str, tuple[int | None, int, int | None, int, Literal["rename", "link"]]] = {
    "rename": (None, 0, None, 1, "rename"), "renameat": (0, 1, 2, 3, "rename"),
    "renameat2": (0, 1, 2, 3, "rename"), "link": (None, 0, None, 1, "link"),
    "linkat": (0, 1, 2, 3, "link"),
}  # fmt: skip
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True, slots=True)
class Call:
    """One call by its number, with the task (as this process sees it) that made it."""

    task: int
    number: int
    arguments: tuple[int, ...]


def table() -> dict[int, str]:
    """Names of the calls that are noted, by number; KeyError on an unknown machine."""
    numbers = {**_SAME_EVERYWHERE, **_NUMBERS[platform.machine()]}
    return {number: name for name, number in numbers.items()}


def seccomp_number() -> int:
    """The number of seccomp(2) itself."""
    return _SECCOMP[platform.machine()]


def process_of(task: int) -> int:
    """The process a thread belongs to; the thread's own number when it is gone."""
    try:
        status = Path(f"/proc/{task}/status").read_bytes()
    except OSError:
        return task
    return next((int(line[5:]) for line in status.splitlines() if line.startswith(b"Tgid:")), task)


@dataclass
class Reader:
    """Reads calls of one room. It remembers whom a socket is connected to, for what is sent
    later; OSError, ValueError or struct.error when arguments cannot be read."""

    _peers: dict[tuple[int, int], Connection] = field(default_factory=dict)
    _sent: set[tuple[int, int]] = field(default_factory=set)

    def events(self, name: str, call: Call, process: int) -> list[Event]:
        """What the call means."""
        if name in _ONE_PATH:
            folder, place, intent = _ONE_PATH[name]
            found: list[Event] = [FileAccess(process, _path(call, folder, place), intent)]
        elif name in _TWO_PATHS:
            folder, place, other, to, kind = _TWO_PATHS[name]
            paths = _path(call, folder, place), _path(call, other, to)
            found = [FileAccess(process, paths[0], kind, paths[1])]
        elif name in {"connect", "bind"}:
            found = self._addressed("bind" if name == "bind" else "connect", call, process)
        elif name in {"sendto", "sendmsg", "sendmmsg"}:
            found = list(self._sends(name, call, process))
        else:
            found = _READERS[name](call, process)
        return found

    def _addressed(
        self, action: Literal["connect", "bind"], call: Call, process: int
    ) -> list[Event]:
        number, where, size = call.arguments[:3]
        address = _address(_memory(call.task, where, min(size, 128)))
        if address is None:
            return []
        event = Connection(process, action, *address)
        if action == "connect" and len(self._peers) < MAX_SOCKETS:
            self._peers[process, number] = event
            self._sent.discard((process, number))
        return [event]

    def _sends(self, name: str, call: Call, process: int) -> Iterator[Event]:
        socket_ = (process, call.arguments[0])
        for where, size, data in _messages(name, call):
            peer = self._peers.get(socket_)
            if where:
                address = _address(_memory(call.task, where, min(size, 128)))
            else:
                address = None if peer is None else (peer.family, peer.address, peer.port)
            if address is None:
                continue
            asked = _question(data) if address[2] == _DNS else ""
            if asked:
                yield NameLookup(process, asked)
            elif where or socket_ not in self._sent:
                self._sent.add(socket_)
                yield Connection(process, "send", *address, first_bytes=data)


_Family = Literal["inet", "inet6", "unix", "netlink", "other"]


def _address(raw: bytes) -> tuple[_Family, str, int] | None:
    """A struct sockaddr; None when it takes a connection back (AF_UNSPEC)."""
    (family,) = struct.unpack_from("=H", raw)
    found: tuple[_Family, str, int] | None = ("other", str(family), 0)
    if family == socket.AF_UNSPEC:
        found = None
    elif family == socket.AF_INET:
        found = "inet", socket.inet_ntoa(raw[4:8]), struct.unpack_from("!H", raw, 2)[0]
    elif family == socket.AF_INET6:
        port = struct.unpack_from("!H", raw, 2)[0]
        found = "inet6", socket.inet_ntop(socket.AF_INET6, raw[8:24]), port
    elif family == socket.AF_UNIX:
        found = "unix", _unix(raw[2:]), 0
    elif family == socket.AF_NETLINK:
        found = "netlink", "", 0
    return found


def _unix(name: bytes) -> str:
    """The path of a socket, or @ and its name when it is an abstract one."""
    if name.startswith(b"\0"):
        return "@" + name[1:].decode("utf-8", "replace")
    return name.partition(b"\0")[0].decode("utf-8", "replace")


def _messages(name: str, call: Call) -> Iterator[tuple[int, int, bytes]]:
    """Address, its size, and first bytes of what a call sends."""
    if name == "sendto":
        _, data, length, _, where, size = call.arguments
        yield where, size & 0xFF, _memory(call.task, data, min(length, MAX_FIRST_BYTES))
        return
    count = min(call.arguments[2], MAX_MESSAGES) if name == "sendmmsg" else 1
    for place in range(count):
        raw = _memory(call.task, call.arguments[1] + 64 * place, 32)
        where, size, parts, number = struct.unpack("=QI4xQQ", raw)
        first = b""
        if number:
            data, length = struct.unpack("=QQ", _memory(call.task, parts, 16))
            first = _memory(call.task, data, min(length, MAX_FIRST_BYTES))
        yield where, size, first


def _question(packet: bytes) -> str:
    """The name a DNS query asks for (RFC 1035, 4.1); empty when it is none."""
    labels, place = [], 12
    while place < len(packet) and 0 < (length := packet[place]) <= _MAX_LABEL:
        labels.append(packet[place + 1 : place + 1 + length].decode("utf-8", "replace").lower())
        place += 1 + length
    return ".".join(labels)


def _opened(call: Call, process: int, folder: int | None, place: int) -> list[Event]:
    flags = call.arguments[place + 1]
    return [FileAccess(process, _path(call, folder, place), _intent(flags))]


def _opened_how(call: Call, process: int) -> list[Event]:
    (flags,) = struct.unpack("=Q", _memory(call.task, call.arguments[2], 8))
    return [FileAccess(process, _path(call, 0, 1), _intent(flags))]


def _intent(flags: int) -> Literal["read", "write"]:
    return "write" if flags & (os.O_ACCMODE | os.O_CREAT | os.O_TRUNC) else "read"


def _linked(call: Call, process: int, folder: int | None, place: int) -> list[Event]:
    """A symbolic link: its own place, and what it says as it says it."""
    says = _text(call.task, call.arguments[0], MAX_PATH)
    return [FileAccess(process, _path(call, folder, place), "link", says)]


def _executed(call: Call, process: int, folder: int | None, place: int) -> list[Event]:
    return [
        Execution(
            process,
            _path(call, folder, place),
            tuple(_arguments(call.task, call.arguments[place + 1])),
        )
    ]


def _arguments(task: int, where: int) -> Iterator[str]:
    for place in range(MAX_ARGUMENTS if where else 0):
        (text,) = struct.unpack("=Q", _memory(task, where + 8 * place, 8))
        if not text:
            return
        yield _text(task, text, MAX_ARGUMENT)


def _signalled(call: Call, process: int) -> list[Event]:
    """Signals to the room's first process, to all, or to who is not in the room."""
    to = ctypes.c_int(call.arguments[0]).value
    if to in {0, -1, 1} or not Path(f"/proc/{call.task}/root/proc/{abs(to)}").exists():
        whom = {0: "", -1: "every process", 1: "the room's first process"}
        detail = whom.get(to, "a process outside the room")
        return [PrivilegeAttempt(process, "kill", detail)] if detail else []
    return []


_READERS: dict[str, Callable[[Call, int], list[Event]]] = {
    "open": lambda call, process: _opened(call, process, None, 0),
    "openat": lambda call, process: _opened(call, process, 0, 1),
    "openat2": _opened_how,
    "symlink": lambda call, process: _linked(call, process, None, 1),
    "symlinkat": lambda call, process: _linked(call, process, 1, 2),
    "execve": lambda call, process: _executed(call, process, None, 0),
    "execveat": lambda call, process: _executed(call, process, 0, 1),
    "kill": _signalled,
}


def _path(call: Call, folder: int | None, place: int) -> str:
    """An argument as an absolute path; links in it are not followed."""
    path = _text(call.task, call.arguments[place], MAX_PATH)
    if path.startswith("/"):
        return os.path.normpath("/" + path.lstrip("/"))
    number = _HERE if folder is None else ctypes.c_int(call.arguments[folder]).value
    at = "cwd" if number == _HERE else f"fd/{number}"
    start = str(Path(f"/proc/{call.task}/{at}").readlink())
    return os.path.normpath(f"{start}/{path}") if path else start


def _text(task: int, where: int, limit: int) -> str:
    """The C string there, cut at `limit` bytes."""
    found = b""
    while len(found) < limit:
        step = min(limit - len(found), _PAGE - where % _PAGE)
        piece, ended, _ = _memory(task, where, step).partition(b"\0")
        found += piece
        if ended:
            break
        where += step
    return found.decode("utf-8", "replace")


def _memory(task: int, where: int, length: int) -> bytes:
    """Exactly these bytes of another process (process_vm_readv(2)); OSError."""
    if length == 0:
        return b""
    buffer = ctypes.create_string_buffer(length)
    ours, theirs = _Span(ctypes.addressof(buffer), length), _Span(where, length)
    got = _LIBC.process_vm_readv(task, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    if got != length:
        raise OSError(ctypes.get_errno(), "unreadable argument")
    return buffer.raw

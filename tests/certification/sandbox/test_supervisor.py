"""What guests do is told, what they may not do is refused and told, and nothing breaks by it."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from certification.ports import (
    Connection,
    Execution,
    FileAccess,
    NameLookup,
    PrivilegeAttempt,
    SandboxUnavailableError,
)
from certification.sandbox import supervisor
from certification.sandbox.bubblewrap import BubblewrapSandbox
from tests.certification.sandbox.test_bubblewrap import CALLS, GREEDY, MIB, left

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are those of x86-64"),
]


@pytest.fixture
def watched(guest):
    guest.observe = True
    return guest


def told(seen):
    """Events without the number of the process."""
    return {replace(event, process=0) for event in seen.events}


FILES = """
import os
open('file.txt').read()
open('/tmp/new', 'w').close()
os.mkdir('/tmp/d'); os.rename('/tmp/new', '/tmp/d/new'); os.link('/tmp/d/new', '/tmp/hard')
os.symlink('/etc/passwd', '/tmp/soft'); os.chmod('/tmp/hard', 0o600); os.truncate('/tmp/hard', 0)
os.chdir('/tmp'); here = os.open('d', os.O_RDONLY); os.unlink('new', dir_fd=here); os.rmdir('d')
try: open('/home/agent/.ssh/id_ed25519')
except OSError: pass
"""


def test_files_are_told_by_their_absolute_paths(watched):
    seen = watched(FILES)
    assert seen.exit_code == 0, seen.stderr
    assert not seen.events_cut
    assert told(seen) >= {
        FileAccess(0, "/artifact/file.txt", "read"),
        FileAccess(0, "/tmp/new", "write"),
        FileAccess(0, "/tmp/d", "make"),
        FileAccess(0, "/tmp/new", "rename", "/tmp/d/new"),
        FileAccess(0, "/tmp/d/new", "link", "/tmp/hard"),
        FileAccess(0, "/tmp/soft", "link", "/etc/passwd"),
        FileAccess(0, "/tmp/hard", "mode"),
        FileAccess(0, "/tmp/hard", "write"),
        FileAccess(0, "/tmp/d", "read"),
        FileAccess(0, "/tmp/d/new", "delete"),
        FileAccess(0, "/tmp/d", "delete"),
        FileAccess(0, "/home/agent/.ssh/id_ed25519", "read"),
    }


def test_the_first_event_is_the_guests_own_program(watched):
    first = watched("pass").events[0]
    assert isinstance(first, Execution)
    assert first.arguments[1:] == ("/assay/script.py",)
    assert first.process == 1


def test_programs_are_told_with_their_arguments(watched):
    seen = watched("import subprocess\nsubprocess.run(['/bin/sh', '-c', 'exit 3', 'ä' * 9])")
    [child] = [event for event in seen.events if isinstance(event, Execution)][1:]
    assert (child.path, child.arguments) == ("/bin/sh", ("/bin/sh", "-c", "exit 3", "ä" * 9))
    assert child.process > 1


TALK = """
import socket
def tries(deed, *given):
    try: return deed(*given)
    except OSError: pass
tries(socket.create_connection, ('192.0.2.1', 443), 1)
tries(socket.getaddrinfo, 'Secret.evil.example', 80)
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tries(one.sendto, b'stolen', ('127.0.0.1', 99))
two = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
tries(two.sendmsg, [b'more'], [], 0, ('::1', 98))
three = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tries(three.connect, ('127.0.0.1', 97)); tries(three.send, b'connected')
tries(three.send, b'again')
tries(socket.socket(socket.AF_UNIX).connect, '\\0hidden')
tries(socket.socket().bind, ('127.0.0.1', 8080))
"""


def test_addresses_names_and_first_bytes_are_told(watched):
    seen = watched(TALK)
    assert seen.exit_code == 0, seen.stderr
    found = told(seen)
    assert found >= {
        Connection(0, "connect", "inet", "192.0.2.1", 443),
        NameLookup(0, "secret.evil.example"),
        Connection(0, "send", "inet", "127.0.0.1", 99, b"stolen"),
        Connection(0, "send", "inet6", "::1", 98, b"more"),
        Connection(0, "send", "inet", "127.0.0.1", 97, b"connected"),
        Connection(0, "connect", "unix", "@hidden"),
        Connection(0, "bind", "inet", "127.0.0.1", 8080),
    }
    assert not any(getattr(event, "first_bytes", b"") == b"again" for event in found)


def test_what_is_denied_is_refused_and_told(watched):
    lines = ["import ctypes, errno", "libc = ctypes.CDLL(None, use_errno=True)"]
    for number, arguments in CALLS.values():
        lines += [
            "ctypes.set_errno(0)",
            f"print(libc.syscall({number}, {arguments}), errno.errorcode[ctypes.get_errno()])",
        ]
    seen = watched("\n".join(lines))
    assert seen.stdout.splitlines() == ["-1 EPERM"] * len(CALLS)
    names = {event.call for event in seen.events if isinstance(event, PrivilegeAttempt)}
    assert names == {*CALLS, "clone"} - {"clone with a namespace"}


def test_socket_families_outside_the_namespace_are_refused_and_told(watched):
    seen = watched(
        "import socket\ntry: socket.socket(40, 1)\nexcept OSError as fault: print(fault.errno)"
    )
    assert seen.stdout.strip() == "97"
    assert PrivilegeAttempt(0, "socket", "0x28") in told(seen)


def test_signals_beyond_the_room_are_told(watched):
    seen = watched(
        "import os, subprocess, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['/bin/sleep', '9']); child.kill(); child.wait()\n"
        "for whom in (1, 400_000):\n"
        "    try: os.kill(whom, 15)\n"
        "    except OSError: pass\n"
    )
    assert [event.detail for event in seen.events if isinstance(event, PrivilegeAttempt)] == [
        "the room's first process",
        "a process outside the room",
    ]


def test_foreign_calls_still_kill(watched):
    seen = watched("import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)\nprint('alive')")
    assert (seen.stdout, seen.exit_code) == ("", 128 + 31)


def test_events_are_bounded_and_the_cut_is_said(watched, monkeypatch):
    monkeypatch.setattr(supervisor, "MAX_EVENTS", 100)
    seen = watched("for n in range(200): open(f'/tmp/{n}', 'w').close()\nprint('done')")
    assert seen.stdout.strip() == "done"
    assert len(seen.events) == 100
    assert seen.events_cut


def test_arguments_that_cannot_be_read_are_said(watched):
    seen = watched("import ctypes\nprint(ctypes.CDLL(None).syscall(2, 8, 0))")
    assert seen.stdout.strip() == "-1"
    assert seen.events_cut


def test_threads_are_their_process(watched):
    seen = watched(
        "import threading\n"
        "t = threading.Thread(target=lambda: open('/tmp/t', 'w').close()); t.start(); t.join()"
    )
    assert FileAccess(1, "/tmp/t", "write") in seen.events


@pytest.mark.parametrize(
    ("name", "breach"), [key for key in GREEDY if key[0] in {"forks", "deaf sleep"}]
)
def test_limits_hold_for_the_watched(watched, name, breach):
    mark = f"6{os.getpid()}"
    seen = watched(
        f"import subprocess\nsubprocess.Popen(['sleep', '{mark}'])\n" + GREEDY[name, breach],
        wall_seconds=3, memory_bytes=2000 * MIB, processes=64,
    )  # fmt: skip
    assert seen.breached == breach
    assert not left(f"sleep\0{mark}".encode())


def test_nothing_of_the_supervisor_is_left(watched):
    watched("pass")
    before = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    watched("pass")
    assert (set(Path("/proc/self/fd").iterdir()), threading.active_count()) == before


def test_when_the_supervisor_fails_nothing_runs_on_unseen(watched, monkeypatch):
    def fails(self, task):
        raise RuntimeError

    watched("pass")
    monkeypatch.setattr(supervisor.Supervisor, "_ordinal", fails)
    monkeypatch.setattr(threading, "excepthook", lambda fault: None)
    seen = watched("print('ran')")
    assert (seen.stdout, seen.events, seen.events_cut) == ("", (), True)
    assert seen.exit_code != 0


def test_without_a_listener_nothing_is_started(watched, monkeypatch):
    watched("pass")
    monkeypatch.setattr(supervisor, "_PIDFD_GETFD", 99_999)
    monkeypatch.setattr(threading, "excepthook", lambda fault: None)
    seen = watched("print('ran')")
    assert (seen.stdout, seen.exit_code, seen.events_cut) == ("", -9, True)


def test_where_the_supervisor_refuses_nothing_nothing_is_run(watched, home, monkeypatch):
    monkeypatch.setattr(supervisor.seccomp, "judged", dict)
    monkeypatch.setattr(supervisor.seccomp, "denied", lambda machine="": {})
    watched.sandbox = BubblewrapSandbox(home)
    with pytest.raises(SandboxUnavailableError, match=r"open to guests: .*other processes"):
        watched("print('ran')")

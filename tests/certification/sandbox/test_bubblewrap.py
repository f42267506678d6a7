"""The room against guests that want out, and against guests that want too much."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certification.ports import Limits, RunRequest, SandboxUnavailableError
from certification.sandbox import bubblewrap, runtimes
from certification.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = pytest.mark.sandbox
MIB = 1024 * 1024


def refused(guest, source):
    """The guest's attempt raised OSError; its errno name."""
    seen = guest(
        "import errno\ntry:\n"
        + "".join(f"    {line}\n" for line in source.splitlines())
        + "except OSError as fault:\n    print(errno.errorcode[fault.errno])\n"
        "else:\n    print('allowed')\n"
    )
    assert seen.exit_code == 0, seen.stderr
    return seen.stdout.strip()


def processes():
    """Command lines of all processes of the machine, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = (folder / "cmdline").read_bytes()
            except OSError:
                continue
    return found


def left(mark):
    """Whether a process with this mark in its command line lives on after a moment."""
    for _ in range(40):
        if not any(mark in line for line in processes().values()):
            return False
        time.sleep(0.05)
    return True


def test_a_guest_sees_what_was_published_and_little_else(guest):
    seen = guest(
        "import json, os, pwd, socket\n"
        "print(json.dumps([open('file.txt').read(), os.getcwd(), os.getuid(), os.getgid(),\n"
        " os.getgroups(), pwd.getpwuid(os.getuid()).pw_name, socket.gethostname(),\n"
        " sorted(os.listdir('/')), sorted(os.listdir('/etc')), os.listdir('/home'),\n"
        " [p for p in ('/root', '/var', '/sys', '/mnt', '/boot') if os.path.exists(p)]]))"
    )
    content, where, uid, gid, groups, user, host, top, etc, homes, others = json.loads(seen.stdout)
    assert (content, where, uid, gid, user, host) == (
        "published", "/artifact", 1000, 1000, "agent", "room",
    )  # fmt: skip
    assert set(groups) <= {1000, 65534}
    assert set(top) <= {
        "artifact", "assay", "bin", "dev", "etc", "home", "lib", "lib32", "lib64", "opt", "proc",
        "sbin", "tmp", "usr", "workspace",
    }  # fmt: skip
    assert set(etc) <= {"alternatives", "group", "hosts", "ld.so.cache", "passwd"}
    assert homes == ["agent"]
    assert others == []
    assert seen.isolation == "bubblewrap+seccomp"
    assert not seen.breached


def test_secrets_of_the_worker_do_not_reach_a_guest(guest, monkeypatch):
    monkeypatch.setenv("ASSAY_TEST_SECRET", "do-not-tell")
    seen = guest("import os\nprint(dict(os.environ))\nprint(open('/proc/1/environ').read())")
    assert "do-not-tell" not in seen.stdout
    assert "'HOME': '/home/agent'" in seen.stdout


def test_a_guest_has_no_rights(guest):
    seen = guest("print(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in seen.stdout.splitlines() if ":\t" in line)
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("address", ["('192.0.2.1', 80)", "('1.1.1.1', 443)", "('10.0.0.1', 22)"])
def test_there_is_no_network(guest, address):
    code = refused(guest, f"import socket\nsocket.create_connection({address}, 2)")
    assert code == "ENETUNREACH"


def test_the_hosts_own_loopback_is_not_the_rooms(guest):
    seen = guest("import socket\nprint(socket.if_nameindex())")
    assert seen.stdout.strip() == "[(1, 'lo')]"


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/usr/bin/new", {"EROFS"}),
        ("/etc/passwd", {"EROFS", "EACCES"}),
        ("/artifact/file.txt", {"EROFS", "EACCES"}),
        ("/assay/script.py", {"EROFS", "EACCES"}),
        ("/new", {"EROFS"}),
        ("/dev/new", {"EROFS"}),
        ("/home/new", {"EROFS"}),
        ("/proc/sys/kernel/core_pattern", {"EROFS", "EACCES"}),
        ("/proc/sys/vm/drop_caches", {"EROFS", "EACCES"}),
        ("/proc/self/oom_score_adj", {"EROFS"}),
    ],
)
def test_nothing_outside_the_workspace_is_writable(guest, path, codes):
    assert refused(guest, f"open({path!r}, 'ab').write(b'x')") in codes


@pytest.mark.parametrize("folder", ["/tmp", "/workspace", "/home/agent", "/dev/shm"])
def test_what_is_writable_has_a_size(guest, folder):
    seen = guest(
        f"import os\nwritten = 0\n"
        f"try:\n"
        f"    for n in range(10):\n"
        f"        with open({folder!r} + f'/{{n}}', 'wb') as file:\n"
        f"            for _ in range(4):\n"
        f"                file.write(b'x' * 2**20); file.flush(); written += 1\n"
        f"except OSError as fault:\n    print(fault.errno, written)",
        workspace_bytes=8 * MIB,
    )
    code, written = seen.stdout.split()
    assert code == "28"
    assert int(written) <= 8


def test_one_file_has_a_size(guest):
    assert (
        "File too large"
        in guest("open('/tmp/big', 'wb').write(b'x' * 2**21)", file_bytes=MIB).stderr
    )


CALLS = {
    "ptrace": (101, "0, 0, 0, 0"),
    "mount": (165, "0, 0, 0, 0, 0"),
    "umount2": (166, "0, 0"),
    "unshare": (272, "0x10000000"),
    "setns": (308, "0, 0"),
    "keyctl": (250, "0, 0, 0, 0, 0"),
    "add_key": (248, "0, 0, 0, 0, 0"),
    "bpf": (321, "0, 0, 0"),
    "io_uring_setup": (425, "8, 0"),
    "userfaultfd": (323, "0"),
    "perf_event_open": (298, "0, 0, 0, 0, 0"),
    "process_vm_readv": (310, "1, 0, 0, 0, 0, 0"),
    "open_tree": (428, "0, 0, 0"),
    "fsopen": (430, "0, 0"),
    "pidfd_getfd": (438, "0, 0, 0"),
    "kexec_load": (246, "0, 0, 0, 0"),
    "init_module": (175, "0, 0, 0"),
    "memfd_create": (319, "b'x', 0"),
    "shmget": (29, "0, 4096, 0o1600"),
    "clone with a namespace": (56, "0x10000011, 0, 0, 0, 0"),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are those of x86-64")
def test_dangerous_system_calls_are_denied(guest):
    calls = {name: (number, arguments) for name, (number, arguments) in CALLS.items()}
    lines = ["import ctypes, errno, json", "libc = ctypes.CDLL(None, use_errno=True)", "said = {}"]
    for name, (number, arguments) in calls.items():
        lines += [
            "ctypes.set_errno(0)",
            f"done = libc.syscall({number}, {arguments})",
            f"said[{name!r}] = done if done >= 0 else errno.errorcode[ctypes.get_errno()]",
        ]
    lines += ["print(json.dumps(said))"]
    seen = guest("\n".join(lines))
    assert json.loads(seen.stdout) == dict.fromkeys(calls, "EPERM")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are those of x86-64")
@pytest.mark.parametrize("number", [435, 434])
def test_calls_that_cannot_be_judged_do_not_exist(guest, number):
    seen = guest(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.syscall({number}, 0, 0), ctypes.get_errno())"
    )
    assert seen.stdout.split() == ["-1", "38"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is of x86-64")
def test_calls_of_another_architecture_kill(guest):
    seen = guest("import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)\nprint('alive')")
    assert seen.stdout == ""
    assert seen.exit_code == 128 + 31


@pytest.mark.parametrize("family", [40, 17, 38, 16 + 14])
def test_socket_families_outside_the_namespace_are_refused(guest, family):
    code = refused(guest, f"import socket\nsocket.socket({family}, socket.SOCK_STREAM)")
    assert code == "EAFNOSUPPORT"


def test_threads_and_children_still_work(guest):
    seen = guest(
        "import subprocess, threading, sys\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        "sys.stdout.flush(); subprocess.run(['/bin/sh', '-c', 'echo child'])"
    )
    assert seen.stdout.split() == ["thread", "child"]


GREEDY = {
    ("forks", "processes"): """
import os
import subprocess
import sys
while True:
    try: os.fork()
    except OSError: pass
""",
    ("memory", "memory"): """
held = []
while True: held.append(bytearray(b"x") * 10**7)
""",
    ("memory under an odd name", "memory"): """
import ctypes, time
ctypes.CDLL(None).prctl(15, b"\\xff)\\xfe", 0, 0, 0)
held = bytearray(b"x") * (300 * 2**20)
time.sleep(60)
""",
    ("shared memory", "memory"): """
import mmap, time
held = mmap.mmap(-1, 300 * 2**20)
for _ in range(300): held.write(b"x" * 2**20)
time.sleep(60)
""",
    ("lines", "output"): "while True: print('x' * 1000)",
    ("one line", "output"): "import sys\nwhile True: sys.stdout.write('x' * 10000)",
    ("errors", "output"): "import sys\nwhile True: sys.stderr.write('x' * 10000)",
    ("sleep", "wall-time"): "import time\ntime.sleep(600)",
    ("deaf sleep", "wall-time"): """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
time.sleep(600)
""",
    ("loop", "cpu"): "while True: pass",
}


@pytest.mark.parametrize(("name", "breach"), GREEDY)
def test_a_limit_ends_the_room_and_is_named(guest, name, breach):
    begun = time.monotonic()
    seen = guest(
        GREEDY[name, breach],
        wall_seconds=3,
        cpu_seconds=1 if breach == "cpu" else 20,
        memory_bytes=(2000 if breach == "processes" else 200) * MIB,
        processes=64,
        output_bytes=MIB,
    )
    assert seen.breached == breach
    assert len(seen.stdout) <= MIB
    assert time.monotonic() - begun < 10


def test_nothing_is_left(guest):
    before = set((guest.sandbox.base / "rooms").iterdir())
    mark = f"7{time.time_ns() % 10**8}"
    seen = guest(
        "import os, subprocess\n"
        f"subprocess.Popen(['/bin/sh', '-c', 'sleep {mark} & sleep {mark}'],\n"
        "  start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print('gone')"
    )
    assert seen.stdout.strip() == "gone"
    assert not left(mark.encode())
    assert set((guest.sandbox.base / "rooms").iterdir()) == before


def test_a_dead_workers_rooms_are_swept(sandbox, home):
    stale = sandbox.base / "rooms" / "999999999-left"
    stale.mkdir(parents=True)
    old = sandbox.base / "rooms" / f"{os.getpid()}-old"
    old.mkdir()
    os.utime(old, (0, 0))
    mine = sandbox.base / "rooms" / f"{os.getpid()}-mine"
    mine.mkdir()
    assert BubblewrapSandbox(home).base == sandbox.base
    assert not stale.exists()
    assert not old.exists()
    assert mine.exists()
    mine.rmdir()


def test_where_rooms_are_open_nothing_is_run(tmp_path, home, monkeypatch):
    monkeypatch.setattr(bubblewrap, "_SELF_TEST", "import sys\nsys.exit('open to guests: x')")
    doubtful = BubblewrapSandbox(home)
    request = RunRequest(tmp_path, ("python", "-c", "print(1)"), "python")
    for _ in range(2):
        with pytest.raises(SandboxUnavailableError, match="open to guests: x"):
            doubtful.run(request)


def test_without_bubblewrap_nothing_is_run(tmp_path, sandbox, home, monkeypatch):
    broken = sandbox.base / "broken-bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a namespace' >&2; exit 1")
    broken.chmod(0o755)
    monkeypatch.setattr(runtimes, "bubblewrap", lambda base: broken)
    with pytest.raises(SandboxUnavailableError, match="No permissions to create"):
        BubblewrapSandbox(home).run(
            RunRequest(tmp_path, ("python", "-c", "1"), "python", limits=Limits())
        )


WORKER = """
import sys
from pathlib import Path
from certification.ports import RunRequest
from certification.sandbox.bubblewrap import BubblewrapSandbox
home, artifact, mark = sys.argv[1:]
script = f"import subprocess; print('up', flush=True); subprocess.run(['sleep', '{mark}'])"
BubblewrapSandbox(Path(home)).run(
    RunRequest(Path(artifact), ("python", "-c", script), "python"))
"""


def test_a_killed_worker_takes_its_room_along(sandbox, home, tmp_path):
    mark = f"8{time.time_ns() % 10**8}"
    arguments = [sys.executable, "-c", WORKER, str(home), str(tmp_path), mark]
    worker = subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    asleep = f"sleep\0{mark}".encode()
    for _ in range(200):
        if any(asleep in line for line in processes().values()):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the guest never came up")
    rooms = sandbox.base / "rooms"
    worker.kill()
    worker.wait()
    assert not left(mark.encode())
    assert list(rooms.glob(f"{worker.pid}-*"))
    assert BubblewrapSandbox(home).base == sandbox.base
    assert not list(rooms.glob(f"{worker.pid}-*"))

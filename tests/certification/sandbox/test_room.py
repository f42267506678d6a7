"""What a room shows of the machine, how it is ended, and what it may use up."""

import errno
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from certification.sandbox import cgroups

pytestmark = pytest.mark.sandbox

DEAF = """
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True: pass
"""
IN_TURN = """
import os, time
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.2
        while time.process_time() < end: pass
        os._exit(0)
    os.wait()
"""


@pytest.mark.parametrize("source", [DEAF, IN_TURN], ids=["deaf", "in turn"])
def test_cpu_time_is_that_of_the_whole_room(guest, source):
    seen = guest(source, cpu_seconds=1, wall_seconds=10)
    assert seen.breached == "cpu"
    assert seen.seconds < 6


@pytest.mark.parametrize("folder", ["/usr/local", "/usr/src"])
def test_what_was_put_on_the_machine_by_hand_is_not_shown(guest, folder):
    seen = guest(
        f"import os\nprint(os.listdir({folder!r}) if os.path.isdir({folder!r}) else [])\n"
        f"try: open('{folder}/new', 'w')\nexcept OSError as fault: print(fault.errno)"
    )
    shown, code = seen.stdout.splitlines()
    assert shown == "[]"
    assert int(code) in {errno.EROFS, errno.ENOENT, errno.EACCES}


def parents():
    """The parent of each of the machine's processes, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            stat = (folder / "stat").read_bytes().rpartition(b") ")[2]
            found[int(folder.name)] = int(stat.split()[1])
    return found


@pytest.mark.parametrize("protocol", ["none", "mcp"])
def test_a_room_that_is_killed_leaves_nobody_to_reap(guest, protocol):
    mine, adopted, done = {os.getpid()}, set(), threading.Event()

    def look():
        while not done.wait(0.005):
            for pid, parent in sorted(parents().items()):
                if parent in mine:
                    mine.add(pid)
                elif pid in mine - {os.getpid()}:
                    adopted.add(pid)

    watch = threading.Thread(target=look)
    watch.start()
    guest.protocol = protocol
    seen = guest("import time\ntime.sleep(60)", wall_seconds=1)
    time.sleep(0.1)
    done.set()
    watch.join()
    assert (seen.breached, seen.handshake) == ("" if protocol == "mcp" else "wall-time", False)
    assert len(mine) > 2
    assert adopted == set()


SOCKETS = """
import socket, time
held = []
try:
    while True:
        pair = socket.socketpair()
        held.append(pair)
        pair[0].setblocking(False)
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**23)
        try:
            while True: pair[0].send(b"x" * 2**16)
        except BlockingIOError: pass
except OSError: pass
time.sleep(60)
"""


@pytest.fixture
def grouped():
    """Skips where this worker may make no groups."""
    with cgroups.roof(2**28) as group:
        if group is None:
            pytest.skip("no memory control group can be made here")
        folder = group.folder
        yield folder.parent
    assert not folder.exists()


def test_memory_that_belongs_to_no_process_counts(guest, grouped):
    seen = guest(SOCKETS, memory_bytes=2**26, workspace_bytes=2**23, wall_seconds=10)
    assert (seen.breached, seen.exit_code) == ("memory", None)
    assert not list(grouped.glob(f"assay-room-{os.getpid()}-*/"))[1:]


def test_many_empty_files_count(guest, grouped):
    source = "n = 0\nwhile True:\n  open(f'/tmp/{n}', 'w').close(); n += 1"
    seen = guest(source, memory_bytes=2**25, workspace_bytes=2**20, wall_seconds=20, cpu_seconds=20)
    assert seen.breached == "memory"


def test_groups_of_dead_workers_are_swept(grouped):
    left, mine = grouped / "assay-room-999999999-left", grouped / f"assay-room-{os.getpid()}-mine"
    left.mkdir()
    mine.mkdir()
    cgroups.sweep()
    assert (left.exists(), mine.exists()) == (False, True)
    mine.rmdir()

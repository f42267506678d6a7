"""What a room shows of the machine, how it is ended, and what it may use up."""

import errno
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

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

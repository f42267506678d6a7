import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from marketplace.local.child import Service, wait_until
from marketplace.local.places import LocalError, Places
from marketplace.local.supervisor import Supervisor, only_instance

ROOT = Path(__file__).resolve().parents[3]
# The leader starts a grandchild in its own group and names it, then sleeps.
FAMILY = "sleep 300 & echo $! > grandchild; echo up; wait"


def shell(name: str, script: str, **options) -> Service:
    return Service(name=name, argv=("/bin/sh", "-c", script), **options)


def gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def test_a_second_instance_is_refused_with_a_sentence(home: Places) -> None:
    with (
        only_instance(home),
        pytest.raises(LocalError, match=f"already running .* {os.getpid()}"),
        only_instance(home),
    ):
        pass
    with only_instance(home):
        pass


def test_what_ends_is_started_again(tmp_path: Path, capfd) -> None:
    with Supervisor(tmp_path) as supervisor:
        ready = (tmp_path / "second").exists
        supervisor.start(
            [shell("twice", "test -e first && touch second && sleep 60; touch first", ready=ready)]
        )
        supervisor.wait_ready(20)
    assert "twice     | ended with code 0; starts again in 0.5 s" in capfd.readouterr().out


def test_what_never_starts_is_given_up(tmp_path: Path, capfd) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([shell("broken", "echo why; exit 3", ready=lambda: False)])
        with pytest.raises(LocalError, match="broken does not start"):
            supervisor.wait_ready(30)
    assert "broken    | why" in capfd.readouterr().out


def test_what_is_not_ready_in_time_is_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([shell("slow", "sleep 60", ready=lambda: False)])
        with pytest.raises(LocalError, match="slow was not ready after 0 seconds"):
            supervisor.wait_ready(0.2)


def test_a_one_off_runs_once_and_its_failure_is_told(tmp_path: Path, capfd) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([shell("job", "echo x >> runs; printf tail; exit 4", once=True)])
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            supervisor.tick()
    assert (tmp_path / "runs").read_text() == "x\n"
    assert "job       | tail\njob       | ended with code 4" in capfd.readouterr().out


def test_stopping_ends_grandchildren_and_the_deaf(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(
            [
                shell(
                    "deaf",
                    f"trap '' TERM; {FAMILY}",
                    ready=(tmp_path / "grandchild").exists,
                    grace=0.3,
                )
            ]
        )
        supervisor.wait_ready(10)
        assert wait_until(lambda: (tmp_path / "grandchild").read_text() != "", 5)
        grandchild = int((tmp_path / "grandchild").read_text())
        assert not gone(grandchild)
    assert wait_until(lambda: gone(grandchild), 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_the_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from marketplace.local.child import Service
        from marketplace.local.supervisor import Supervisor
        with Supervisor(Path(sys.argv[1])) as supervisor:
            supervisor.start([Service(
                name="child", argv=("/bin/sh", "-c", "echo $$ > child; exec sleep 300"))])
            supervisor.run()
    """)
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    file = tmp_path / "child"
    assert wait_until(lambda: file.exists() and file.read_text() != "", 20)
    child = int(file.read_text())
    process.send_signal(number)
    assert process.wait(10) == (-9 if number is signal.SIGKILL else 0)
    assert wait_until(lambda: gone(child), 5)

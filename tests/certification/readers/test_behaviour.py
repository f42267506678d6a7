"""Events become one record, whatever order and numbers the run gave them."""

import pytest

from certification.ports import (
    Connection,
    Event,
    Execution,
    FileAccess,
    NameLookup,
    Observation,
    ObservedCall,
    ObservedTool,
    PrivilegeAttempt,
)
from certification.readers.behaviour import Behaviour, behaviour_of, normalised_path

SIX = "[2001:db8::1]:*"
START = Execution(1, "/usr/bin/python3.11", ("python3.11", "/artifact/a.py"))


def record(*events: Event, **more: object) -> Behaviour:
    seen = Observation("test", 0, "", "", 1.0, events=(START, *events))
    for name, value in more.items():
        object.__setattr__(seen, name, value)
    return behaviour_of([seen])


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/home/agent", "~"),
        ("/home/agent/.aws/credentials", "~/.aws/credentials"),
        ("/home/agents/x", "/home/agents/x"),
        ("/proc/123/environ", "/proc/<pid>/environ"),
        ("/tmp/tmpab12cd34/x", "/tmp/*/x"),
        ("/tmp/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "/tmp/*"),
        ("/x/1763900000123", "/x/*"),
    ],
)
def test_paths(path: str, place: str) -> None:
    assert normalised_path(path) == place


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (FileAccess(1, "/artifact/data.csv", "read"), Behaviour()),
        (FileAccess(1, "/usr/lib/python3.11/os.py", "read"), Behaviour()),
        (FileAccess(1, "/proc/self/maps", "read"), Behaviour()),
        (FileAccess(1, "/run/systemd/container", "read"), Behaviour()),
        (FileAccess(1, "/dev/null", "write"), Behaviour()),
        (FileAccess(1, "/etc/shadow", "read"), Behaviour(read=("/etc/shadow",))),
        (FileAccess(1, "/usr/x", "write"), Behaviour(write=("/usr/x",))),
        (FileAccess(1, "/tmp/x", "delete"), Behaviour(delete=("/tmp/x",))),
        (
            FileAccess(1, "/etc/shadow", "link", "/tmp/x"),
            Behaviour(read=("/etc/shadow",), write=("/etc/shadow", "/tmp/x")),
        ),
        (Execution(2, "/bin/cat", ("cat", "/x/.npmrc")), Behaviour(run=("cat /x/.npmrc",))),
        (Connection(1, "connect", "inet", "192.0.2.9", 443), Behaviour(contact=("192.0.2.9:443",))),
        (Connection(1, "send", "inet6", "2001:db8::1", 40000), Behaviour(contact=(SIX,))),
        (Connection(1, "connect", "inet", "127.0.0.1", 53), Behaviour()),
        (Connection(1, "bind", "inet", "203.0.113.9", 53), Behaviour()),
        (Connection(1, "connect", "unix", "/run/x"), Behaviour()),
        (NameLookup(1, "a.example"), Behaviour(lookup=("a.example",))),
        (PrivilegeAttempt(1, "ptrace"), Behaviour(privilege=("ptrace",))),
    ],
)  # fmt: skip
def test_events(event: Event, expected: Behaviour) -> None:
    assert record(event) == expected


def test_what_node_asks_for_by_itself_is_left_out() -> None:
    ring = PrivilegeAttempt(1, "io_uring_setup")
    node = Execution(1, "/opt/node/bin/node", ("node", "a.js"))
    assert behaviour_of([Observation("test", 0, "", "", 1.0, events=(node, ring))]) == Behaviour()
    assert record(ring).privilege == ("io_uring_setup",)


def test_order_and_repetition_do_not_matter() -> None:
    events = [NameLookup(1, "b.example"), NameLookup(2, "a.example"), NameLookup(3, "b.example")]
    assert record(*events) == record(*reversed(events))
    assert record(*events).as_dict()["lookup"] == ["a.example", "b.example"]


def test_what_was_cut_is_said() -> None:
    assert record(events_cut=True).cut
    assert record().as_dict() == {
        "read": [], "write": [], "delete": [], "run": [], "contact": [], "lookup": [],
        "privilege": [], "leaked": [], "cut": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"stdout": "<canary:aws>"}, "output"),
        ({"stderr": "<canary:aws>"}, "output"),
        ({"instructions": "<canary:aws>"}, "tool definition"),
        ({"tools": (ObservedTool("t", {"description": "<canary:aws>"}),)}, "tool definition"),
        ({"calls": (ObservedCall("t", {}, False, "<canary:aws>"),)}, "answer of t"),
    ],
)
def test_leaks_in_what_it_says(more: dict, place: str) -> None:
    assert record(**more).leaked == (f"aws in {place}",)


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (FileAccess(1, "/tmp/<canary:ssh>", "write"), "file name"),
        (Execution(1, "/bin/echo", ("echo", "<canary:ssh>")), "argument"),
        (Connection(1, "send", "inet", "203.0.113.9", 53, b"<canary:ssh>"), "packet"),
        (NameLookup(1, "<canary:ssh>.example"), "looked-up name"),
        (PrivilegeAttempt(1, "kill", "<canary:ssh>"), "system call"),
    ],
)
def test_leaks_in_what_it_does(event: Event, place: str) -> None:
    assert record(event).leaked == (f"ssh in {place}",)

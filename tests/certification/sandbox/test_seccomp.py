"""The filter as an interpreter of classic BPF sees it, for machines that are not at hand too."""

import errno
import struct

import pytest

from certification.sandbox import seccomp

ALLOW, KILL, ERROR, NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def answer(machine, number, first=0, *, architecture=None, program=None):
    """What the kernel would do with this call."""
    data = struct.pack("=iIQ6Q", number, architecture or AUDIT[machine], 0, first, 0, 0, 0, 0, 0)
    program = list(struct.iter_unpack("=HBBI", program or seccomp.program(machine)))
    place = accumulator = 0
    while True:
        code, if_true, if_false, value = program[place]
        place += 1
        if code == 0x06:
            return value
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
            continue
        holds = {0x15: accumulator == value, 0x35: accumulator >= value,
                 0x45: bool(accumulator & value)}[code]  # fmt: skip
        place += if_true if holds else if_false


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        ("x86_64", {"ptrace": 101, "mount": 165, "unshare": 272, "setns": 308, "keyctl": 250,
                    "bpf": 321, "io_uring_setup": 425, "mount_setattr": 442, "userfaultfd": 323,
                    "memfd_create": 319, "shmget": 29, "pidfd_getfd": 438}),
        ("aarch64", {"ptrace": 117, "mount": 40, "unshare": 97, "setns": 268, "keyctl": 219,
                     "bpf": 280, "io_uring_setup": 425, "mount_setattr": 442, "userfaultfd": 282,
                     "memfd_create": 279, "shmget": 194, "pidfd_getfd": 438}),
    ],
)  # fmt: skip
def test_what_is_denied(machine, numbers):
    denied = {name: answer(machine, number) for name, number in numbers.items()}
    assert denied == dict.fromkeys(numbers, ERROR | errno.EPERM)
    assert answer(machine, 435) == answer(machine, 434) == ERROR | errno.ENOSYS


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
@pytest.mark.parametrize("bit", [17, 25, 26, 27, 28, 29, 30])
def test_clone_makes_threads_and_children_and_no_namespaces(machine, clone, bit):
    assert answer(machine, clone, 0x3D0F00) == ALLOW
    assert answer(machine, clone, 17) == ALLOW
    assert answer(machine, clone, 17 | 1 << bit) == ERROR | errno.EPERM


@pytest.mark.parametrize(("machine", "socket"), [("x86_64", 41), ("aarch64", 198)])
def test_sockets_of_four_families(machine, socket):
    allowed = {family for family in range(50) if answer(machine, socket, family) == ALLOW}
    assert allowed == {1, 2, 10, 16}
    assert answer(machine, socket, 40) == ERROR | errno.EAFNOSUPPORT


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_other_architectures_kill(machine):
    assert answer(machine, 0, architecture=0x40000003) == KILL
    assert answer(machine, 0) == answer(machine, 63) == ALLOW


def test_x32_kills():
    assert answer("x86_64", 0x40000000) == KILL


def test_an_unknown_machine_is_refused():
    with pytest.raises(seccomp.UnsupportedArchitectureError, match="riscv64"):
        seccomp.program("riscv64")


@pytest.mark.parametrize(
    ("machine", "clone", "socket"), [("x86_64", 56, 41), ("aarch64", 220, 198)]
)
def test_a_watched_guests_refusals_are_asked_about(machine, clone, socket):
    asked = seccomp.notifications({257}, machine)
    own = seccomp.program(machine, watched=True)
    refused = [(number, 0) for number in seccomp.denied(machine)]
    for number, first in [*refused, (clone, 1 << 28), (socket, 40)]:
        assert answer(machine, number, program=asked, first=first) == NOTIFY
        assert answer(machine, number, program=own, first=first) == ALLOW
    for number, first in [(0, 0), (clone, 17), (socket, 2)]:
        assert answer(machine, number, program=asked, first=first) == ALLOW
    assert answer(machine, 257, program=asked) == NOTIFY
    assert answer(machine, 435, program=own) == ERROR | errno.ENOSYS
    assert answer(machine, 0, architecture=0x40000003, program=own) == KILL
    assert set(seccomp.judged(machine)) == {clone, socket}

"""The system calls a guest may not make, compiled to classic BPF (seccomp(2), SECCOMP_MODE_FILTER).

bubblewrap installs the filter last, just before it starts the guest, so its own use of mount and
unshare is not in the way.
"""

import errno
import platform
import struct
from collections.abc import Iterable

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_NOTIFY = 0x7FC00000

_Instruction = tuple[int, int, int, int]

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
#: CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_NAMESPACE_FLAGS = 0x7E020080
#: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: AF_VSOCK and the like are not bound to a namespace.
_SOCKET_FAMILIES = (1, 2, 10, 16)

_SAME_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443,
    "memfd_secret": 447, "open_tree_attr": 467,
}  # fmt: skip
#: memfd_create, shmget and msgget make memory that belongs to no process: no watch would count it.
_DENIED = {
    "x86_64": {
        "shmget": 29, "msgget": 68, "ptrace": 101, "syslog": 103, "pivot_root": 155,
        "adjtimex": 159, "chroot": 161,
        "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167,
        "swapoff": 168, "reboot": 169, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "lookup_dcookie": 212, "clock_settime": 227,
        "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
        "move_pages": 279, "perf_event_open": 298, "fanotify_init": 300,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
        "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51,
        "quotactl": 60, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
        "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142,
        "settimeofday": 170, "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219,
        "swapon": 224, "swapoff": 225, "move_pages": 239, "perf_event_open": 241,
        "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
        "msgget": 186, "shmget": 194, "memfd_create": 279, "process_vm_readv": 270,
        "process_vm_writev": 271,
        "kcmp": 272, "finit_module": 273,
        "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
    },
}  # fmt: skip
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
#: Answered with ENOSYS, so that libraries fall back to what can be filtered by argument.
_UNKNOWN = {"clone3": 435, "pidfd_open": 434}


class UnsupportedArchitectureError(Exception):
    """There is no table of system calls for this machine."""


def program(machine: str = "", *, watched: bool = False) -> bytes:
    """The guest's filter as an array of struct sock_filter; raises UnsupportedArchitectureError.

    A `watched` guest's filter leaves what `notifications` reports to the supervisor's answer: the
    kernel would refuse such calls without telling anybody.
    """
    instructions = [*_native(machine, _KILL)]
    if _machine(machine) == "x86_64":
        instructions += [(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    for number in sorted(_UNKNOWN.values()):
        instructions += _if_call(number, _ERRNO | errno.ENOSYS)
    if not watched:
        for number in sorted(denied(machine)):
            instructions += _if_call(number, _ERRNO | errno.EPERM)
        instructions += _namespaces(machine, _ERRNO | errno.EPERM)
        instructions += _families(machine, _ERRNO | errno.EAFNOSUPPORT)
    return _packed([*instructions, (_RETURN, 0, 0, _ALLOW)])


def notifications(numbers: Iterable[int], machine: str = "") -> bytes:
    """A filter that asks the supervisor about these calls and all that a guest may not make."""
    instructions = [*_native(machine, _ALLOW)]
    for number in sorted({*numbers, *denied(machine)}):
        instructions += _if_call(number, _NOTIFY)
    instructions += _namespaces(machine, _NOTIFY)
    instructions += _families(machine, _NOTIFY)
    return _packed([*instructions, (_RETURN, 0, 0, _ALLOW)])


def denied(machine: str = "") -> dict[int, str]:
    """Names of the calls that are refused whatever their arguments, by number."""
    table = {**_SAME_EVERYWHERE, **_DENIED[_machine(machine)]}
    return {number: name for name, number in table.items()}


def judged(machine: str = "") -> dict[int, tuple[str, int]]:
    """Calls that are refused for an argument: name and the errno of the refusal, by number."""
    machine = _machine(machine)
    return {
        _CLONE[machine]: ("clone", errno.EPERM),
        _SOCKET[machine]: ("socket", errno.EAFNOSUPPORT),
    }


def _machine(machine: str) -> str:
    machine = machine or platform.machine()
    if machine not in _AUDIT:
        raise UnsupportedArchitectureError(f"No system call table for {machine}.")
    return machine


def _native(machine: str, otherwise: int) -> list[_Instruction]:
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, _AUDIT[_machine(machine)]),
        (_RETURN, 0, 0, otherwise),
        (_LOAD, 0, 0, _NUMBER),
    ]


def _namespaces(machine: str, answer: int) -> list[_Instruction]:
    return [
        (_JUMP_EQUAL, 0, 4, _CLONE[_machine(machine)]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_SET, 0, 1, _NAMESPACE_FLAGS),
        (_RETURN, 0, 0, answer),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _families(machine: str, answer: int) -> list[_Instruction]:
    count = len(_SOCKET_FAMILIES)
    return [
        (_JUMP_EQUAL, 0, count + 3, _SOCKET[_machine(machine)]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *((_JUMP_EQUAL, count - place, 0, family) for place, family in enumerate(_SOCKET_FAMILIES)),
        (_RETURN, 0, 0, answer),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _if_call(number: int, answer: int) -> list[_Instruction]:
    return [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, answer)]


def _packed(instructions: Iterable[_Instruction]) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)

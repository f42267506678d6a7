"""What a guest asks of the kernel, told by the kernel itself (seccomp_unotify(2)).

The filter is installed before bubblewrap starts; this side gets its listener by pidfd_getfd(2),
answers every call, and notes those of the guest. What is only noted continues, so a path is
evidence and no control: the guest may change it after it was read here. What is refused is refused
by number or by a scalar, which it cannot change. When this side fails the listener closes, and the
kernel refuses all that it was asked about: nothing runs on unseen.
"""

import ctypes
import errno
import fcntl
import os
import select
import signal
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from certification.ports import Event, PrivilegeAttempt
from certification.sandbox import calls, seccomp
from certification.sandbox.calls import Call

MAX_EVENTS = 5_000
_RECEIVE, _SEND, _STILL_THERE = 0xC0502100, 0xC0182101, 0x40082102
_NOTIFICATION, _ANSWER = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_PLACE = struct.Struct("=ii")
_CONTINUE = 1
_SET_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 8, 32
_NO_NEW_PRIVILEGES = 38
_PIDFD_GETFD = 438
#: bubblewrap itself, then the shell that sets the limits; the third program is the guest.
_REFUSES_FROM, _NOTES_FROM = 2, 3
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))  # struct sock_fprog


@dataclass
class Supervisor:
    """Answers for one room. `events` are each noted once, at most MAX_EVENTS."""

    events: dict[Event, None] = field(default_factory=dict)
    cut: bool = False
    _programs: int = 0
    _ordinals: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._refused, self._judged = seccomp.denied(), seccomp.judged()
        self._table = calls.table()
        self._reader = calls.Reader()
        self._filter = seccomp.notifications(self._table)
        self._said, self._say = os.pipe()
        self._leave, self._give_leave = os.pipe()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Answers while a room is started and lives; the room has ended when this is left."""
        thread = threading.Thread(target=self._answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                os.close(self._say)  # a room that never started says so by this
            thread.join()
            for descriptor in (self._said, self._leave, self._give_leave):
                os.close(descriptor)

    def install(self) -> None:
        """Put the calling process under the filter; only between fork and exec. OSError."""
        if _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs")
        program = _Program(len(self._filter) // 8, self._filter)
        number = calls.seccomp_number()
        listener = -1
        for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):  # the first since Linux 5.19
            listener = _LIBC.syscall(number, _SET_FILTER, flags, ctypes.byref(program))
            if listener >= 0:
                break
        if listener < 0:
            raise OSError(ctypes.get_errno(), "seccomp listener")
        os.write(self._say, _PLACE.pack(os.getpid(), listener))
        os.read(self._leave, 1)

    def _answer(self) -> None:
        said = os.read(self._said, _PLACE.size)
        if not said:
            return
        pid, number = _PLACE.unpack(said)
        process, whole = os.pidfd_open(pid), False
        try:
            with _fetched(process, number) as listener:
                os.write(self._give_leave, b"x")
                self._serve(listener)
            whole = True
        finally:
            if not whole:
                self.cut = True
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(process, signal.SIGKILL)
            os.close(process)

    def _serve(self, listener: int) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while not poll.poll()[0][1] & (select.POLLHUP | select.POLLERR):
            notice = bytearray(_NOTIFICATION.size)
            try:
                fcntl.ioctl(listener, _RECEIVE, notice)
            except OSError as fault:
                if fault.errno in {errno.ENOENT, errno.EINTR}:  # it was killed meanwhile
                    continue
                raise
            mark, pid, _, number, _, _, *arguments = _NOTIFICATION.unpack(notice)
            refusal = self._heard(listener, mark, Call(pid, number, tuple(arguments)))
            answer = _ANSWER.pack(mark, 0, -refusal, 0 if refusal else _CONTINUE)
            with suppress(FileNotFoundError):
                fcntl.ioctl(listener, _SEND, answer)

    def _heard(self, listener: int, mark: int, call: Call) -> int:
        """The errno that answers the call; 0 lets it go on."""
        name = self._table.get(call.number, "")
        if name in calls.PROGRAMS:
            self._programs += 1
        if self._programs < _REFUSES_FROM:
            return 0
        if name:
            if self._programs >= _NOTES_FROM:
                self._note_call(listener, mark, name, call)
            return 0
        refused, code = self._judged.get(
            call.number, (self._refused.get(call.number, "unknown"), errno.EPERM)
        )
        detail = f"{call.arguments[0]:#x}" if call.number in self._judged else ""
        self._note(PrivilegeAttempt(self._ordinal(call.task), refused, detail))
        return code

    def _note_call(self, listener: int, mark: int, name: str, call: Call) -> None:
        try:
            events = self._reader.events(name, call, self._ordinal(call.task))
        except (OSError, ValueError, struct.error):
            events, unread = [], True
        else:
            unread = False
        try:  # only what is still waiting was read from whom it says
            fcntl.ioctl(listener, _STILL_THERE, struct.pack("=Q", mark))
        except OSError:
            return
        self.cut |= unread
        for event in events:
            self._note(event)

    def _note(self, event: Event) -> None:
        if len(self.events) < MAX_EVENTS:
            self.events.setdefault(event)
        elif event not in self.events:
            self.cut = True

    def _ordinal(self, task: int) -> int:
        return self._ordinals.setdefault(calls.process_of(task), len(self._ordinals) + 1)


@contextmanager
def _fetched(process: int, number: int) -> Iterator[int]:
    """Our copy of the descriptor which that process opened; raises OSError."""
    listener = _LIBC.syscall(_PIDFD_GETFD, process, number, 0)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    try:
        os.set_inheritable(listener, False)
        yield listener
    finally:
        os.close(listener)

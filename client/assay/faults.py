"""What can go wrong, with the exit code that scripts rely on."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNVERIFIED = 4
    WITHDRAWN = 5


class FaultError(Exception):
    """An expected fault. The message is a sentence for people that says what to do next;
    `problem` is the server's RFC 9457 code where it was the server that refused."""

    def __init__(self, message: str, code: Exit = Exit.FAILED, *, problem: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.problem = problem

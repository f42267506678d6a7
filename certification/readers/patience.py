"""Bounds the time that many patterns take over one hostile text."""

import re
import time
from collections.abc import Iterator

#: Patterns reach no further than this, so that windows which overlap by it miss nothing.
REACH = 1_200
_WINDOW = 4_000
#: Seconds of a thread's own time; a text of 2 MiB that is no attack takes about five.
SECONDS = 30.0
_OFTEN = 64


class TooLongError(Exception):
    """A text was not read to its end within its time."""


class Patience:
    """How long one file may take; asked between matches, each of which is short by itself."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.thread_time() + seconds
        self._asked = 0

    def check(self) -> None:
        """Raises TooLongError when the time is over; the clock is read now and then."""
        self._asked += 1
        if self._asked % _OFTEN == 1:
            self._look()

    def _look(self) -> None:
        if time.thread_time() > self._end:
            raise TooLongError("its texts take too long to search")

    def finditer(self, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
        """As the pattern's own, window by window; raises TooLongError."""
        if len(text) <= _WINDOW:  # most texts: asking the clock would cost more than the search
            self.check()
            yield from pattern.finditer(text)
            return
        after = 0
        for start in range(0, max(len(text), 1), _WINDOW):
            self._look()
            for match in pattern.finditer(text, max(start, after), start + _WINDOW + REACH):
                if match.start() >= start + _WINDOW:
                    break
                after = max(match.end(), match.start() + 1)
                yield match

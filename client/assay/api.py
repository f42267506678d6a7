"""The REST API as this client sees it: patient with servers, precise about problems."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from assay.config import Login
from assay.faults import Exit, FaultError

#: Seconds between tries when the server is gone or busy: about a minute in all, for transfers.
PAUSES = (0.2, 0.5, 1, 2, 4, 8, 10, 15, 20)
_SHORT = (0.3, 0.7)
_BUSY = frozenset({429, 502, 503, 504})
_REDIRECT, _HTTP_ERROR, _UNAUTHORISED, _SERVER_ERROR = 300, 400, 401, 500
_PARTIAL = 206
_MAX_BODY = 64 * 1024 * 1024  # bytes of a document; files are streamed
_MAX_WAIT = 30.0  # seconds that a Retry-After may ask for
#: What to do about a problem, where its detail does not say.
_NEXT = {
    "version-exists": "Give another one with --version.",
    "invalid-name": "Set it with --name and --version.",
    "upload-closed": "Run the command again: it sends what is missing.",
    "part-missing": "Run the command again: it sends what is missing.",
    "wrong-digest": "Did the file change while it was sent? Run the command again.",
    "wrong-size": "Did the file change while it was sent? Run the command again.",
    "throttled": "Wait a little, then run the command again.",
    "internal": "Tell the operator of this installation.",
}


class BrokenTransferError(Exception):
    """A download stopped before its end for a reason that may pass."""


class Answer(dict[str, Any]):
    """A JSON object from the server; to miss a key is the server's fault and said so."""

    def __missing__(self, key: str) -> Any:
        raise FaultError(
            f"The server's answer lacks “{key}”. Is the address right, and is this version of "
            "`assay` made for it?"
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `body` is bounded."""

    status: int
    headers: httpx.Headers
    body: bytes


class Api:
    """One session with one installation."""

    def __init__(self, login: Login) -> None:
        _check_address(login.url)
        if not (login.token.isascii() and login.token.isprintable()):
            raise FaultError("The token holds characters that no token has.", Exit.USAGE)
        headers = {"Authorization": f"Bearer {login.token}"} if login.token else {}
        self.url = login.url
        self._http = httpx.Client(
            base_url=login.url, headers=headers, timeout=httpx.Timeout(120, connect=10)
        )

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def json(self, method: str, path: str, **request: Any) -> Answer:
        """The JSON object of an answer; raises FaultError with the server's own sentence."""
        reply = self.send(method, path, **request)
        try:
            document = json.loads(reply.body, object_hook=Answer)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, Answer):
            raise FaultError(f"{self.url} does not answer as Assay does: is the address right?")
        return document

    def pages(self, path: str, **request: Any) -> Iterator[list[Answer]]:
        """The `results` of every page, one page at a time; never leaves this installation."""
        page = self.json("GET", path, **request)
        yield page["results"]
        while page["next"]:
            after = urlsplit(page["next"])
            page = self.json("GET", f"{after.path}?{after.query}")
            yield page["results"]

    def data(self, path: str) -> bytes:
        """The bytes of an answer."""
        return self.send("GET", path).body

    def send(self, method: str, path: str, *, patient: bool = False, **request: Any) -> Reply:
        """One request, tried again while the server is gone or busy; `patient` transfers wait for
        about a minute. Publishing twice is refused by the server, so all of it may be repeated."""
        for pause in (*(PAUSES if patient else _SHORT), None):
            wait = pause
            try:
                reply = self._exchange(method, path, **request)
            except (httpx.RequestError, httpx.InvalidURL) as fault:
                if pause is None or isinstance(fault, (httpx.LocalProtocolError, httpx.InvalidURL)):
                    raise FaultError(self._unreachable(fault)) from fault
            else:
                if pause is None or not _passing(reply.status, patient=patient):
                    return self._checked(reply)
                wait = max(pause, _asked_wait(reply.headers))
            time.sleep(wait or 0)
        raise AssertionError("the last pause is None")

    @contextmanager
    def stream(self, path: str, *, start: int) -> Iterator[Iterator[bytes]]:
        """A download from byte `start` on, in chunks. Raises BrokenTransferError for what may be
        tried again, FaultError for what may not."""
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                if _passing(response.status_code, patient=True):
                    raise BrokenTransferError(f"the server answered {response.status_code}")
                if response.status_code >= _REDIRECT:
                    self._checked(_whole(response))
                # A server that does not know ranges sends all of it again.
                known = start if response.status_code != _PARTIAL else 0
                yield _after(response.iter_raw(), known)
        except httpx.RequestError as fault:
            raise BrokenTransferError(str(fault) or type(fault).__name__) from fault

    def _exchange(self, method: str, path: str, **request: Any) -> Reply:
        with self._http.stream(method, path, **request) as response:
            return _whole(response)

    def _checked(self, reply: Reply) -> Reply:
        if reply.status < _REDIRECT:
            return reply
        if reply.status < _HTTP_ERROR:
            where = reply.headers.get("Location", "another address")
            raise FaultError(f"{self.url} sends us to {where[:200]}: use the final address.")
        code, detail = _problem(reply)
        if reply.status == _UNAUTHORISED:
            hint = "Sign in with `assay login --url URL` and a token that is still valid."
        else:
            hint = _NEXT.get(code, "")
        raise FaultError(f"{detail} {hint}".strip(), problem=code)

    def _unreachable(self, fault: Exception) -> str:
        reason = str(fault) or type(fault).__name__
        return (
            f"{self.url} cannot be reached ({reason}). Is the address right, and is Assay running?"
        )


def _check_address(url: str) -> None:
    try:
        usable = httpx.URL(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:
        raise FaultError(f"“{url}” is not an http(s) address.", Exit.USAGE)


def _passing(status: int, *, patient: bool) -> bool:
    return status in _BUSY or (patient and status >= _SERVER_ERROR)


def _asked_wait(headers: httpx.Headers) -> float:
    """Seconds of a Retry-After header, within bounds; 0 without one."""
    value = headers.get("Retry-After", "")
    return min(float(value), _MAX_WAIT) if value.isascii() and value.isdigit() else 0.0


def _whole(response: httpx.Response) -> Reply:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MAX_BODY:
            raise FaultError("The server's answer is larger than any document of Assay's.")
    return Reply(response.status_code, response.headers, bytes(body))


def _after(chunks: Iterator[bytes], known: int) -> Iterator[bytes]:
    """What comes after the first `known` bytes."""
    for chunk in chunks:
        if known < len(chunk):
            yield chunk[known:]
        known = max(0, known - len(chunk))


def _problem(reply: Reply) -> tuple[str, str]:
    """Code and sentence of a problem document (RFC 9457)."""
    try:
        problem = json.loads(reply.body)
        code = str(problem.get("type", "")).rpartition(":")[2]
        return code, str(problem.get("detail") or problem["title"])
    except (ValueError, AttributeError, KeyError, RecursionError):
        return "", f"The server answered {reply.status} without a reason."

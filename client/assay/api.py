"""The REST API as this client sees it: patient with servers, precise about problems."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from assay.config import Login
from assay.faults import Exit, FaultError

#: Seconds between tries when the server is gone or busy: about a minute in all, for transfers.
PAUSES = (0.2, 0.5, 1, 2, 4, 8, 10, 15, 20)
_SHORT = (0.3, 0.7)
_BUSY = frozenset({429, 502, 503, 504})
_HTTP_ERROR = 400
_UNAUTHORISED = 401


class Api:
    """One session with one installation."""

    def __init__(self, login: Login) -> None:
        headers = {"Authorization": f"Bearer {login.token}"} if login.token else {}
        self.url = login.url
        self._http = httpx.Client(
            base_url=login.url, headers=headers, timeout=httpx.Timeout(120, connect=10)
        )

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def json(self, method: str, path: str, **request: Any) -> Any:
        """The JSON of an answer; raises FaultError with the server's own sentence."""
        response = self.send(method, path, **request)
        return response.json() if response.content else None

    def data(self, path: str) -> bytes:
        """The bytes of an answer."""
        return self.send("GET", path).content

    def send(
        self, method: str, path: str, *, patient: bool = False, **request: Any
    ) -> httpx.Response:
        """One request, tried again while the server is gone or busy; `patient` transfers wait for
        about a minute. Publishing twice is refused by the server, so all of it may be repeated."""
        for pause in (*(PAUSES if patient else _SHORT), None):
            try:
                response = self._http.request(method, path, **request)
            except (httpx.TransportError, httpx.InvalidURL) as fault:
                if pause is None or isinstance(
                    fault, (httpx.UnsupportedProtocol, httpx.InvalidURL)
                ):
                    raise FaultError(self._unreachable(fault)) from fault
            else:
                if response.status_code not in _BUSY or pause is None:
                    return self._checked(response)
            time.sleep(pause)
        raise AssertionError("the last pause is None")

    @contextmanager
    def stream(self, path: str, *, start: int) -> Iterator[httpx.Response]:
        """A download from byte `start` on; raises FaultError."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._http.stream("GET", path, headers=headers) as response:
            if response.status_code >= _HTTP_ERROR:
                response.read()
            yield self._checked(response)

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.status_code < _HTTP_ERROR:
            return response
        detail = _detail(response)
        if response.status_code == _UNAUTHORISED:
            raise FaultError(f"{detail} Sign in again with `assay login`.")
        raise FaultError(detail)

    def _unreachable(self, fault: Exception) -> str:
        return (
            f"{self.url} cannot be reached ({fault}). Is the address right, and is Assay running?"
        )


def _detail(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem.get("title"))
    except (ValueError, AttributeError):
        return f"The server answered {response.status_code} without a reason."


def version_path(package: str, version: str) -> str:
    """The API's path of one version."""
    return f"/api/v1/packages/{package}/versions/{version}"


def split_name(text: str) -> tuple[str, str]:
    """`namespace/name[@version]` in two; raises FaultError."""
    name, _, version = text.partition("@")
    if name.count("/") != 1:
        raise FaultError(f"“{text}” is not of the form namespace/name[@version].", Exit.USAGE)
    return name, version

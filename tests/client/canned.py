"""A small real HTTP server that answers as it is told, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Canned:
    """One answer. `cut` bytes of the body are sent, then the connection breaks; `ranged` serves
    the Range that was asked for."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    ranged: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Desk:
    """`answers` maps "METHOD /path" to what is said in turn; the last of them is repeated."""

    url: str = ""
    answers: dict[str, list[Canned]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def say(self, route: str, *answers: Canned | dict | list) -> None:
        """Queue answers for a route; objects are sent as JSON."""
        self.answers[route] = [
            answer if isinstance(answer, Canned) else Canned(json.dumps(answer).encode())
            for answer in answers
        ]

    def next(self, route: str) -> Canned:
        """The answer now due."""
        queue = self.answers.get(route)
        if not queue:
            return problem("not-found", 404, "There is nothing at this address.")
        return queue.pop(0) if len(queue) > 1 else queue[0]


def problem(code: str, status: int, detail: str) -> Canned:
    """An RFC 9457 document."""
    body = {"type": f"urn:assay:problem:{code}", "title": code, "status": status, "detail": detail}
    return Canned(json.dumps(body).encode(), status)


@contextmanager
def serving() -> Iterator[Desk]:
    """The server, on a free loopback port."""
    desk = Desk()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    server.daemon_threads = True
    desk.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            taken = Asked(self.command, self.path, dict(self.headers), self.rfile.read(size))
            desk.asked.append(taken)
            _send(self, desk.next(f"{self.command} {self.path}"))

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    for verb in ("GET", "POST", "PUT"):
        setattr(Handler, f"do_{verb}", Handler.answer)
    return Handler


def _send(handler: BaseHTTPRequestHandler, canned: Canned) -> None:
    body, status = canned.body, canned.status
    start = handler.headers.get("Range", "") if canned.ranged else ""
    if start:
        body, status = body[int(start.removeprefix("bytes=").rstrip("-")) :], 206
    handler.send_response(status)
    for name, value in canned.headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body if canned.cut is None else body[: canned.cut])
    handler.close_connection = True

"""The MCP handshake with the official client, over the pipes of a room."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage

from certification.ports import ObservedCall, ObservedTool, PlannedCall, Planner

MAX_TOOLS = 1000
MAX_PAGES = 50
MAX_MESSAGE_BYTES = 1024 * 1024
#: Of one call's answer, in characters.
MAX_ANSWER = 20_000
CALL_SECONDS = 5.0
#: The part of the time that calls may take; the rest is for starting and ending.
_CALLING = 0.6


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a server said of itself."""

    protocol_version: str
    server_name: str
    tools: tuple[ObservedTool, ...]
    instructions: str = ""
    calls: tuple[ObservedCall, ...] = ()


class OverLimitError(Exception):
    """The server says more than the room allows."""


class NotMcpError(Exception):
    """The other side does not speak MCP; the message says what went wrong."""


def shake_hands(
    stdin: IO[bytes],
    stdout: IO[bytes],
    *,
    seconds: float,
    budget: int,
    plan: Planner | None = None,
) -> Handshake:
    """Initialise, list all tools and make the planned calls within `seconds`, reading at most
    `budget` bytes.

    Raises NotMcpError or OverLimitError. A thread of its own runs the loop, because the caller's
    may have one already.
    """
    talk = _shake_hands((stdin, stdout), seconds, budget, plan)
    try:
        with ThreadPoolExecutor(max_workers=1) as own:
            return own.submit(asyncio.run, talk).result()
    except Exception as fault:
        faults = list(_faults(fault))
        over = next((one for one in faults if isinstance(one, OverLimitError)), None)
        if over is not None:
            raise OverLimitError(str(over)) from fault
        raise NotMcpError(_first_line(faults[0])) from fault


async def _shake_hands(
    pipes: tuple[IO[bytes], IO[bytes]], seconds: float, budget: int, plan: Planner | None
) -> Handshake:
    stdin, stdout = pipes
    with anyio.fail_after(seconds):
        async with (
            _streams(stdin, stdout, budget) as (received, sent),
            ClientSession(received, sent, read_timeout_seconds=seconds) as session,
        ):
            hello = await session.initialize()
            tools = await _all_tools(session)
            ends = anyio.current_time() + seconds * _CALLING
            return Handshake(
                protocol_version=str(hello.protocol_version),
                server_name=hello.server_info.name[:200],
                tools=tools,
                instructions=hello.instructions or "",
                calls=await _call_all(session, () if plan is None else plan(tools), ends),
            )


async def _call_all(
    session: ClientSession, planned: Iterable[PlannedCall], ends: float
) -> tuple[ObservedCall, ...]:
    """Each call in turn until there is no more time; a server that ends has given its answers."""
    made: list[ObservedCall] = []
    for call in planned:
        left = min(CALL_SECONDS, ends - anyio.current_time())
        if left <= 0:
            break
        try:
            answer = await session.call_tool(
                call.tool, dict(call.arguments), read_timeout_seconds=left
            )
        except (MCPError, RuntimeError, ValueError, anyio.ClosedResourceError) as fault:
            made.append(ObservedCall(call.tool, call.arguments, True, _first_line(fault)))
            continue
        content = _text_of(answer)[:MAX_ANSWER]
        made.append(ObservedCall(call.tool, call.arguments, bool(answer.is_error), content))
    return tuple(made)


def _text_of(answer: types.CallToolResult) -> str:
    """The whole answer as JSON text: whatever a model could be shown of it."""
    said = answer.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(said.get("content") or said, ensure_ascii=False)


async def _all_tools(session: ClientSession) -> tuple[ObservedTool, ...]:
    found: list[ObservedTool] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await session.list_tools(
            params=types.PaginatedRequestParams(cursor=cursor) if cursor else None
        )
        for tool in page.tools:
            definition: dict[str, Any] = tool.model_dump(
                mode="json", by_alias=True, exclude_none=True
            )
            found.append(ObservedTool(tool.name, definition))
        cursor = page.next_cursor
        if len(found) > MAX_TOOLS:
            raise OverLimitError(f"more than {MAX_TOOLS} tools")
        if not cursor:
            return tuple(found)
    raise OverLimitError(f"more than {MAX_PAGES} pages of tools")


@asynccontextmanager
async def _streams(
    stdin: IO[bytes], stdout: IO[bytes], budget: int
) -> AsyncIterator[
    tuple[
        MemoryObjectReceiveStream[SessionMessage | Exception],
        MemoryObjectSendStream[SessionMessage],
    ]
]:
    """The pipes as the client's message streams; threads do what blocks."""
    incoming, received = anyio.create_memory_object_stream[SessionMessage | Exception](16)
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](16)

    async def write() -> None:
        async with outgoing:
            async for message in outgoing:
                line = message.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
                await anyio.to_thread.run_sync(_write_line, stdin, line.encode())

    async def read() -> None:
        left = budget
        async with incoming:
            while line := await anyio.to_thread.run_sync(
                stdout.readline, MAX_MESSAGE_BYTES, abandon_on_cancel=True
            ):
                left -= len(line)
                if left < 0 or (len(line) == MAX_MESSAGE_BYTES and not line.endswith(b"\n")):
                    raise OverLimitError("more output than the room allows")
                await incoming.send(_parsed(line))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        tasks.start_soon(read)
        try:
            yield received, sent
        finally:
            tasks.cancel_scope.cancel()


def _write_line(stdin: IO[bytes], line: bytes) -> None:
    with suppress(BrokenPipeError):  # the server is gone: the end of its output says so, always
        stdin.write(line)
        stdin.flush()


def _parsed(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as fault:
        return fault


def _faults(fault: BaseException) -> Iterator[BaseException]:
    """What is inside groups of groups."""
    if not isinstance(fault, BaseExceptionGroup):
        yield fault
        return
    for inner in fault.exceptions:
        yield from _faults(inner)


def _first_line(fault: BaseException) -> str:
    if isinstance(fault, TimeoutError):
        return "it did not answer in time"
    text = str(fault).strip() or type(fault).__name__
    return text.splitlines()[0][:300]

"""Which calls are made of a server, and that no run is made twice."""

from certification.harnesses.once import Once
from certification.harnesses.server import MAX_CALLS, planned
from certification.ports import ObservedTool, RunRequest
from tests.fakes import FakeSandbox


def tool(name: str) -> ObservedTool:
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    return ObservedTool(name, {"name": name, "inputSchema": schema})


def test_what_makes_things_comes_first_and_what_ends_them_last() -> None:
    calls = planned((tool("delete_file"), tool("readFile"), tool("write_file")))
    assert [call.tool for call in calls] == ["write_file", "readFile", "delete_file"]
    assert calls[0].arguments == {"path": "/workspace/notes.txt"}


def test_calls_are_bounded() -> None:
    assert len(planned(tuple(tool(f"t{number}") for number in range(500)))) == MAX_CALLS


def test_equal_requests_share_one_run(tmp_path) -> None:
    fake = FakeSandbox()
    once = Once(fake)
    request = RunRequest(tmp_path, ("python", "a.py"), "python")
    assert once.run(request) == once.run(RunRequest(tmp_path, ("python", "a.py"), "python"))
    once.run(RunRequest(tmp_path, ("python", "b.py"), "python"))
    assert len(fake.requests) == 2

"""Servers that speak MCP, servers that do not, and our examples."""

import json
import threading
import time
from pathlib import Path

import pytest

from certification.checks.sandbox_smoke import CHECK
from certification.intake import open_subject
from certification.pipeline import run_check
from certification.ports import Limits, RunRequest
from certification.types import Outcome, Tools

pytestmark = pytest.mark.sandbox
EXAMPLES = Path(__file__).parents[3] / "examples"
SERVER = """
import json, sys
def answer(message):
    method = message.get("method")
    if method == "initialize":
        return {"protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}}, "serverInfo": {"name": "paged", "version": "1"},
                "instructions": "Turn the pages."}
    if method == "tools/list":
        page = int((message.get("params") or {}).get("cursor") or 0)
        listed = {"tools": [{"name": f"t{page}", "title": "T", "inputSchema": {"type": "object",
                  "properties": {"a": {"type": "string", "x-odd": 1}}}}]}
        return listed | ({"nextCursor": str(page + 1)} if page + 1 < PAGES else {})
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer(message)}))
        sys.stdout.flush()
"""


@pytest.fixture
def serve(sandbox, tmp_path):
    def run(source, **limits):
        return sandbox.run(
            RunRequest(
                artifact=tmp_path,
                command=("python", "/assay/script.py"),
                runtime="python",
                protocol="mcp",
                script=source,
                limits=Limits(**{"wall_seconds": 15, **limits}),
            )
        )

    return run


def test_all_pages_of_tools_are_read_whole(serve):
    seen = serve("PAGES = 3\n" + SERVER)
    assert seen.handshake
    assert (seen.server_name, seen.exit_code, seen.error) == ("paged", 0, "")
    assert seen.instructions == "Turn the pages."
    assert seen.protocol_version >= "2025-06-18"
    assert [tool.name for tool in seen.tools] == ["t0", "t1", "t2"]
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-odd": 1}}}
    assert seen.tools[0].definition == {"name": "t0", "title": "T", "inputSchema": schema}


def test_pages_without_end_are_too_much(serve):
    seen = serve("PAGES = 10**9\n" + SERVER)
    assert not seen.handshake
    assert seen.breached == "output"


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nwhile True: sys.stdout.write('x' * 100000)",
        "while True: print('x' * 1000)",
        'while True: print(\'{"jsonrpc": "2.0", "method": "notifications/x"}\')',
    ],
    ids=["line", "lines", "messages"],
)
def test_a_server_that_says_too_much_is_ended(serve, source):
    seen = serve(source, output_bytes=256 * 1024)
    assert not seen.handshake
    assert seen.breached == "output"


REPLY = """
import json
message = json.loads(input())
print(json.dumps({"jsonrpc": "2.0", "id": message["id"], KEY: VALUE}))
"""


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import sys\nsys.exit('usage: server PATH')", "Connection closed"),
        ("KEY, VALUE = 'error', {'code': -1, 'message': 'not today'}" + REPLY, "not today"),
        ("KEY, VALUE = 'result', []" + REPLY, ""),
        ("import time\ntime.sleep(60)", "did not answer in time"),
    ],
    ids=["exit", "error", "nonsense", "silence"],
)
def test_a_server_that_does_not_shake_hands_says_why(serve, source, error):
    seen = serve(source, wall_seconds=4)
    assert not seen.handshake
    assert seen.error
    assert error in seen.error
    assert not seen.breached
    assert ("usage" in seen.stderr) is ("usage" in source)


def test_a_server_may_live_on_after_the_handshake(serve):
    begun = time.monotonic()
    seen = serve("PAGES = 1\n" + SERVER + "\nimport time\ntime.sleep(600)")
    assert seen.handshake
    assert seen.exit_code is None
    assert not seen.breached
    assert time.monotonic() - begun < 10


def test_rooms_stand_beside_each_other(serve):
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(serve("PAGES = 1\n" + SERVER)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.handshake for one in seen] == [True] * 4


def judged(sandbox, example):
    with open_subject(EXAMPLES / example) as subject:
        return run_check(CHECK, subject, Tools(sandbox=sandbox))


@pytest.mark.parametrize(
    ("example", "tools"),
    [
        ("unit-converter", ["convert_length"]),
        ("text-tools-node", ["count_words", "slugify"]),
        ("csv-profiler-agent", None),
        ("release-notes-skill", None),
        ("review-plugin", None),
        ("tiny-classifier", None),
        ("tiny-vocab", None),
        ("xor-onnx", None),
    ],
)
def test_benign_examples_pass_and_twice_alike(sandbox, example, tools):
    first, second = (judged(sandbox, f"benign/{example}") for _ in range(2))
    assert first.outcome is Outcome.PASSED
    assert first == second
    listed = [item.content for item in first.result.evidence if item.name == "tools"]
    assert [[tool["name"] for tool in content] for content in listed] == ([tools] if tools else [])
    json.dumps([item.content for item in first.result.evidence])


def test_the_poisoned_example_is_found_out_by_its_own_words(sandbox):
    said = judged(sandbox, "hostile/poisoned-weather")
    assert said.outcome is Outcome.FAILED
    assert [finding.rule for finding in said.result.findings] == ["sandbox-smoke.poisoned-tool"]

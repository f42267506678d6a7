"""An agent in a real room, with the scripted model for company."""

from dataclasses import replace
from pathlib import Path

import pytest

from certification.harnesses import agent
from registry.domain.descriptor import Descriptor, EntryPoint
from registry.domain.identifiers import Format
from tests.certification.checks.model_subject import subject_of

pytestmark = pytest.mark.sandbox

ASKS = """
import json, os, urllib.request
def ask(path, **body):
    where = os.environ[path[0]] + path[1]
    request = urllib.request.Request(where, json.dumps(body).encode())
    return urllib.request.urlopen(request, timeout=5).read().decode()
schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
chat = ("OPENAI_BASE_URL", "/chat/completions")
function = {"type": "function", "function": {"name": "shout", "parameters": schema}}
call = json.loads(ask(chat, tools=[function]))["choices"][0]["message"]["tool_calls"][0]
assert call["function"] == {"name": "shout", "arguments": '{"text": "hello"}'}, call
assert json.loads(ask(chat, tools=[function]))["choices"][0]["message"]["content"] == "Done."
messages = ("ANTHROPIC_BASE_URL", "/v1/messages")
assert json.loads(ask(messages))["content"] == [{"type": "text", "text": "Done."}]
assert "message_stop" in ask(messages, stream=True)
assert "[DONE]" in ask(chat, stream=True)
assert "response.completed" in ask(("OPENAI_BASE_URL", "/responses"), stream=True)
"""


def test_an_agent_asks_the_model_and_is_answered_in_its_own_protocol(sandbox, tmp_path: Path):
    subject = subject_of(tmp_path, {"ask.py": ASKS.encode()}, Format.PYTHON_AGENT)
    entry = EntryPoint("python", ("python", "ask.py"))
    declared = Descriptor(Format.PYTHON_AGENT, entry_point=entry)
    ((_, request),) = agent.requests_of(replace(subject, declared=declared))
    seen = sandbox.run(replace(request, packages=False))
    assert seen.exit_code == 0, seen.stderr
    assert [turn["answer"][0] for turn in agent.turns_of(seen)] == ["shout", *[None] * 5]


def test_the_agents_own_end_is_kept(sandbox, tmp_path: Path):
    subject = subject_of(tmp_path, {"a.py": b"raise SystemExit(7)"}, Format.PYTHON_AGENT)
    entry = EntryPoint("python", ("python", "a.py"))
    declared = Descriptor(Format.PYTHON_AGENT, entry_point=entry)
    ((_, request),) = agent.requests_of(replace(subject, declared=declared))
    assert sandbox.run(replace(request, packages=False)).exit_code == 7

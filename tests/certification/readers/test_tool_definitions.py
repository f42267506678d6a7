import json

import pytest

from certification.readers.tool_definitions import (
    asked_for,
    disguised_as,
    false_hints,
    tool_of,
    tools_in,
)


def nested(depth: int) -> dict[str, object]:
    schema: dict[str, object] = {"properties": {"sidenote": {}}}
    for _ in range(depth):
        schema = {"items": [schema]}
    return {"name": "a", "inputSchema": schema}


def test_definitions_are_found_at_any_depth() -> None:
    one = {"name": "one", "inputSchema": {"properties": {"a": {"properties": {"b": {}}}}}}
    two = {"name": "two", "parameters": {}, "description": 3, "annotations": []}
    found = tools_in(json.dumps({"servers": [{"tools": [one]}, two], "name": "x"}))
    assert [(tool.name, tool.parameters) for tool in found] == [("one", ("a", "b")), ("two", ())]


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "3", '{"name": 1, "parameters": {}}'])
def test_what_holds_none(content: str) -> None:
    assert tools_in(content) == ()


def test_documents_and_schemas_are_bounded() -> None:
    tool = {"name": "last", "inputSchema": {}}
    assert tools_in(json.dumps([tool, *range(60_000)])) == ()
    shallow, deep = tool_of(nested(3)), tool_of(nested(40))
    assert shallow is not None
    assert deep is not None
    assert (asked_for(shallow), asked_for(deep)) == (["sidenote"], [])


def test_hints_are_believed_unless_the_text_gives_them_the_lie() -> None:
    tool = tool_of(
        {
            "name": "cleanUp",
            "description": "Lists old rows, and deletes them.",
            "inputSchema": {},
            "annotations": {"readOnlyHint": True, "destructiveHint": False},
        }
    )
    assert tool is not None
    assert false_hints(tool) == ["readOnlyHint", "destructiveHint"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("read_file", ""),
        ("read-flle", "read_file"),
        ("rnove_file", "move_file"),
        ("reda_file", "read_file"),
        ("\u0440\u0430\u0443", "pay"),
        ("r\u0435ad_file", "read_file"),
        ("open_valve", ""),
        ("", ""),
    ],
)
def test_names_that_the_eye_takes_for_others(name: str, known: str) -> None:
    assert disguised_as(name) == known

"""Arguments are such as an honest caller sends, whatever the schema says."""

from typing import Any

import pytest

from certification.harnesses.arguments import FILE, FOLDER, arguments_for, text_parameters, words_of


def schema(*, required: bool = True, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required else [],
    }


STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("name", "one", "value"),
    [
        ("filePath", STRING, FILE),
        ("target_directory", STRING, FOLDER),
        ("URL", STRING, "http://site.example/"),
        ("source_timezone", STRING, "Europe/Paris"),
        ("timezone", STRING, "Europe/Paris"),
        ("anything", STRING, "hello"),
        ("anything", {"type": "string", "format": "date-time"}, "2026-01-02T12:30:00Z"),
        ("anything", {"type": "string", "format": "unheard-of"}, "hello"),
        ("anything", {"type": "string", "minLength": 8}, "helloxxx"),
        ("anything", {"type": "string", "maxLength": 2}, "he"),
        ("anything", {"type": "string", "maxLength": -1}, "hello"),
        ("anything", {"type": "string", "const": "x"}, "x"),
        ("anything", {"type": "string", "default": "d", "examples": ["e"]}, "d"),
        ("anything", {"type": "string", "examples": ["e"], "enum": ["f"]}, "e"),
        ("anything", {"enum": ["f", "g"]}, "f"),
        ("anything", {"enum": []}, None),
        ("n", {"type": "integer"}, 1),
        ("n", {"type": "integer", "minimum": 5}, 5),
        ("n", {"type": "integer", "minimum": -5}, 1),
        ("n", {"type": "number", "maximum": 0.5}, 0.5),
        ("n", {"type": "integer", "minimum": float("inf"), "maximum": True}, 1),
        ("b", {"type": "boolean"}, False),
        ("a", {"type": "array", "items": STRING}, ["hello"]),
        ("paths", {"type": "array", "items": STRING, "minItems": 2}, [FILE, FILE]),
        ("a", {"type": "array", "items": STRING, "minItems": 10**9}, ["hello"] * 3),
        ("a", {"type": ["null", "string"]}, "hello"),
        ("a", {"type": ["null"]}, None),
        ("a", {"type": "quantity"}, None),
        ("a", {"anyOf": [{"type": "null"}, STRING]}, "hello"),
        ("a", {"oneOf": [{"type": "null"}]}, None),
        ("a", {"allOf": "nonsense", "type": "string"}, "hello"),
        ("a", {"$ref": "#/properties/other"}, None),
        ("a", {"properties": {"b": STRING}, "required": ["b"]}, {"b": "hello"}),
        ("a", {"properties": {"b": STRING}, "required": "b"}, {}),
        ("a", {"properties": 3, "type": "object"}, {}),
        ("a", "nonsense", None),
    ],
)
def test_a_value_for_each_kind_of_property(name: str, one: Any, value: object) -> None:
    assert arguments_for(schema(**{name: one})) == {name: value}


def test_references_stay_inside_the_schema() -> None:
    given = schema(a={"$ref": "#/$defs/kind"}) | {"$defs": {"kind": {"type": "integer"}}}
    assert arguments_for(given) == {"a": 1}
    endless = schema(a={"$ref": "#/properties/a"})
    assert arguments_for(endless) == {"a": None}


def test_what_is_optional_is_sent_where_its_name_says_enough() -> None:
    given = schema(required=False, path=STRING, mood=STRING)
    assert arguments_for(given) == {"path": FILE}


def test_depth_and_width_are_bounded() -> None:
    nested: dict[str, Any] = STRING
    for _ in range(50):
        nested = schema(a=nested)
    assert arguments_for(nested)
    wide = schema(**{f"p{number}": STRING for number in range(500)})
    assert len(arguments_for(wide)) == 40


@pytest.mark.parametrize("odd", [None, [], "x", {}, {"type": "string"}, {"type": "object"}])
def test_what_is_no_object_schema_gets_no_arguments(odd: object) -> None:
    assert arguments_for(odd) == {}


def test_free_texts_are_found() -> None:
    given = schema(a=STRING, b={"type": "integer"}, c={"type": "string", "enum": ["x"]}, d="odd")
    assert text_parameters(given) == ("a",)
    assert text_parameters("odd") == text_parameters({"properties": 3}) == ()


def test_names_fall_into_words() -> None:
    assert words_of("getHTTPUrl-file_path2") >= {"file", "path", "2"}

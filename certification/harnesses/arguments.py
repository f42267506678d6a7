"""Arguments for a tool from its JSON Schema: ones that an honest caller might send.

A small generator of our own: it looks at what a property is called, because most servers say
`string` where they mean a path, an address or a date, and refuse anything else.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

MAX_DEPTH = 6
MAX_PROPERTIES = 40
MAX_ITEMS = 3
_LARGEST = 2**53
FOLDER = "/workspace"
FILE = f"{FOLDER}/notes.txt"
_DAY = date(2026, 1, 2).isoformat()
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

#: Words of a property's name and what is then meant; the first line that shares a word counts.
_MEANINGS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"timezone", "tz", "zone"}), "Europe/Paris"),
    (frozenset({"dir", "directory", "directories", "folder", "root", "cwd", "workspace"}), FOLDER),
    (frozenset({"path", "paths", "file", "files", "filename", "filepath", "source"}), FILE),
    (frozenset({"destination", "target", "output", "dest"}), f"{FOLDER}/copy.txt"),
    (frozenset({"url", "uri", "link", "endpoint", "href", "website"}), "http://site.example/"),
    (frozenset({"host", "hostname", "domain", "server"}), "site.example"),
    (frozenset({"ip"}), "192.0.2.7"),
    (frozenset({"email", "mail", "recipient", "to"}), "ada@example.org"),
    (frozenset({"date", "day", "since", "until", "deadline"}), _DAY),
    (frozenset({"time"}), "12:30"),
    (frozenset({"lang", "language", "locale"}), "en"),
    (frozenset({"currency"}), "EUR"),
    (frozenset({"city", "location", "place", "address"}), "Paris"),
    (frozenset({"country", "region"}), "FR"),
    (frozenset({"command", "cmd", "shell"}), "echo hello"),
    (frozenset({"code", "script", "expression", "formula", "equation"}), "1 + 1"),
    (frozenset({"sql"}), "SELECT 1"),
    (frozenset({"regex", "pattern", "glob"}), "*.txt"),
    (frozenset({"json", "data", "payload"}), "{}"),
    (frozenset({"id", "key", "name", "title", "user", "username", "entity"}), "example"),
    (frozenset({"query", "q", "search", "question", "topic", "keyword"}), "weather in Paris"),
)
_FORMATS = {
    "date": _DAY,
    "date-time": f"{_DAY}T12:30:00Z",
    "time": "12:30:00Z",
    "email": "ada@example.org",
    "uri": "http://site.example/",
    "url": "http://site.example/",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "hostname": "site.example",
    "ipv4": "192.0.2.7",
}


def arguments_for(schema: object) -> dict[str, object]:
    """One honest call's arguments: every required property, and those whose name says enough.

    `schema` is a tool's `inputSchema`, hostile: what cannot be understood is left out, and
    nothing is raised.
    """
    made = _Maker(schema if isinstance(schema, dict) else {}).value(schema, "", 0)
    return made if isinstance(made, dict) else {}


def text_parameters(schema: object) -> tuple[str, ...]:
    """Names of the top-level properties that take a free text, in the order of the schema."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return ()
    free = [
        str(name)
        for name, one in properties.items()
        if isinstance(one, dict) and _kind(one) == "string" and not {"enum", "const"} & set(one)
    ]
    return tuple(free[:MAX_PROPERTIES])


def words_of(name: str) -> frozenset[str]:
    """The words in a name in any case style: `filePath`, `file_path` and `FILE-PATH` alike."""
    return frozenset(word.lower() for word in _WORD.findall(name))


class _Maker:
    """Makes values of one schema, whose local references are resolved against `root`."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root

    def value(self, schema: object, name: str, depth: int) -> object:
        """A value for `schema`; None where it is too deep or no schema."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return None
        for given in self._given(schema):
            return given
        other = self._other(schema)
        if other is not None:
            return self.value(other, name, depth + 1)
        make = self._makers().get(_kind(schema))
        return None if make is None else make(schema, name, depth)

    def _makers(self) -> dict[str, Callable[[dict[str, object], str, int], object]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": _text,
            "integer": lambda schema, name, depth: int(_number(schema)),
            "number": lambda schema, name, depth: _number(schema),
            "boolean": lambda schema, name, depth: False,
        }

    def _given(self, schema: dict[str, object]) -> Iterator[object]:
        """Values that the schema itself names, best first."""
        for key in ("const", "default"):
            if schema.get(key) is not None:
                yield schema[key]
        for key in ("examples", "enum"):
            listed = schema.get(key)
            if isinstance(listed, list) and listed:
                yield listed[0]

    def _other(self, schema: dict[str, object]) -> object:
        """The schema that stands for this one, if one does."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._resolved(reference)
        for key in ("anyOf", "oneOf", "allOf"):
            listed = schema.get(key)
            if isinstance(listed, list):
                useful = [one for one in listed if isinstance(one, dict) and _kind(one) != "null"]
                return useful[0] if useful else None
        return None

    def _resolved(self, reference: str) -> object:
        found: object = self._root
        for part in reference.removeprefix("#").strip("/").split("/")[:MAX_DEPTH]:
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def _object(self, schema: dict[str, object], name: str, depth: int) -> object:
        properties, required = schema.get("properties"), schema.get("required")
        needed = set(map(str, required)) if isinstance(required, list) else set()
        made: dict[str, object] = {}
        listed = properties.items() if isinstance(properties, dict) else ()
        for number, (key, one) in enumerate(listed):
            if number >= MAX_PROPERTIES:
                break
            if key in needed or (depth == 0 and _meaning(str(key)) is not None):
                made[str(key)] = self.value(one, str(key), depth + 1)
        return made

    def _array(self, schema: dict[str, object], name: str, depth: int) -> object:
        least = schema.get("minItems")
        count = min(max(1, least if isinstance(least, int) else 1), MAX_ITEMS)
        return [self.value(schema.get("items"), name, depth + 1) for _ in range(count)]


def _kind(schema: dict[str, object]) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((one for one in named if one != "null"), None)
    if isinstance(named, str):
        return named
    return "object" if "properties" in schema else ""


def _meaning(name: str) -> str | None:
    words = words_of(name)
    return next((value for meant, value in _MEANINGS if words & meant), None)


def _text(schema: dict[str, object], name: str, depth: int) -> str:
    form = schema.get("format")
    text = _FORMATS.get(form) if isinstance(form, str) else None
    text = text or _meaning(name) or "hello"
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and len(text) < least:
        text = text.ljust(min(least, 1000), "x")
    return text[:most] if isinstance(most, int) and most >= 0 else text


def _number(schema: dict[str, object]) -> float:
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    wanted = 1.0 if low is None else max(low, 1.0)
    return wanted if high is None else min(wanted, high)


def _bound(schema: dict[str, object], name: str) -> float | None:
    given = schema.get(name)
    number = isinstance(given, int | float) and not isinstance(given, bool)
    return float(given) if number and abs(given) < _LARGEST else None  # type: ignore[arg-type]

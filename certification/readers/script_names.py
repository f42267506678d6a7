"""Resolves names and folds literal strings in a JavaScript or TypeScript tree (ast-grep)."""

import re
import sys
from collections.abc import Callable, Iterator

from ast_grep_py import SgNode

from certification.readers.python_names import MAX_DEPTH
from certification.readers.string_codecs import MAX_STRING, Folded, decoded, joined

_MANY = 6  # a name with more values is a minifier's, and says nothing
_WRAPPERS = frozenset(
    {"await_expression", "parenthesized_expression", "as_expression", "non_null_expression"}
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(.))")
_PATHS = re.compile(r"path\.(?:join|resolve|normalize)\(\)|URL\(\)|String\(\)|encodeURI\(\)")
_DECODERS = {
    "atob()": "base64",
    "Buffer.from()": "",
    "unescape()": "url",
    "decodeURIComponent()": "url",
}
_HOMES = re.compile(r"os\.homedir\(\)|process\.env\.(?:HOME|USERPROFILE|(?:LOCAL)?APPDATA)")
_PASSING = frozenset({"promisify", "__importStar", "__importDefault", "__toESM"})
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": ""}


class ScriptNames:
    """What the names of one file stand for."""

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self.values: dict[str, list[SgNode]] = {}
        self.indirect: set[str] = set()
        self._resolved: dict[str, str] = {}
        self._folded: dict[str, Folded | None] = {}

    def add(self, name: str, value: SgNode) -> None:
        """Takes in one more value of a name."""
        self.values.setdefault(name, []).append(value)
        self._resolved.clear()
        self._folded.clear()

    def known(self, name: str) -> list[SgNode]:
        """The values of a name, unless it has too many to mean anything."""
        values = self.values.get(name, [])
        return values if len(values) <= _MANY else []

    def import_from(self, node: SgNode) -> None:
        """Takes in what an import statement binds."""
        source = node.field("source")
        module = self._module(self.fold(source)) if source else ""
        for part in node.find_all(kind="import_specifier"):
            name = part.field("name") or part
            self.imports[(part.field("alias") or name).text()] = f"{module}.{name.text()}"
        for clause in node.find_all(kind="import_clause"):
            for child in clause.children():
                if child.kind() == "identifier":
                    self.imports[child.text()] = module
                elif child.kind() == "namespace_import":
                    self.imports[child.text().split()[-1]] = module

    def bind(self, target: SgNode, value: SgNode) -> None:
        """Takes in that a target may be this value; what a pattern names is looked up in it."""
        if target.kind() not in {"object_pattern", "array_pattern"}:
            self.add(target.text(), value)
            return
        module = self.resolve(value)
        for part in target.children():
            key, local = part.field("key"), part.field("value")
            if part.kind() == "shorthand_property_identifier_pattern":
                key = local = part
            if key is not None and local is not None and module:
                self.imports[local.text()] = f"{module}.{key.text()}"
            if part.is_named():
                self.add((local or part).text(), value)

    def is_indirect(self, dotted: str) -> bool:
        """Whether a name was reached by spelling it out as a string."""
        return any(dotted == one or dotted.startswith(f"{one}.") for one in self.indirect)

    def resolve(self, node: SgNode | None, depth: int = 0) -> str:
        """The dotted name an expression stands for, with "()" after what is called; or ""."""
        if node is None or depth > MAX_DEPTH:
            return ""
        kind = node.kind()
        if kind in _WRAPPERS:
            return self.resolve(next(iter(_named(node)), None), depth + 1)
        resolver = _RESOLVERS.get(kind)
        return resolver(self, node, depth + 1) if resolver else ""

    def name(self, node: SgNode, depth: int) -> str:
        """An identifier, through imports and values."""
        name = node.text()
        if name in self.imports:
            return self.imports[name]
        if name not in self._resolved and name in self.values:
            self._resolved[name] = ""
            found = (self.resolve(value, depth) for value in reversed(self.known(name)))
            self._resolved[name] = next((dotted for dotted in found if dotted), "")
        return self._resolved.get(name) or name

    def member(self, node: SgNode, depth: int) -> str:
        """`object.property`, without the stops between modules and what they export."""
        held = node.field("property")
        base = self.resolve(node.field("object"), depth)
        name = held.text() if held is not None else ""
        if name == "constructor" and not base:
            return "Function"  # of a literal function, or of a literal's method
        if name in {"default", "promises", "call", "apply", "bind"} and base:
            return base
        return f"{base}.{name}" if base else ""

    def subscript(self, node: SgNode, depth: int) -> str:
        """`object["property"]`."""
        index = node.field("index")
        base = self.resolve(node.field("object"), depth)
        folded = self.fold(index, depth) if index is not None else None
        if not base or folded is None:
            return base
        self.indirect.add(f"{base}.{folded.text}")
        plain = base in {"globalThis", "global", "window", "self"}
        return folded.text if plain else f"{base}.{folded.text}"

    def call(self, node: SgNode, depth: int) -> str:
        """What a call gives: a module where it loads one, the function where it only wraps one."""
        function = node.field("function") or node.field("constructor")
        given = arguments(node)
        written = function.text() if function is not None else ""
        if written in {"require", "import", "__require", "module.require"} and given:
            folded = self.fold(given[0], depth)
            if folded is not None and given[0].kind() not in {"string", "template_string"}:
                self.indirect.add(self._module(folded))
            return self._module(folded)
        if given and written.rpartition(".")[2] in _PASSING:
            return self.resolve(given[0], depth)
        dotted = self.resolve(function, depth)
        return f"{dotted}()" if dotted else ""

    def _module(self, folded: Folded | None) -> str:
        return folded.text.removeprefix("node:") if folded is not None else ""

    def fold(self, node: SgNode, depth: int = 0) -> Folded | None:
        """The literal text of an expression; None when nothing of it is literal."""
        if depth > MAX_DEPTH:
            return None
        kind = node.kind()
        if kind in _WRAPPERS:
            return self.fold(next(iter(_named(node)), node), depth + 1)
        folder = _FOLDERS.get(kind)
        found = folder(self, node, depth + 1) if folder else None
        return found and Folded(found.text[:MAX_STRING], found.hidden)

    def text_of(self, node: SgNode, depth: int) -> Folded | None:
        """The literal text of a name's last literal value."""
        name = node.text()
        if _HOMES.fullmatch(self.resolve(node, depth)):
            return Folded("~")
        if name not in self._folded and name in self.values:
            self._folded[name] = None
            found = (self.fold(value, depth) for value in reversed(self.known(name)))
            self._folded[name] = next((text for text in found if text is not None), None)
        return self._folded.get(name)


def arguments(node: SgNode) -> list[SgNode]:
    """The arguments of a call."""
    given = node.field("arguments")
    return [] if given is None else _named(given)


def _named(node: SgNode) -> list[SgNode]:
    return [child for child in node.children() if child.is_named() and child.kind() != "comment"]


def _unescaped(text: str) -> str:
    def character(match: "re.Match[str]") -> str:
        code = match[1] or match[2] or match[3]
        if code:
            return chr(min(int(code, 16), sys.maxunicode))
        return _LETTERS.get(match[4], match[4])

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _string(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    raw = node.text()[1:-1]
    text = _unescaped(raw)
    spelled = len(re.findall(r"\\[xu]", raw)) * 2 > len(text)
    return Folded(text, hidden=spelled)


def _template(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    parts: list[Folded | None] = []
    for child in node.children():
        if child.kind() == "string_fragment":
            parts.append(Folded(child.text()))
        elif child.kind() == "template_substitution":
            parts += [names.fold(inner, depth) for inner in _named(child)]
    return joined(parts) or Folded("")


def _binary(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    sides = (node.field("left"), node.field("right"))
    operator = node.field("operator")
    if operator is None or operator.text() != "+":
        return None
    return joined(names.fold(side, depth) for side in sides if side is not None)


def _elements(names: ScriptNames, node: SgNode, depth: int) -> Iterator[Folded | None]:
    for child in _named(node)[:MAX_STRING]:
        yield names.fold(child, depth)


def _element(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    held, index = node.field("object"), node.field("index")
    number = index.text() if index is not None else ""
    arrays = names.known(held.text()) if held is not None else []
    if not number.isdecimal() or not arrays or arrays[-1].kind() != "array":
        return None
    elements = list(_elements(names, arrays[-1], depth))
    return elements[int(number)] if int(number) < len(elements) else None


def _array(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    return joined(_elements(names, node, depth), " ")


def _call(names: ScriptNames, node: SgNode, depth: int) -> Folded | None:
    function, given = node.field("function"), arguments(node)
    dotted = names.resolve(node, depth)
    found: Folded | None = None
    if _HOMES.fullmatch(dotted):
        found = Folded("~")
    elif dotted in {"String.fromCharCode()", "String.fromCodePoint()"}:
        found = _characters(names, given, depth)
    elif dotted in _DECODERS and given:
        codec = names.fold(given[1], depth) if len(given) > 1 else None
        found = _decoded(names.fold(given[0], depth), _DECODERS[dotted] or _text(codec))
    elif _PATHS.fullmatch(dotted):
        found = joined((names.fold(part, depth) for part in given), "/")
    elif function is not None and function.kind() == "member_expression":
        found = _method(names, function, given, depth)
    return found


def _text(folded: Folded | None) -> str:
    return folded.text if folded else ""


def _characters(names: ScriptNames, given: list[SgNode], depth: int) -> Folded | None:
    words = " ".join(_text(names.fold(part, depth)) for part in given).split()
    numbers = [int(word[:8]) for word in words if word.isdecimal()]
    text = "".join(chr(number) for number in numbers if number <= sys.maxunicode)
    return Folded(text, hidden=True) if text else None


def _decoded(inner: Folded | None, codec: str) -> Folded | None:
    text = inner and decoded(codec, inner.text)
    if inner is None or text is None:
        return inner if codec not in {"base64", "hex"} else None
    return Folded(str(text), inner.hidden or text != inner.text)


def _method(names: ScriptNames, function: SgNode, given: list[SgNode], depth: int) -> Folded | None:
    held, name = function.field("object"), function.field("property")
    base = names.fold(held, depth) if held is not None else None
    if base is None or name is None or name.text() not in _METHODS:
        return None
    separator = names.fold(given[0], depth) if given else None
    return _METHODS[name.text()](base, separator.text if separator else " ")


_METHODS: dict[str, Callable[[Folded, str], Folded]] = {
    "join": lambda base, by: Folded(base.text.replace(" ", by), base.hidden),
    "reverse": lambda base, by: Folded(base.text[::-1], hidden=True),
    "split": lambda base, by: base,
    "toString": lambda base, by: base,
    "trim": lambda base, by: base,
    "concat": lambda base, by: Folded(base.text + by, base.hidden),
}
_RESOLVERS: dict[str, Callable[[ScriptNames, SgNode, int], str]] = {
    "identifier": ScriptNames.name,
    "this": lambda names, node, depth: "this",
    "member_expression": ScriptNames.member,
    "subscript_expression": ScriptNames.subscript,
    "call_expression": ScriptNames.call,
    "new_expression": ScriptNames.call,
}
_FOLDERS: dict[str, Callable[[ScriptNames, SgNode, int], Folded | None]] = {
    "string": _string,
    "number": lambda names, node, depth: Folded(node.text()),
    "template_string": _template,
    "binary_expression": _binary,
    "array": _array,
    "subscript_expression": _element,
    "identifier": ScriptNames.text_of,
    "member_expression": ScriptNames.text_of,
    "call_expression": _call,
    "new_expression": _call,
}

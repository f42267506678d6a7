"""Resolves names and folds literal strings in a Python syntax tree, without running anything.

Names are followed through imports, aliases, `getattr`, `__import__` and the dictionaries of
modules; strings through concatenation, joins, formats, and the encodings that hide them.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator

from certification.readers.string_codecs import (
    MAX_ELEMENTS,
    MAX_STRING,
    Folded,
    decoded,
    joined,
)

MAX_DEPTH = 12
_KNOWN = 4  # values of one name that are followed


class Names:
    """What the names of one module stand for."""

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self.values: dict[str, list[ast.expr]] = {}
        self.indirect: set[str] = set()
        self._resolved: dict[str, str] = {}
        self._folded: dict[str, Folded | None] = {}

    def import_from(self, node: ast.Import | ast.ImportFrom) -> None:
        """Takes in what an import statement binds."""
        if isinstance(node, ast.Import):
            for name in node.names:
                bound = name.asname or name.name.partition(".")[0]
                self.imports[bound] = name.name if name.asname else bound
            return
        for name in node.names:
            self.imports[name.asname or name.name] = f"{node.module or ''}.{name.name}"

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        """Takes in that a target may be this value; a pattern's parts may each be all of it."""
        if isinstance(target, ast.Tuple | ast.List):
            pairs = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for at, part in enumerate(target.elts):
                self.bind(part, pairs[at] if len(pairs) == len(target.elts) else value)
            return
        name = written(target.value if isinstance(target, ast.Subscript) else target)
        if name:
            self.add(name, value)

    def add(self, name: str, value: ast.expr) -> None:
        """Takes in one more value of a name; what was worked out before is worked out anew."""
        self.values.setdefault(name, []).append(value)
        self._resolved.clear()
        self._folded.clear()

    def known(self, name: str) -> list[ast.expr]:
        """The last few values a name may have."""
        return self.values.get(name, [])[-_KNOWN:]

    def resolve(self, node: ast.expr, depth: int = 0) -> str:
        """The dotted name an expression stands for, with "()" after what is called; or ""."""
        if depth > MAX_DEPTH:
            return ""
        resolver = _RESOLVERS.get(type(node))
        return resolver(self, node, depth) if resolver else ""

    def name(self, node: ast.Name, depth: int) -> str:
        """A name, through imports and values."""
        name = node.id
        if name in self.imports:
            return self.imports[name]
        plain = "builtins" if name == "__builtins__" else name.partition("@")[0]
        return self._known_as(name, depth) or plain

    def _known_as(self, name: str, depth: int) -> str:
        """What the values of a name resolve to; a name that leads back to itself is unknown."""
        if name not in self._resolved and name in self.values:
            self._resolved[name] = ""
            found = (self.resolve(value, depth + 1) for value in reversed(self.known(name)))
            self._resolved[name] = next((dotted for dotted in found if dotted), "")
        return self._resolved.get(name, "")

    def attribute(self, node: ast.Attribute, depth: int) -> str:
        """`object.name`, or what was kept under it."""
        if found := self._known_as(written(node), depth):
            return found
        base = self.resolve(node.value, depth + 1)
        if node.attr == "__dict__":
            return base
        plain = f"{base}.{node.attr}" if base else ""
        return plain.removeprefix("builtins.") if plain.count(".") == 1 else plain

    def call(self, node: ast.Call, depth: int) -> str:
        """What a call gives, where it gives a module or one of its attributes."""
        function = self.resolve(node.func, depth + 1)
        looked_up = _LOOKUPS.get(function)
        if looked_up is None or not node.args:
            return f"{function}()" if function and function not in _SCOPES else "builtins"
        if looked_up == "module":
            return self._computed(node.args[0], "", depth)
        base = self.resolve(node.args[0], depth + 1)
        if looked_up == "attribute" and len(node.args) > 1:
            return self._computed(node.args[1], base, depth)
        return base

    def subscript(self, node: ast.Subscript, depth: int) -> str:
        """What a module, or a dictionary of one, holds under a name."""
        base = self.resolve(node.value, depth + 1)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "__globals__":
            return self._computed(node.slice, "os", depth)
        if base in {"sys.modules", "builtins", "__builtins__"}:
            return self._computed(node.slice, "", depth)
        if base and isinstance(node.value, ast.Call | ast.Attribute) and _namespace(node.value):
            return self._computed(node.slice, base, depth)
        return base

    def _computed(self, spelling: ast.expr, base: str, depth: int) -> str:
        folded = self.fold(spelling, depth + 1)
        if folded is None or not folded.text:
            return ""
        dotted = f"{base}.{folded.text}" if base and base != "builtins" else folded.text
        if base or not isinstance(spelling, ast.Constant):
            self.indirect.add(dotted)
        return "builtins" if dotted == "__builtins__" else dotted

    def is_indirect(self, dotted: str) -> bool:
        """Whether a name was reached by spelling it out as a string."""
        return any(dotted == one or dotted.startswith(f"{one}.") for one in self.indirect)

    def fold(self, node: ast.expr, depth: int = 0) -> Folded | None:
        """The literal text of an expression; None when nothing of it is literal."""
        folder = _FOLDERS.get(type(node))
        if folder is None or depth > MAX_DEPTH:
            return None
        found = folder(self, node, depth + 1)
        return found and Folded(found.text[:MAX_STRING], found.hidden)

    def text_of(self, name: str, depth: int) -> Folded | None:
        """The literal text of a name's last literal value."""
        if name not in self._folded and name in self.values:
            self._folded[name] = None
            found = (self.fold(value, depth) for value in reversed(self.known(name)))
            self._folded[name] = next((text for text in found if text is not None), None)
        return self._folded.get(name)

    def elements(self, node: ast.expr, depth: int) -> Iterator[Folded | None]:
        """The folded elements of a literal sequence, of `map(chr, ...)`, or of a comprehension."""
        if isinstance(node, ast.Name):
            values = self.known(node.id)
            if values and depth < MAX_DEPTH:
                yield from self.elements(values[-1], depth + 1)
        elif isinstance(node, ast.List | ast.Tuple):
            for element in node.elts[:MAX_ELEMENTS]:
                yield self.fold(element, depth)
        elif isinstance(node, ast.Call) and written(node.func) in {"map", "reversed"}:
            items = list(self.elements(node.args[-1], depth + 1)) if node.args else []
            yield from map(_character, items) if written(node.func) == "map" else items[::-1]
        elif isinstance(node, ast.GeneratorExp | ast.ListComp):
            yield from map(_character, self.elements(node.generators[0].iter, depth + 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (Folded(character) for character in node.value[:MAX_ELEMENTS])


def written(node: ast.expr) -> str:
    """The plain dotted spelling of a name or attribute; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def _namespace(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__"
    return isinstance(node, ast.Call) and written(node.func) in {"globals", "locals", "vars"}


def _character(item: Folded | None) -> Folded | None:
    """A code point as its character; anything else as it is."""
    if item is None or not item.text.isdecimal() or int(item.text[:8]) > sys.maxunicode:
        return item
    return Folded(chr(int(item.text[:8])), hidden=True)


def _constant(names: Names, node: ast.Constant, depth: int) -> Folded | None:
    value = node.value
    if isinstance(value, bytes):
        return Folded(value[:MAX_STRING].decode("latin-1"))
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return Folded(value if isinstance(value, str) else f"{value:d}"[:20])


def _name(names: Names, node: ast.Name | ast.Attribute, depth: int) -> Folded | None:
    return names.text_of(written(node), depth)


def _format_string(names: Names, node: ast.JoinedStr, depth: int) -> Folded | None:
    return joined(
        names.fold(part.value if isinstance(part, ast.FormattedValue) else part, depth)
        for part in node.values
    )


def _operation(names: Names, node: ast.BinOp, depth: int) -> Folded | None:
    left, right = names.fold(node.left, depth), names.fold(node.right, depth)
    match node.op:
        case ast.Add():
            return joined((left, right))
        case ast.Div():
            return joined((left, right), "/")
        case ast.Mod() if left is not None:
            values = list(names.elements(node.right, depth)) or [right]
            return _filled(left, "%s", values)
        case _:
            return None


def _filled(base: Folded, gap: str, values: Iterable[Folded | None]) -> Folded:
    """A format with its gaps filled one after the other."""
    for value in values:
        text = base.text.replace(gap, value.text if value else "", 1)
        base = Folded(text, base.hidden or (value is not None and value.hidden))
    return base


def _subscript(names: Names, node: ast.Subscript, depth: int) -> Folded | None:
    if isinstance(node.slice, ast.Slice):
        found = names.fold(node.value, depth)
        if found is not None and ast.unparse(node.slice) == "::-1":
            return Folded(found.text[::-1], hidden=True)
        return found
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
        elements = list(names.elements(node.value, depth))
        return elements[node.slice.value] if 0 <= node.slice.value < len(elements) else None
    variable = names.resolve(node.value, depth) == "os.environ" and names.fold(node.slice, depth)
    return Folded("~") if variable and variable.text in _HOMES else None


def _call(names: Names, node: ast.Call, depth: int) -> Folded | None:
    function = node.func
    if isinstance(function, ast.Attribute) and (method := _METHODS.get(function.attr)):
        base = names.fold(function.value, depth)
        if base is not None:
            return method(names, base, node, depth)
    dotted = names.resolve(function, depth)
    made = _MAKERS.get(dotted)
    if made is not None:
        return made(names, node, depth) if node.args or dotted == "pathlib.Path.home" else None
    return _decoded(names, node, dotted, depth) if dotted in _DECODERS else None


def _variable(names: Names, node: ast.Call, depth: int) -> Folded | None:
    variable = names.fold(node.args[0], depth)
    return Folded("~") if variable and variable.text in _HOMES else None


def _letters(names: Names, node: ast.Call, depth: int) -> Folded | None:
    items = names.elements(node.args[0], depth)
    return joined(map(_character, items)) or names.fold(node.args[0], depth)


def _path(names: Names, node: ast.Call, depth: int) -> Folded | None:
    return joined((names.fold(part, depth) for part in node.args), "/")


def _decoded(names: Names, node: ast.Call, dotted: str, depth: int) -> Folded | None:
    inner = names.fold(node.args[0], depth) if node.args else None
    codec = names.fold(node.args[1], depth) if len(node.args) > 1 else None
    text = inner and decoded(_DECODERS[dotted] or (codec.text if codec else ""), inner.text)
    return None if text is None else Folded(str(text), hidden=True)


def _utf8(names: Names, base: Folded, node: ast.Call, depth: int) -> Folded:
    """`decode` and `encode` by the codecs that hide text, and by those that do not."""
    codec = names.fold(node.args[0], depth) if node.args else None
    text = decoded(codec.text, base.text) if codec else None
    return base if text is None else Folded(text, hidden=True)


def _join(names: Names, base: Folded, node: ast.Call, depth: int) -> Folded | None:
    return joined(names.elements(node.args[0], depth), base.text) if node.args else None


def _replace(names: Names, base: Folded, node: ast.Call, depth: int) -> Folded:
    match [names.fold(argument, depth) for argument in node.args]:
        case [Folded(text=old), Folded(text=new), *_]:
            return Folded(base.text.replace(old, new)[:MAX_STRING], base.hidden)
        case _:
            return base


def _formatted(names: Names, base: Folded, node: ast.Call, depth: int) -> Folded:
    return _filled(base, "{}", (names.fold(argument, depth) for argument in node.args))


def _unchanged(names: Names, base: Folded, node: ast.Call, depth: int) -> Folded:
    return base


_HOMES = frozenset({"HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"})
_LOOKUPS = {
    "__import__": "module",
    "importlib.import_module": "module",
    "importlib.__import__": "module",
    "getattr": "attribute",
    "vars": "itself",
    "os.fspath": "itself",
}
_SCOPES = frozenset({"globals", "locals", "vars"})
_RESOLVERS: dict[type[ast.expr], Callable[..., str]] = {
    ast.Name: Names.name,
    ast.Attribute: Names.attribute,
    ast.Call: Names.call,
    ast.Subscript: Names.subscript,
    ast.IfExp: lambda names, node, depth: (
        names.resolve(node.body, depth + 1) or names.resolve(node.orelse, depth + 1)
    ),
    ast.Await: lambda names, node, depth: names.resolve(node.value, depth + 1),
    ast.NamedExpr: lambda names, node, depth: names.resolve(node.value, depth + 1),
    ast.BinOp: lambda names, node, depth: (
        names.resolve(node.left, depth + 1) if isinstance(node.op, ast.Div) else ""
    ),
}
_MAKERS: dict[str, Callable[[Names, ast.Call, int], Folded | None]] = {
    "pathlib.Path.home": lambda names, node, depth: Folded("~"),
    "os.getenv": _variable,
    "os.environ.get": _variable,
    "bytes": _letters,
    "bytearray": _letters,
    "chr": lambda names, node, depth: _character(names.fold(node.args[0], depth)),
    **dict.fromkeys(
        (
            "str", "os.path.join", "os.path.expanduser", "os.path.expandvars", "os.path.abspath",
            "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "Path", "io.BytesIO",
            "urllib.request.Request", "urllib.parse.urljoin", "shlex.split",
        ),
        _path,
    ),
}  # fmt: skip
#: Decoders by dotted name, and the codec they undo; empty where an argument names it.
_DECODERS = {
    "base64.b64decode": "base64",
    "base64.decodebytes": "base64",
    "base64.standard_b64decode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "base64.b32decode": "base32",
    "base64.b16decode": "base16",
    "base64.b85decode": "base85",
    "base64.a85decode": "ascii85",
    "binascii.unhexlify": "hex",
    "binascii.a2b_hex": "hex",
    "binascii.a2b_base64": "base64",
    "bytes.fromhex": "hex",
    "bytearray.fromhex": "hex",
    "zlib.decompress": "zlib",
    "codecs.decode": "",
}
_METHODS: dict[str, Callable[[Names, Folded, ast.Call, int], Folded | None]] = {
    "decode": _utf8,
    "encode": _utf8,
    "join": _join,
    "joinpath": lambda names, base, node, depth: joined(
        (base, *(names.fold(part, depth) for part in node.args)), "/"
    ),
    "replace": _replace,
    "format": _formatted,
    "strip": _unchanged,
    "lower": _unchanged,
    "expanduser": _unchanged,
    "resolve": _unchanged,
    "split": _unchanged,
}
_FOLDERS: dict[type[ast.AST], Callable[..., Folded | None]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _name,
    ast.JoinedStr: _format_string,
    ast.BinOp: _operation,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.List: lambda names, node, depth: joined(names.elements(node, depth), " "),
    ast.Tuple: lambda names, node, depth: joined(names.elements(node, depth), " "),
}

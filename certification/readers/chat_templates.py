"""Reads chat templates as syntax trees: what a template reaches for, without rendering it.

Templates are Jinja as Hugging Face transformers and llama.cpp render it, with loop controls,
`do`, and the `generation` block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

MAX_TEMPLATE = 256 * 1024
#: Functions that answer with plain data.
_CALLABLE = frozenset(
    {"namespace", "raise_exception", "strftime_now", "range", "dict", "joiner", "caller"}
)
#: Objects from which Python's internals can be reached.
_HANDLES = frozenset({
    "self", "cycler", "lipsum", "request", "config", "url_for", "get_flashed_messages", "g",
    "session", "application", "app", "current_app", "environ", "os", "sys", "subprocess",
})  # fmt: skip
#: Functions of Python that no renderer gives to a template; asking for one is an attempt.
_PYTHON = frozenset({
    "getattr", "setattr", "globals", "locals", "vars", "dir", "eval", "exec", "compile", "open",
    "builtins", "import_module", "chr", "breakpoint",
})  # fmt: skip
_METHODS = frozenset({
    "append", "capitalize", "count", "endswith", "extend", "find", "get", "index", "insert",
    "isdigit", "items", "join", "keys", "lower", "lstrip", "pop", "removeprefix", "removesuffix",
    "replace", "reverse", "rfind", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
    "title", "update", "upper", "values", "isspace", "isupper", "islower", "isalpha", "isnumeric",
    "partition", "rpartition", "copy", "setdefault",
})  # fmt: skip
_FILTERS = frozenset({
    "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float", "forceescape", "groupby", "indent", "int", "items", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe",
    "select", "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "truncate",
    "unique", "upper", "urlencode", "wordcount", "wordwrap", "from_json", "fromjson", "striptags",
    "format_function_declaration",
})  # fmt: skip
_INTERNAL = re.compile(r"__[a-z]+|[a-z]+__|\b_[A-Za-z]+__", re.IGNORECASE)
_CLAUSE = re.compile(r"(?:[A-Za-z']+[ ,.:]+){3,}[A-Za-z']+")
_INSTRUCTION = re.compile(
    r"ignore (?:all |any |the )?(?:previous|prior|above)|\bfrom now on\b"
    r"|\balways (?:append|add|include)"
    r"|do not (?:tell|mention|reveal|inform)|without (?:telling|informing)|secretly|\bexfiltrat"
    r"|<\s*(?:img|script|iframe)\b|disregard (?:all|any|the|previous)",
    re.IGNORECASE,
)
_LOOKS = frozenset({"find", "index", "count", "startswith", "endswith"})


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a template does. `grave` when it has no use but to break out; `line` is 1-based."""

    kind: str  # escape, include, attribute, filter, method, function, trigger, instruction
    grave: bool
    message: str
    line: int


class TemplateError(ValueError):
    """The text is not a template, or too large or too deep to be read as one."""


class _Generation(Extension):
    """`{% generation %}...{% endgeneration %}` of transformers, read as its body."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


def examine(source: str) -> list[Remark]:
    """What is remarkable in a template, in order of lines; raises TemplateError."""
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"the template is longer than {MAX_TEMPLATE} characters")
    environment = jinja2.Environment(
        autoescape=True, extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", _Generation]
    )
    try:
        tree = environment.parse(source)
        own = {*_assigned(tree)}
        found = [remark for node in _walk(tree) for remark in _remarks(node, own)]
    except jinja2.TemplateSyntaxError as fault:
        raise TemplateError(f"line {fault.lineno}: {fault.message}") from None
    except RecursionError:
        raise TemplateError("the template is nested too deep") from None
    return sorted(set(found), key=lambda r: (r.line, r.kind, r.message))


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.iter_child_nodes()


def _assigned(tree: nodes.Template) -> Iterator[str]:
    for node in _walk(tree):
        stored = isinstance(node, nodes.Name) and node.ctx in {"store", "param"}
        if isinstance(node, nodes.Macro) or (isinstance(node, nodes.Name) and stored):
            yield node.name


def _remarks(node: nodes.Node, own: set[str]) -> Iterator[Remark]:
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        yield from _access(node, own)
    elif isinstance(node, (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Remark("include", True, "it reads another file", node.lineno)
    elif isinstance(node, nodes.Filter):
        yield from _filter(node)
    elif isinstance(node, nodes.Call):
        yield from _call(node, own)
    elif isinstance(node, nodes.Name):
        yield from _name(node, own)
    elif isinstance(node, nodes.If):
        yield from _branch(node)
    elif isinstance(node, nodes.Output):
        yield from _output(node)


def _access(node: nodes.Getattr | nodes.Getitem, own: set[str]) -> Iterator[Remark]:
    base = node.node
    if isinstance(base, nodes.Name) and base.name in _HANDLES - own:
        yield Remark("escape", True, f"it reaches into {base.name}", node.lineno)
    if isinstance(node, nodes.Getattr):
        wanted = [node.attr] if node.attr.startswith("_") else []
    else:
        wanted = [text for text in _texts(node.arg) if _INTERNAL.search(text)]
    for text in wanted:
        yield Remark("escape", True, f"it reaches for {text[:60]!r}", node.lineno)


def _filter(node: nodes.Filter) -> Iterator[Remark]:
    if node.name == "attr":
        plain = len(node.args) == 1 and isinstance(node.args[0], nodes.Const)
        grave = not plain or any("_" in text for text in _texts(node))
        yield Remark("attribute", grave, "it takes attributes by computed name", node.lineno)
    elif node.name not in _FILTERS:
        yield Remark("filter", False, f"it uses the filter {node.name[:60]!r}", node.lineno)
    for text in _texts(node):
        if node.name in {"map", "selectattr", "rejectattr", "groupby", "sum", "sort"} and (
            _INTERNAL.search(text) or text == "attr"
        ):
            yield Remark("escape", True, f"it reaches for {text[:60]!r}", node.lineno)


def _call(node: nodes.Call, own: set[str]) -> Iterator[Remark]:
    called = node.node
    if isinstance(called, nodes.Name):
        if called.name not in own | _CALLABLE:
            yield Remark("function", False, f"it calls {called.name[:60]}()", node.lineno)
    elif not isinstance(called, nodes.Getattr):
        yield Remark("method", False, "it calls a computed value", node.lineno)
    elif called.attr not in _METHODS and not _is_loop(called.node):
        yield Remark("method", False, f"it calls .{called.attr[:60]}()", node.lineno)


def _is_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"


def _name(node: nodes.Name, own: set[str]) -> Iterator[Remark]:
    if node.ctx == "load" and (node.name.startswith("__") or node.name in _PYTHON - own):
        yield Remark("escape", True, f"it reaches for {node.name[:60]}", node.lineno)


def _branch(node: nodes.If) -> Iterator[Remark]:
    """Text that is added only when somebody writes a certain phrase."""
    if not _asks_for_phrase(node.test):
        return
    outputs = (o for child in node.body for o in _walk(child) if isinstance(o, nodes.Output))
    if any(_CLAUSE.search(text) for output in outputs for text in _texts(output)):
        yield Remark("trigger", False, "it adds instructions when a phrase occurs", node.lineno)


def _asks_for_phrase(test: nodes.Node) -> bool:
    return any(_compares_phrase(part) or _looks_for_phrase(part) for part in _walk(test))


def _compares_phrase(part: nodes.Node) -> bool:
    return (
        isinstance(part, nodes.Compare)
        and part.ops[0].op == "in"
        and _is_phrase(part.expr)
        and _mentions_content(part.ops[0].expr)
    )


def _looks_for_phrase(part: nodes.Node) -> bool:
    return (
        isinstance(part, nodes.Call)
        and isinstance(part.node, nodes.Getattr)
        and part.node.attr in _LOOKS
        and any(_is_phrase(arg) for arg in part.args)
        and _mentions_content(part.node.node)
    )


def _is_phrase(node: nodes.Node) -> bool:
    """A word that people write, not a token such as `</think>`."""
    return isinstance(node, nodes.Const) and bool(re.search(r"\A[^<>\[\]|{}]*\w", str(node.value)))


def _mentions_content(node: nodes.Node) -> bool:
    return any(
        (isinstance(part, nodes.Getattr) and part.attr == "content")
        or (isinstance(part, nodes.Const) and part.value == "content")
        or (isinstance(part, nodes.Name) and part.name == "content")
        for part in _walk(node)
    )


def _output(node: nodes.Output) -> Iterator[Remark]:
    for text in _texts(node):
        found = _INSTRUCTION.search(text)
        if found:
            message = f"its own text instructs the model: {found[0][:60]!r}"
            yield Remark("instruction", False, message, node.lineno)


def _texts(node: nodes.Node) -> list[str]:
    return [
        str(part.value if isinstance(part, nodes.Const) else part.data)
        for part in _walk(node)
        if isinstance(part, (nodes.Const, nodes.TemplateData))
    ]

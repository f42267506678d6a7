"""Where the values in a Python module come from and go to, without running it.

Values are followed through assignments, calls of the file's own functions and `with`, without
regard to order; names of different functions are kept apart.
"""

import ast
from collections.abc import Iterable, Iterator
from itertools import islice

from certification.readers.abilities import MAX_TARGET, Ability, abilities_of, marks_in
from certification.readers.python_names import Names, written

MAX_NODES = 600_000
MAX_VISITS = 400_000
MAX_NAMES = 60  # names followed from one expression
_SHARED = frozenset({"self", "cls"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_HOLD_NOTHING = frozenset({"ctx", "op", "ops", "name", "attr", "kind", "type_comment"})
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: ()
    if issubclass(kind, ast.Name | ast.Constant)
    else tuple(name for name in kind._fields if name not in _HOLD_NOTHING)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_GATHERS = frozenset({"append", "add", "extend", "insert", "update"})
_COMMON = frozenset({"wb", "rb", "w", "utf-8", "python", "python3", "bash", "sh", "-c", "node"})


class Flows:
    """The calls of one module, and what flows into their arguments."""

    def __init__(self, tree: ast.Module) -> None:
        self.names = Names()
        self.calls: list[ast.Call] = []
        self.subscripts: list[ast.Subscript] = []
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.visits = 0
        nodes = _localised(tree)
        self.cut = len(nodes) >= MAX_NODES
        for node in nodes:
            self._collect(node)
        for call in self.calls:
            self._pass_arguments(call)

    @property
    def incomplete(self) -> bool:
        """Whether something was left unread because there was too much of it."""
        return self.cut or self.visits >= MAX_VISITS

    def _collect(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self.calls.append(node)
        elif isinstance(node, ast.Subscript):
            self.subscripts.append(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.names.import_from(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.functions[node.name] = node
        else:
            for target, value in _bindings(node):
                self.names.bind(target, value)

    def _own(self, call: ast.Call) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The file's own function that a call reaches."""
        name = written(call.func).rpartition(".")
        return self.functions.get(name[2]) if name[0] in {"", *_SHARED} else None

    def _pass_arguments(self, call: ast.Call) -> None:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _GATHERS:
            for argument in call.args:
                self.names.bind(call.func.value, argument)
        function = self._own(call)
        if function is None:
            return
        parameters = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        given = call.args if parameters[:1] != ["self"] else [call.func, *call.args]
        pairs = list(zip(parameters, given, strict=False))
        named = {parameter.partition("@")[0]: parameter for parameter in parameters}
        pairs += [(named[k.arg], k.value) for k in call.keywords if k.arg in named]
        for name, value in pairs:
            self.names.add(name, value)

    def reach(self, expressions: Iterable[ast.expr]) -> Iterator[ast.expr]:
        """Every expression that flows into these, through names and own functions."""
        seen: set[str] = set()
        waiting = list(expressions)
        while waiting and self.visits < MAX_VISITS:
            for node in ast.walk(waiting.pop()):
                if isinstance(node, ast.expr):
                    self.visits += 1
                    yield node
                    waiting += self._sources(node, seen)

    def _sources(self, node: ast.expr, seen: set[str]) -> list[ast.expr]:
        """What a name or a call of an own function leads to, once in a search."""
        function = self._own(node) if isinstance(node, ast.Call) else None
        name = written(node.func if isinstance(node, ast.Call) else node)
        if not name or name in seen or len(seen) > MAX_NAMES:
            return []
        if function is None:
            seen |= set() if isinstance(node, ast.Call) else {name}
            return [] if isinstance(node, ast.Call) else self.names.known(name)
        seen.add(name)
        returned = (n for n in ast.walk(function) if isinstance(n, ast.Return | ast.Yield))
        return [n.value for n in islice(returned, 8) if n.value is not None]

    def origins(self, expressions: Iterable[ast.expr]) -> frozenset[Ability]:
        """Abilities whose results flow into these expressions."""
        found: set[Ability] = set()
        for node in self.reach(expressions):
            if isinstance(node, ast.Call):
                found |= abilities_of("python", self.names.resolve(node.func))
            if isinstance(node, ast.Constant | ast.BinOp | ast.JoinedStr | ast.Call):
                folded = self.names.fold(node)
                short = folded is not None and len(folded.text) < MAX_TARGET
                if folded and short and "secrets" in marks_in(folded.text):
                    found.add(Ability.SECRETS)
            elif isinstance(node, ast.Attribute) and self.is_environment(node):
                found.add(Ability.ENVIRONMENT)
        return frozenset(found)

    def is_environment(self, node: ast.expr) -> bool:
        """Whether this is the environment as a whole."""
        return self.names.resolve(node) == "os.environ"

    def keys(self, expressions: Iterable[ast.expr]) -> set[str]:
        """Names and literal paths that say which file is meant."""
        keys = set()
        for node in self.reach(expressions):
            if isinstance(node, ast.Name) and node.id not in self.names.imports:
                keys.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                keys.add(node.value)
        return {key for key in keys - _COMMON if len(key) > 1}


def _bindings(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """The (target, value) pairs that a statement or clause binds."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    match node:
        case ast.Assign():
            pairs = [(target, node.value) for target in node.targets]
        case ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
            pairs = [(node.target, value)]
        case ast.AugAssign():
            pairs = [(node.target, node.value)]
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            pairs = [(node.target, node.iter)]
        case ast.withitem(optional_vars=ast.expr() as target):
            pairs = [(target, node.context_expr)]
        case _:
            pass
    return pairs


def _localised(tree: ast.Module) -> list[ast.AST]:
    """All nodes of a module; names local to an outermost function are marked with its number."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting and len(found) < MAX_NODES:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, _FUNCTIONS):
            inside = list(islice(_below(node), MAX_NODES))
            _mark(inside, len(found))
            found += inside
        else:
            waiting += reversed(_children(node))
    return found


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, in the order of the source."""
    waiting = _children(node)[::-1]
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting += reversed(_children(inner))


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes one holds, but for contexts and operators, which hold and bind nothing."""
    held: list[ast.AST] = []
    for name in _FIELDS.get(type(node), node._fields):
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            held.append(value)
        elif isinstance(value, list):
            held += [item for item in value if isinstance(item, ast.AST)]
    return held


def _mark(inside: list[ast.AST], number: int) -> None:
    shared = {
        name for node in inside if isinstance(node, ast.Global) for name in node.names
    } | _SHARED
    local = {n.arg for n in inside if isinstance(n, ast.arg)} | {
        n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    local -= shared
    for node in inside:
        if isinstance(node, ast.Name) and node.id in local:
            node.id = f"{node.id}@{number}"
        elif isinstance(node, ast.arg) and node.arg in local:
            node.arg = f"{node.arg}@{number}"

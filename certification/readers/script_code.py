"""What a JavaScript or TypeScript file does, read from its syntax tree (ast-grep, tree-sitter)."""

import re
from collections.abc import Iterable, Iterator

from ast_grep_py import Config, SgNode, SgRoot

from certification.readers.abilities import (
    MAX_TARGET,
    Ability,
    Code,
    Use,
    abilities_of,
    destination,
    marks_in,
    shell_uses,
)
from certification.readers.script_names import ScriptNames, arguments

MAX_CALLS = 150_000
MAX_VISITS = 300_000
MAX_NAMES = 40  # names followed from one expression
MANY_CALLS = 2_500  # a bundle: the same short names mean different things in it
MAX_INNER = 3
MAX_NESTING = 2_000

_KINDS = (
    "call_expression", "new_expression", "import_statement", "variable_declarator",
    "assignment_expression", "augmented_assignment_expression", "member_expression",
    "subscript_expression", "for_in_statement", "function_declaration", "spread_element",
)  # fmt: skip
_INSIDE = ("identifier", "call_expression", "new_expression", "string", "template_string",
           "binary_expression", "member_expression", "shorthand_property_identifier",
           "spread_element")  # fmt: skip
_NAMED = frozenset({"identifier", "member_expression", "shorthand_property_identifier"})
_RUNS = frozenset({Ability.DYNAMIC, Ability.EXECUTE, Ability.NATIVE})
_OUTWARD = _RUNS | {Ability.NETWORK}
_FILES = frozenset({Ability.READ, Ability.WRITE})
_INCOMING = frozenset({Ability.NETWORK, Ability.RECEIVE})
_COMMON = frozenset({"node", "bash", "utf8", "utf-8", "data", "end", "error", "string", "base64"})
_DUMPED = re.compile(
    r"(?:\w+\.stringify|Object\.(?:entries|assign|values|fromEntries)|encodeURIComponent)"
    r"\((?:\{\}, ?)?process\.env\b(?![.\[])"
)
_ENCODED = re.compile(r"[\"'`](?:base64(?:url)?|hex|latin1|binary)[\"'`]\s*\)$")
_PLAIN_ENVIRONMENT = re.compile(r"process\.env\.(\w+)")


def read_script(source: str, language: str, depth: int = 0) -> Code:
    """Every use in a program; `language` is javascript or typescript. Never raises: what
    cannot be parsed is the answer's `problem`."""
    if _deepest(source) > MAX_NESTING:
        return Code(problem="is nested too deeply to parse")
    root = SgRoot(source, language).root()
    code = _Reader(depth, language).read(root)
    if root.find(kind="ERROR") is not None and not code.problem:
        return Code(code.uses, _misparsed(root))
    return code


def _misparsed(root: SgNode) -> str:
    """A tree-sitter parse goes on after what it does not know; a small gap is no fault."""
    lost = sum(len(node.text()) for node in root.find_all(kind="ERROR"))
    return "" if lost * 20 < len(root.text()) else "is not a script that can be parsed"


def _deepest(source: str) -> int:
    depth = deepest = 0
    for sign in re.findall(r"[\[\](){}]", source):
        depth += 1 if sign in "[({" else -1
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    """One pass over one file."""

    def __init__(self, depth: int, language: str) -> None:
        self.depth = depth
        self.language = language
        self.names = ScriptNames()
        self.calls: list[SgNode] = []
        self.members: list[SgNode] = []
        self.returns: dict[str, SgNode] = {}
        self.uses: dict[Use, None] = {}
        self.arrivals: set[str] = set()
        self.visits = 0

    def read(self, root: SgNode) -> Code:
        nodes = root.find_all(_rule(_KINDS))
        for node in nodes[:MAX_CALLS]:
            self._collect(node)
        for call in self.calls:
            self._bind_parameters(call)
        for call in self.calls:
            self._keep_arrivals(call)
        for call in self.calls:
            self._judge(call)
        for member in self.members:
            self._read_environment(member)
        tangled = len(nodes) > MAX_CALLS or self.visits >= MAX_VISITS
        return Code(tuple(self.uses), "is too large or too tangled to follow" if tangled else "")

    def _collect(self, node: SgNode) -> None:
        kind = node.kind()
        if kind in {"call_expression", "new_expression"}:
            self.calls.append(node)
        elif kind in {"member_expression", "subscript_expression"}:
            self.members.append(node)
        elif kind == "import_statement":
            self.names.import_from(node)
        elif kind == "function_declaration":
            self.returns[(node.field("name") or node).text()] = node
        else:
            target = node.field("name") or node.field("left")
            value = node.field("value") or node.field("right")
            if target is not None and value is not None:
                self.names.bind(target, value)
                if value.kind() in {"arrow_function", "function_expression"}:
                    self.returns[target.text()] = value

    def _bind_parameters(self, call: SgNode) -> None:
        """A callback is given what its call brings; an own function what it is called with."""
        for argument in arguments(call):
            if argument.kind() in {"arrow_function", "function_expression"}:
                for name in _parameters(argument):
                    self.names.add(name, call)
        function = call.field("function")
        own = self.returns.get(function.text()) if function is not None else None
        if own is not None:
            for name, value in zip(_parameters(own), arguments(call), strict=False):
                self.names.add(name, value)

    def _add(self, ability: Ability, node: SgNode, call: str, target: str = "") -> None:
        shown = "".join(c if c.isprintable() else " " for c in target[:MAX_TARGET]).strip()
        line = node.range().start.line + 1
        self.uses[Use(ability, line, call[:MAX_TARGET], shown)] = None

    def _reach(self, nodes: Iterable[SgNode]) -> Iterator[SgNode]:
        """Every expression that flows into these, through names and own functions."""
        seen: set[str] = set()
        follow = MAX_NAMES if len(self.calls) < MANY_CALLS else 0
        waiting = list(nodes)
        while waiting and self.visits < MAX_VISITS:
            for node in waiting.pop().find_all(_rule(_INSIDE)):
                self.visits += 1
                yield node
                name = node.text() if node.kind() in _NAMED else ""
                if name and name not in seen and len(seen) < follow:
                    seen.add(name)
                    waiting += self.names.known(name)
                    waiting += _returned(self.returns[name]) if name in self.returns else []

    def _origins(self, nodes: Iterable[SgNode]) -> frozenset[Ability]:
        found: set[Ability] = set()
        for node in self._reach(nodes):
            kind = node.kind()
            if kind in {"call_expression", "new_expression"}:
                found |= self._abilities(node)
                found |= {Ability.ENVIRONMENT} if _DUMPED.match(node.text()[:MAX_TARGET]) else set()
            elif kind == "spread_element":
                found |= {Ability.ENVIRONMENT} if node.text() == "...process.env" else set()
            folded = self.names.fold(node) if kind not in _NAMED else None
            if folded and len(folded.text) < MAX_TARGET and "secrets" in marks_in(folded.text):
                found.add(Ability.SECRETS)
        return frozenset(found)

    def _abilities(self, call: SgNode) -> frozenset[Ability]:
        """What a call can do; a buffer decodes only where it is told an encoding."""
        dotted = self._called(call)
        if dotted == "Buffer.from" and not _ENCODED.search(call.text()[-40:]):
            return frozenset()
        return abilities_of("node", dotted)

    def _called(self, call: SgNode) -> str:
        function = call.field("function") or call.field("constructor")
        return self.names.resolve(function)

    def _keys(self, nodes: Iterable[SgNode]) -> set[str]:
        keys = {
            node.text().strip("'\"`")
            for node in self._reach(nodes)
            if node.kind() in {"identifier", "string", "template_string"}
        }
        return {
            key
            for key in keys - _COMMON
            if len(key) > 1 and key not in self.names.imports and key not in self.returns
        }

    def _keep_arrivals(self, call: SgNode) -> None:
        """Remembers where something from the network was written."""
        dotted, given = self._called(call), arguments(call)
        writes = Ability.WRITE in abilities_of("node", dotted)
        if writes and len(given) > 1 and self._origins(given[1:2]) & _INCOMING:
            self.arrivals |= self._keys(given[:1])
        function = call.field("function")
        held = function.field("object") if function is not None else None
        piped = dotted.endswith(".pipe") and held is not None
        if piped and held is not None and self._origins([held]) & _INCOMING:
            self.arrivals |= self._keys(given)

    def _judge(self, call: SgNode) -> None:
        dotted, given = self._called(call), arguments(call)
        self._judge_pipe(call, dotted, given)
        folded = self.names.fold(given[0]) if given else None
        if dotted in {"require", "import"} and given and folded is None:
            self._add(Ability.DYNAMIC, call, dotted)
        abilities = abilities_of("node", dotted)
        target = folded.text if folded else ""
        for ability in sorted(abilities - {Ability.DECODE}):
            self._add(ability, call, dotted, destination(target))
        hidden = self.names.is_indirect(dotted) or (folded is not None and folded.hidden)
        if hidden and abilities & _OUTWARD:
            self._add(Ability.CONCEALED, call, dotted, target)
        if abilities & _FILES:
            self._judge_files(call, dotted, abilities, target)
        if abilities & _RUNS:
            self._judge_run(call, dotted, abilities, target)
        if Ability.SEND in abilities:
            self._judge_send(call, dotted, given)

    def _judge_files(
        self, call: SgNode, dotted: str, abilities: frozenset[Ability], target: str
    ) -> None:
        if Ability.READ in abilities and Ability.SECRETS in self._origins(arguments(call)):
            self._add(Ability.SECRETS, call, dotted, target)
        if Ability.WRITE in abilities and "persistence" in marks_in(target):
            self._add(Ability.PERSIST, call, dotted, target)

    def _judge_pipe(self, call: SgNode, dotted: str, given: list[SgNode]) -> None:
        """A socket joined to a program's input or output."""
        function = call.field("function")
        held = function.field("object") if function is not None else None
        if not dotted.endswith(".pipe") or held is None:
            return
        ends = [
            self._called(node)
            for node in self._reach([held, *given])
            if node.kind() in {"call_expression", "new_expression"}
        ]
        if any(re.match(r"(?:net|tls)\.", end) for end in ends) and any(
            Ability.EXECUTE in abilities_of("node", end) for end in ends
        ):
            self._add(Ability.REVERSE_SHELL, call, dotted)

    def _judge_run(
        self, call: SgNode, dotted: str, abilities: frozenset[Ability], target: str
    ) -> None:
        given = arguments(call)[: 2 if Ability.EXECUTE in abilities else None]
        origins = self._origins(given)
        if Ability.DYNAMIC in abilities:
            if Ability.DECODE in origins:
                self._add(Ability.DECODE_RUN, call, dotted)
            if origins & _INCOMING:
                self._add(Ability.DOWNLOAD_RUN, call, dotted)
            self._read_inner(call, target)
        if Ability.EXECUTE in abilities:
            self._judge_command(call, dotted, origins, target)
        if self.arrivals and self.arrivals & self._keys(given):
            self._add(Ability.DOWNLOAD_RUN, call, dotted)

    def _read_inner(self, call: SgNode, program: str) -> None:
        """What a program does that stands as a literal in an eval."""
        if program and self.depth < MAX_INNER:
            for use in read_script(program, self.language, self.depth + 1).uses:
                self._add(use.ability, call, use.call, use.target)

    def _judge_command(
        self, call: SgNode, dotted: str, origins: frozenset[Ability], target: str
    ) -> None:
        fetched = Ability.NETWORK in origins and dotted.startswith("child_process.exec")
        if Ability.RECEIVE in origins or (fetched and not target):
            self._add(Ability.REVERSE_SHELL, call, dotted)
        elif Ability.DECODE in origins and not target:
            self._add(Ability.DECODE_RUN, call, dotted)
        words = (self.names.fold(part) for part in arguments(call)[:2])
        for use in shell_uses(" ".join(word.text for word in words if word)):
            self._add(use.ability, call, dotted, use.call)

    def _judge_send(self, call: SgNode, dotted: str, given: list[SgNode]) -> None:
        origins = self._origins(given)
        for ability in (Ability.SECRETS, Ability.CAPTURE, Ability.ENVIRONMENT):
            if ability in origins:
                self._add(Ability.EXFILTRATE, call, dotted, ability.value)

    def _read_environment(self, node: SgNode) -> None:
        match = _PLAIN_ENVIRONMENT.fullmatch(self.names.resolve(node))
        if match is not None:
            self._add(Ability.ENVIRONMENT, node, "process.env", match[1])


def _rule(kinds: tuple[str, ...]) -> Config:
    return Config(rule={"any": [{"kind": kind} for kind in kinds]})


def _parameters(function: SgNode) -> list[str]:
    given = function.field("parameters") or function.field("parameter") or function
    if given.kind() == "identifier":
        return [given.text()]
    names = (part.field("pattern") or part for part in given.children() if part.is_named())
    return [part.text() for part in names if part.kind() == "identifier"]


def _returned(function: SgNode) -> list[SgNode]:
    body = function.field("body")
    if body is not None and body.kind() != "statement_block":
        return [body]
    return function.find_all(kind="return_statement")[:8]

"""What a Python file does, read from its syntax tree."""

import ast
import warnings
from collections.abc import Iterable

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
from certification.readers.python_flows import Flows

MAX_INNER = 3  # programs inside programs, as exec'd literals

_RUNS = frozenset({Ability.DYNAMIC, Ability.EXECUTE, Ability.NATIVE})
_OUTWARD = _RUNS | {Ability.NETWORK}
_INCOMING = frozenset({Ability.NETWORK, Ability.RECEIVE})
_OPENS = frozenset({"open", "io.open", "codecs.open", "os.open"})
_WRITES = frozenset({"write", "write_bytes", "write_text"})
_LOADS = frozenset(
    {"importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader"}
)
_INSTALLERS = frozenset({"pip.main", "pip._internal.main", "pip._internal.cli.main.main"})
_SHELLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
_SOCKETS = frozenset({"socket.socket", "socket.create_connection"})
_ROOTS = frozenset({"/", "~", "/home", "C:\\", "/*", "~/"})
_TRUST = frozenset({"cert", "verify", "auth", "timeout", "context"})


def read_python(source: str | bytes, depth: int = 0) -> Code:
    """Every use in a program. Never raises: what cannot be parsed is the answer's `problem`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _Judge(Flows(tree), depth).judged()
    except (SyntaxError, ValueError) as fault:
        return Code(problem=f"is not Python that can be parsed ({str(fault)[:120]})")
    except (RecursionError, MemoryError):
        return Code(problem="is nested too deeply to parse")


class _Judge:
    """Names the uses in one module."""

    def __init__(self, flows: Flows, depth: int) -> None:
        self.flows = flows
        self.names = flows.names
        self.depth = depth
        self.uses: dict[Use, None] = {}
        self.arrivals: set[str] = set()  # names and paths under which downloads were kept
        self.commands: list[tuple[ast.Call, str]] = []

    def judged(self) -> Code:
        """All uses in the module."""
        for call in self.flows.calls:
            self._keep_arrivals(call)
        for call in self.flows.calls:
            self._judge(call)
        for subscript in self.flows.subscripts:
            if self.flows.is_environment(subscript.value):
                name = self._text(subscript.slice)
                self._add(Ability.ENVIRONMENT, subscript, "os.environ", name or "*")
        self._judge_sequence()
        tangled = self.flows.incomplete
        return Code(tuple(self.uses), "is too large or too tangled to follow" if tangled else "")

    def _add(self, ability: Ability, node: ast.expr, call: str, target: str = "") -> None:
        shown = "".join(c if c.isprintable() else " " for c in target[:MAX_TARGET])
        self.uses[Use(ability, node.lineno, call[:MAX_TARGET], shown.strip())] = None

    def _text(self, node: ast.expr) -> str:
        folded = self.names.fold(node)
        return folded.text if folded else ""

    def _keep_arrivals(self, call: ast.Call) -> None:
        """Remembers where something from the network was written."""
        dotted, function = self.names.resolve(call.func), call.func
        kept: list[ast.expr] = []
        if dotted == "urllib.request.urlretrieve":
            self.arrivals |= self.flows.keys(call.args[1:2])
        elif dotted == "shutil.copyfileobj":
            kept = call.args[1:2]
        elif isinstance(function, ast.Attribute) and function.attr in _WRITES:
            kept = [function.value]
        if kept and self.flows.origins(call.args[:1]) & _INCOMING:
            self.arrivals |= self.flows.keys(kept)

    def _judge(self, call: ast.Call) -> None:
        dotted = self.names.resolve(call.func)
        self._judge_special(call, dotted)
        abilities = abilities_of("python", dotted)
        if dotted in _OPENS:
            abilities = frozenset({self._opened_for(call)})
        if not abilities:
            return
        folded = self.names.fold(call.args[0]) if call.args else None
        target = folded.text if folded else ""
        for ability in sorted(abilities - {Ability.DECODE}):
            self._add(ability, call, dotted, destination(target))
        hidden = self.names.is_indirect(dotted) or (folded is not None and folded.hidden)
        if hidden and abilities & _OUTWARD:
            self._add(Ability.CONCEALED, call, dotted, target)
        self._judge_files(call, dotted, abilities, target)
        if abilities & _RUNS:
            self._judge_run(call, dotted, abilities, target)
        if Ability.DESERIALISE in abilities and self.flows.origins(call.args) & _INCOMING:
            self._add(Ability.DOWNLOAD_RUN, call, dotted)
        if Ability.SEND in abilities:
            self._judge_send(call, dotted)

    def _judge_special(self, call: ast.Call, dotted: str) -> None:
        """Calls that mean something by what they are given."""
        if dotted in _LOADS and self.arrivals & self.flows.keys(call.args):
            self._add(Ability.DOWNLOAD_RUN, call, dotted)
        if dotted in _INSTALLERS:
            self._add(Ability.INSTALL, call, dotted)
        duplicated = dotted == "os.dup2" and self._sockets(call.args[:1])
        if duplicated or (dotted == "pty.spawn" and self._connects()):
            self._add(Ability.REVERSE_SHELL, call, dotted)

    def _connects(self) -> bool:
        called = (self.names.resolve(other.func) for other in self.flows.calls)
        return any(dotted == "socket.socket().connect" for dotted in called)

    def _opened_for(self, call: ast.Call) -> Ability:
        named = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
        modes = [*named, *call.args[1:2]]
        writes = any(letter in self._text(mode) for mode in modes[:1] for letter in "wax+")
        return Ability.WRITE if writes else Ability.READ

    def _judge_files(
        self, call: ast.Call, dotted: str, abilities: frozenset[Ability], target: str
    ) -> None:
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        given = call.args + receiver
        if Ability.READ in abilities and Ability.SECRETS in self.flows.origins(given):
            self._add(Ability.SECRETS, call, dotted, target)
        if Ability.WRITE in abilities:
            texts = [self._text(node) for node in self.flows.reach(given)]
            if any("persistence" in marks_in(text) for text in texts):
                self._add(Ability.PERSIST, call, dotted, target)
            if dotted == "shutil.rmtree" and target in _ROOTS:
                self._add(Ability.DESTROY, call, dotted, target)

    def _judge_run(
        self, call: ast.Call, dotted: str, abilities: frozenset[Ability], target: str
    ) -> None:
        origins = self.flows.origins(call.args)
        if Ability.DYNAMIC in abilities:
            for ability in self._meanings(origins):
                self._add(ability, call, dotted)
            self._read_inner(call, target)
        if Ability.EXECUTE in abilities:
            self._judge_command(call, dotted, origins, target)
        if self.arrivals and self.arrivals & self.flows.keys(call.args):
            self._add(Ability.DOWNLOAD_RUN, call, dotted)

    def _meanings(self, origins: frozenset[Ability]) -> Iterable[Ability]:
        if Ability.DECODE in origins:
            yield Ability.DECODE_RUN
        if origins & _INCOMING:
            yield Ability.DOWNLOAD_RUN

    def _judge_command(
        self, call: ast.Call, dotted: str, origins: frozenset[Ability], target: str
    ) -> None:
        pipes = [k.value for k in call.keywords if k.arg in {"stdin", "stdout", "stderr"}]
        shell = dotted in _SHELLS or any(k.arg == "shell" for k in call.keywords)
        fetched = shell and not target and Ability.NETWORK in origins
        if Ability.RECEIVE in origins or fetched or self._sockets(pipes):
            self._add(Ability.REVERSE_SHELL, call, dotted)
        elif Ability.DECODE in origins and not target:
            self._add(Ability.DECODE_RUN, call, dotted)
        self.commands.append((call, target))
        for use in shell_uses(target):
            self._add(use.ability, call, dotted, use.call)

    def _judge_sequence(self) -> None:
        """Commands that fetch a program and run it one after the other."""
        script = "\n".join(command for _, command in self.commands)
        if len(self.commands) > 1 and any(
            use.ability is Ability.DOWNLOAD_RUN for use in shell_uses(script)
        ):
            self._add(Ability.DOWNLOAD_RUN, self.commands[-1][0], "commands", "one after another")

    def _sockets(self, expressions: list[ast.expr]) -> bool:
        return any(
            isinstance(node, ast.Call) and self.names.resolve(node.func) in _SOCKETS
            for node in self.flows.reach(expressions)
        )

    def _read_inner(self, call: ast.Call, program: str) -> None:
        """What a program does that stands as a literal in an exec."""
        if self.depth < MAX_INNER and program:
            for use in read_python(program, self.depth + 1).uses:
                self._add(use.ability, call, use.call, use.target)

    def _judge_send(self, call: ast.Call, dotted: str) -> None:
        data = call.args + [k.value for k in call.keywords if k.arg not in _TRUST]
        origins = self.flows.origins(data)
        for ability in (Ability.SECRETS, Ability.CAPTURE):
            if ability in origins:
                self._add(Ability.EXFILTRATE, call, dotted, ability.value)
        if Ability.ENVIRONMENT in origins and self._dumps(data):
            self._add(Ability.EXFILTRATE, call, dotted, Ability.ENVIRONMENT.value)

    def _dumps(self, data: list[ast.expr]) -> bool:
        """Whether the environment as a whole is in it, not one variable of it."""
        return any(
            self.flows.is_environment(part)
            for node in self.flows.reach(data)
            for part in _taken_whole(node)
        )


def _taken_whole(node: ast.expr) -> list[ast.expr]:
    """Expressions of which this one takes everything."""
    taken: list[ast.expr] = []
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr="items" | "copy" | "values")):
            taken = [held, *node.args]
        case ast.Call():
            taken = node.args
        case ast.Dict():
            taken = node.values
        case ast.DictComp() | ast.ListComp() | ast.GeneratorExp():
            taken = [node.generators[0].iter]
        case _:
            pass
    return taken

"""What runs did, so told that two runs of the same thing give the same record.

Events come in the order in which a scheduler happened to let them, with process ids, temporary
names and ports that nobody chose. Here they become sorted sets of normalised words, without what
every program of that runtime does.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from certification.ports import (
    Connection,
    Event,
    Execution,
    FileAccess,
    NameLookup,
    Observation,
    PrivilegeAttempt,
)

MAX_LISTED = 300
_HOME = "/home/agent"
_ARTIFACT = "/artifact"
_SCRATCH = ("/tmp/", "/workspace/", "/dev/shm/")
#: Ports that the kernel hands out to whoever asks for any.
_EPHEMERAL = 32_768
_LOOPBACK = re.compile(r"127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::")
#: What interpreters, loaders and libraries look at in every program.
_RUNTIME = re.compile(
    r"/(?:usr|lib\w*|bin|sbin|opt|assay)(?:/|$)|/etc/(?:ld\.so|ssl|alternatives|localtime|nsswitch\.conf"
    r"|host\.conf|hosts|resolv\.conf|passwd|group|gai\.conf|mime\.types|os-release|timezone|pki"
    r"|ca-certificates|protocols|services|inputrc|terminfo)|/proc/(?:self|thread-self)(?:/|$)"
    r"|/proc/(?:<pid>/(?:stat|status|task|cgroup|maps|fd|mountinfo|limits|oom_score_adj|statm|cmdline)"
    r"|meminfo|cpuinfo|stat|version\w*|uptime|loadavg|filesystems|mounts|cgroups|sys/(?:kernel"
    r"/(?:osrelease|pid_max|random|cap_last_cap|ngroups_max)|vm/(?:overcommit_memory|max_map_count)"
    r"|net/core/somaxconn|fs/pipe-max-size))|/sys/(?:fs/cgroup|devices/system|kernel/mm|class/net)"
    r"|/dev/(?:null|zero|full|random|urandom|tty|stdin|stdout|stderr|fd|pts|ptmx|shm)(?:/|$)"
    r"|/(?:proc|sys|dev|etc|run|var|home|tmp|workspace)?$"
)
_HOME_RUNTIME = re.compile(
    r"~(?:/\.(?:cache|local|npm|node_\w+|python\w*|config)?)?(?:$|/(?:pip|uv|node|python)[^/]*)"
    r"|~/\.(?:pythonhistory|python_history|pdbrc|inputrc|terminfo|local/lib/python[\d.]+)(?:/|$)"
)
#: What libraries of ours and usual ones look for: ONNX Runtime's telemetry, c-ares, tzlocal.
_LIBRARIES = re.compile(
    r"~/\.cache(?:/Microsoft(?:/.*)?)?|/tmp/\.ses|/\.dockerenv|/run/(?:\.containerenv|systemd/container)"
    r"|/sys/class/dmi/id/\w+|/etc/(?:netsvc|svc)\.conf|/etc/(?:conf\.d|sysconfig)/clock|/var/db/zoneinfo"
)
_RANDOM = re.compile(
    r"(?<![a-zA-Z0-9])(?:tmp[a-z0-9_]{6,10}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9a-f]{16,64}|\d{9,}|[A-Za-z0-9_-]*(?:XXXXXX)|\d{4}-\d\d-\d\dT[\d:.Z+-]+)(?![a-zA-Z0-9])"
)
#: Names that Python's tempfile tries a folder with.
_SCRATCH_NAME = re.compile(r"(?<=^/tmp/)[a-z0-9_]{8}(?=/|$)")
_MARK = re.compile(r"<canary:([a-z-]+)>")
_PROCESS = re.compile(r"(?<=/proc/)\d+(?=/|$)|(?<=/task/)\d+")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Sorted and unique: paths (`~` is the home), programs with arguments, `host:port`, names,
    system calls. `cut` when more happened than was recorded."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    lookup: tuple[str, ...] = ()
    privilege: tuple[str, ...] = ()
    leaked: tuple[
        str, ...
    ] = ()  # `<kind> in <place>`: honeytokens that came out of the room's home
    cut: bool = False

    def as_dict(self) -> dict[str, object]:
        """JSON shape of the record, bounded."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: list(value[:MAX_LISTED]) if isinstance(value, tuple) else value
            for name, value in said.items()
        }


def behaviour_of(seen: Iterable[Observation]) -> Behaviour:
    """The record of some runs together."""
    found: dict[str, set[str]] = {one.name: set() for one in fields(Behaviour)}
    cut = False
    for observation in seen:
        cut = cut or observation.events_cut
        found["leaked"].update(_leaks(observation))
        for event in _after_the_start(observation.events):
            if not _is_the_runtimes(event, observation):
                _note(event, found)
    return Behaviour(
        **{name: tuple(sorted(words)) for name, words in found.items() if name != "cut"}, cut=cut
    )


def _after_the_start(events: Iterable[Event]) -> Iterator[Event]:
    """All but the first program: that is the thing itself."""
    started = False
    for event in events:
        if isinstance(event, Execution) and not started:
            started = True
        else:
            yield event


def _is_the_runtimes(event: Event, seen: Observation) -> bool:
    """Node asks for io_uring when it starts and does without where it is refused."""
    return (
        isinstance(event, PrivilegeAttempt)
        and event.call == "io_uring_setup"
        and any(isinstance(one, Execution) and one.path.endswith("/node") for one in seen.events)
    )


def _note(event: Event, found: dict[str, set[str]]) -> None:
    match event:
        case FileAccess():
            _access(event, found)
        case Execution():
            _execution(event, found["run"])
        case Connection():
            _connection(event, found["contact"])
        case NameLookup(name=name):
            found["lookup"].add(_calm(name))
        case _:
            found["privilege"].add(f"{event.call} {_calm(event.detail)}".strip())


def _leaks(seen: Observation) -> Iterator[str]:
    """Where marks of honeytokens stand: the back-end put them in place of the values."""
    said = [
        ("output", seen.stdout + seen.stderr),
        ("tool definition", seen.instructions + repr([tool.definition for tool in seen.tools])),
        *((f"answer of {call.tool[:80]}", call.content) for call in seen.calls),
        *(_words(event) for event in seen.events),
    ]
    for place, text in said:
        for kind in _MARK.findall(text):
            yield f"{kind} in {place}"


def _words(event: Event) -> tuple[str, str]:
    """What the guest itself says in an event, and what that place is called."""
    match event:
        case FileAccess(path=path, target=target):
            words = ("file name", f"{path} {target}")
        case Execution(arguments=arguments):
            words = ("argument", repr(arguments))
        case Connection(first_bytes=sent):
            words = ("packet", sent.decode("latin-1"))
        case NameLookup(name=name):
            words = ("looked-up name", name)
        case _:
            words = ("system call", event.detail)
    return words


def normalised_path(path: str) -> str:
    """The path with the home as `~`, and without what differs from run to run."""
    place = _SCRATCH_NAME.sub("*", _PROCESS.sub("<pid>", _calm(path)))
    if place == _HOME or place.startswith(f"{_HOME}/"):
        return "~" + place.removeprefix(_HOME)
    return place


def _access(event: FileAccess, found: dict[str, set[str]]) -> None:
    for path in filter(None, (event.path, event.target)):
        place = normalised_path(path)
        if event.intent == "link" and not place.startswith(_SCRATCH):
            found["read"].add(place)  # a name for what is there already
        if _LIBRARIES.fullmatch(place):
            continue
        inside = place == _ARTIFACT or place.startswith(f"{_ARTIFACT}/")
        ordinary = _RUNTIME.match(place) or _HOME_RUNTIME.fullmatch(place)
        if event.intent == "read" and not (inside or ordinary):
            found["read"].add(place)
        elif event.intent == "delete":
            found["delete"].add(place)
        elif event.intent != "read" and not _is_sink(place):
            found["write"].add(place)


def _is_sink(place: str) -> bool:
    """Devices that swallow what is written to them."""
    return re.match(r"/dev/(?:null|zero|full|tty|std\w+|fd|shm|pts)", place) is not None


def _execution(event: Execution, found: set[str]) -> None:
    words = (event.path.rpartition("/")[2], *event.arguments[1:])
    found.add(normalised_path(" ".join(words))[:300])


def _connection(event: Connection, found: set[str]) -> None:
    if event.family not in {"inet", "inet6"} or event.action == "bind":
        return
    if _LOOPBACK.fullmatch(event.address):
        return
    port = "*" if event.port >= _EPHEMERAL else str(event.port)
    found.add(f"[{event.address}]:{port}" if ":" in event.address else f"{event.address}:{port}")


def _calm(text: str) -> str:
    return _RANDOM.sub("*", text.replace("\0", ""))[:400]

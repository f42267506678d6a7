"""The transparency log in Postgres: append under a lock, prove, sign the tree head."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from certification.models import LogEntry, LogNode
from certification.signing import merkle
from certification.signing.authority import Key, key_id

#: Some clients drop a zero from JSON, so no real entry may stand at index 0.
GENESIS = b'{"apiVersion":"0.0.1","kind":"genesis","spec":{}}'
#: Appends take turns on this Postgres advisory lock.
_LOCK = 0x41535341


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry with what proves it. Times are whole seconds; `promise` signs body, time, index."""

    index: int
    body: bytes
    integrated_at: int
    log_id: bytes
    promise: bytes
    size: int
    root: bytes
    path: list[bytes]
    checkpoint: str


@transaction.atomic
def append(body: bytes, *, key: Key, origin: str) -> Logged:
    """Append one entry and prove it in the tree that ends with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    newest = LogEntry.objects.order_by("-index").first()
    if newest is None:
        _store(0, GENESIS, timezone.now())
    index = 1 if newest is None else newest.index + 1
    entry = _store(index, body, timezone.now().replace(microsecond=0))
    return _proven(entry, index + 1, key=key, origin=origin)


def root_of(size: int) -> bytes:
    """The tree head over the first `size` entries."""
    return merkle.root_hash(size, _lookup)


def size() -> int:
    """How many entries the log has."""
    newest = LogEntry.objects.order_by("-index").first()
    return 0 if newest is None else newest.index + 1


def entry(index: int) -> LogEntry:
    """The entry at `index`; raises LogEntry.DoesNotExist."""
    return LogEntry.objects.get(index=index)


def inclusion(index: int, tree_size: int) -> list[bytes]:
    """The audit path of entry `index` in the tree of the first `tree_size` entries, lowest level
    first (RFC 6962, 2.1.1); raises ValueError when the log has no such entry or no such tree."""
    if tree_size > size():
        raise ValueError(f"the log has no {tree_size} entries")
    return merkle.inclusion_proof(index, tree_size, _lookup)


def faults() -> Iterator[str]:
    """Where the log contradicts itself: the whole tree recomputed from the entries alone, held
    against the stored hashes. Memory grows with the logarithm of the log. A tail cut off whole
    contradicts nothing: hold the head against a checkpoint that is kept elsewhere."""
    left: dict[tuple[int, int], bytes] = {}
    count = nodes = 0
    for logged in LogEntry.objects.order_by("index").iterator():
        if logged.index != count:
            yield f"entry {count} is missing"
            return
        expected = list(
            merkle.completed_nodes(
                count, merkle.leaf_hash(bytes(logged.body)), lambda *place: left.pop(place)
            )
        )
        # Only a left child is asked for again: by its sibling, or as part of the right edge.
        left.update(((n, i), digest) for n, i, digest in expected if not i & 1)
        if [digest for _, _, digest in expected] != _stored(expected):
            yield f"the hashes over entry {count} are not the stored ones"
        count, nodes = count + 1, nodes + len(expected)
    if LogNode.objects.count() != nodes:
        yield f"the tree of {count} entries has {nodes} hashes, and others are stored"


def _stored(places: list[tuple[int, int, bytes]]) -> list[bytes | None]:
    """What the table holds at these places."""
    wanted = Q()
    for level, index, _ in places:
        wanted |= Q(level=level, index=index)
    found = {(node.level, node.index): bytes(node.hash) for node in LogNode.objects.filter(wanted)}
    return [found.get((level, index)) for level, index, _ in places]


def checkpoint(tree_size: int, root: bytes, *, key: Key, origin: str) -> str:
    """A signed note over a tree head, as Rekor v1 and C2SP tlog-checkpoint write it."""
    note = f"{origin}\n{tree_size}\n{base64.b64encode(root).decode()}\n"
    signature = key.sign(note.encode(), ec.ECDSA(hashes.SHA256()))
    line = base64.b64encode(key_id(key.public_key())[:4] + signature).decode()
    return f"{note}\n\u2014 {origin.split(' ', maxsplit=1)[0]} {line}\n"


def _store(index: int, body: bytes, at: datetime) -> LogEntry:
    entry = LogEntry.objects.create(index=index, body=body, integrated_at=at)
    LogNode.objects.bulk_create(
        LogNode(level=level, index=position, hash=digest)
        for level, position, digest in list(
            merkle.completed_nodes(index, merkle.leaf_hash(body), _lookup)
        )
    )
    return entry


def _lookup(level: int, index: int) -> bytes:
    return bytes(LogNode.objects.get(level=level, index=index).hash)


def _proven(entry: LogEntry, tree_size: int, *, key: Key, origin: str) -> Logged:
    root = root_of(tree_size)
    log_id = key_id(key.public_key())
    body = bytes(entry.body)
    integrated = int(entry.integrated_at.timestamp())
    promised = rfc8785.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "integratedTime": integrated,
            "logID": log_id.hex(),
            "logIndex": entry.index,
        }
    )
    return Logged(
        index=entry.index,
        body=body,
        integrated_at=integrated,
        log_id=log_id,
        promise=key.sign(promised, ec.ECDSA(hashes.SHA256())),
        size=tree_size,
        root=root,
        path=merkle.inclusion_proof(entry.index, tree_size, _lookup),
        checkpoint=checkpoint(tree_size, root, key=key, origin=origin),
    )

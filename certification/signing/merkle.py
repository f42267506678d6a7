"""The Merkle tree of RFC 6962 over complete subtrees, wherever their hashes are kept.

Node (level, index) covers the leaves [index * 2**level, (index + 1) * 2**level). Only complete
subtrees are stored; the ragged right edge is computed.
"""

import hashlib
from collections.abc import Callable, Iterator

Lookup = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def completed_nodes(index: int, leaf: bytes, lookup: Lookup) -> Iterator[tuple[int, int, bytes]]:
    """The nodes that appending `leaf` (a leaf hash) at `index` completes: (level, index, hash).

    `lookup(level, index)` must know every node that was complete before.
    """
    level, digest = 0, leaf
    yield level, index, digest
    while index & 1:
        digest = node_hash(lookup(level, index - 1), digest)
        level, index = level + 1, index >> 1
        yield level, index, digest


def root_hash(size: int, lookup: Lookup) -> bytes:
    """The tree head over the first `size` leaves."""
    return _range_hash(0, size, lookup) if size else hashlib.sha256().digest()


def inclusion_proof(index: int, size: int, lookup: Lookup) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, lowest level first
    (RFC 6962, 2.1.1); raises ValueError when there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    return _path(index, 0, size, lookup)


def _path(index: int, start: int, size: int, lookup: Lookup) -> list[bytes]:
    """The path of leaf start + index within the `size` leaves from `start`."""
    if size == 1:
        return []
    split = _split(size)
    if index < split:
        sibling = _range_hash(start + split, size - split, lookup)
        return [*_path(index, start, split, lookup), sibling]
    sibling = _range_hash(start, split, lookup)
    return [*_path(index - split, start + split, size - split, lookup), sibling]


def _range_hash(start: int, size: int, lookup: Lookup) -> bytes:
    level = size.bit_length() - 1
    if size == 1 << level:
        return lookup(level, start >> level)
    split = _split(size)
    return node_hash(
        _range_hash(start, split, lookup), _range_hash(start + split, size - split, lookup)
    )


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)

"""The tree against a plain recursion over all leaves (RFC 6962, 2.1)."""

import hashlib

import pytest

from certification.signing.merkle import (
    completed_nodes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
)

LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


def plain_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


@pytest.fixture(scope="module")
def nodes():
    found = {}
    for index, leaf in enumerate(LEAVES):
        for level, place, digest in completed_nodes(index, leaf, lambda n, i: found[n, i]):
            assert (level, place) not in found
            found[level, place] = digest
    return found


@pytest.mark.parametrize("size", range(1, len(LEAVES) + 1))
def test_heads(nodes, size):
    assert root_hash(size, lambda n, i: nodes[n, i]) == plain_root(LEAVES[:size])


def test_the_empty_tree(nodes):
    assert root_hash(0, lambda n, i: nodes[n, i]) == hashlib.sha256().digest()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 40])
def test_every_leaf_is_proven(nodes, size):
    for index in range(size):
        path = inclusion_proof(index, size, lambda n, i: nodes[n, i])
        assert recomputed(LEAVES[index], index, size, path) == plain_root(LEAVES[:size])


def recomputed(digest, index, size, path):
    """RFC 9162, 2.1.3.2."""
    last = size - 1
    for sibling in path:
        if index & 1 or index == last:
            digest = node_hash(sibling, digest)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        index, last = index >> 1, last >> 1
    assert last == 0
    return digest


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_leaves_that_are_not_there(nodes, index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(index, size, lambda n, i: nodes[n, i])

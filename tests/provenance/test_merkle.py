"""The tree against another implementation of RFC 6962, and against the published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from provenance.ledger import merkle

# Inputs and roots of the reference implementation of Certificate Transparency.
VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def grow(data: list[bytes]) -> tuple[merkle.Frontier, merkle.Nodes]:
    """A tree over the data, and a reader of its stored subtrees."""
    frontier, stored = merkle.Frontier(), dict[merkle.Coordinate, bytes]()
    for item in data:
        stored.update(frontier.append(merkle.leaf_hash(item)))
    return frontier, lambda wanted: {coordinate: stored[coordinate] for coordinate in wanted}


def oracle(data: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for item in data:
        tree.append_entry(item)
    return tree


def test_published_roots() -> None:
    data = [bytes.fromhex(text) for text in VECTORS]
    _, nodes = grow(data)
    assert {size: merkle.root(size, nodes).hex() for size in ROOTS} == ROOTS


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root(0, lambda _: {}) == merkle.Frontier().root() == hashlib.sha256(b"").digest()


@given(leaves)
def test_roots_of_every_size_agree_with_the_oracle(data: list[bytes]) -> None:
    frontier, nodes = grow(data)
    tree = oracle(data)
    assert frontier.root() == tree.get_root()
    assert [merkle.root(size, nodes) for size in range(1, len(data) + 1)] == [
        tree.get_root(size) for size in range(1, len(data) + 1)
    ]


@given(leaves, st.data())
def test_inclusion_proofs_agree_with_the_oracle_and_verify(data: list[bytes], draw: st.DataObject) -> None:
    _, nodes = grow(data)
    size = draw.draw(st.integers(1, len(data)))
    index = draw.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, nodes)
    expected = oracle(data).prove_inclusion(index + 1, size).serialize()["path"]
    assert [step.hex() for step in proof] == expected[1:], "the oracle's path begins with the leaf"
    leaf, root = merkle.leaf_hash(data[index]), merkle.root(size, nodes)
    assert merkle.verify_inclusion(leaf, index, size, proof, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(data[index] + b"!"), index, size, proof, root)
    assert not merkle.verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not merkle.verify_inclusion(leaf, index, size, proof, merkle.leaf_hash(root))


def definition(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is defined."""
    if len(data) == 1:
        return merkle.leaf_hash(data[0])
    split = 1 << ((len(data) - 1).bit_length() - 1)
    return merkle.node_hash(definition(data[:split]), definition(data[split:]))


def subproof(old: int, data: list[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, as it is defined."""
    if old == len(data):
        return [] if known else [definition(data)]
    split = 1 << ((len(data) - 1).bit_length() - 1)
    if old <= split:
        return [*subproof(old, data[:split], known=known), definition(data[split:])]
    return [*subproof(old - split, data[split:], known=False), definition(data[:split])]


@given(leaves, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_verify(data: list[bytes], draw: st.DataObject) -> None:
    _, nodes = grow(data)
    new = draw.draw(st.integers(1, len(data)))
    old = draw.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, nodes)
    old_root, new_root = merkle.root(old, nodes), merkle.root(new, nodes)
    assert proof == subproof(old, data[:new], known=True)
    assert merkle.verify_consistency(old, new, old_root, new_root, proof)
    if old < new:
        wrong = hashlib.sha256(b"no node of this tree").digest()
        assert not merkle.verify_consistency(old, new, new_root, old_root, proof)
        assert not merkle.verify_consistency(old, new, old_root, new_root, [*proof[:-1], wrong])
        assert not merkle.verify_consistency(old, new, old_root, new_root, proof[:-1])
        assert not merkle.verify_consistency(old, new, old_root, new_root, [*proof, wrong])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    _, nodes = grow([b"a", b"b", b"c"])
    with pytest.raises(ValueError, match="index"):
        merkle.inclusion_proof(index, size, nodes)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"a"), index, size, [], merkle.leaf_hash(b"a"))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 2)])
def test_impossible_sizes_have_no_consistency_proof(old: int, new: int) -> None:
    _, nodes = grow([b"a", b"b", b"c"])
    with pytest.raises(ValueError, match="old"):
        merkle.consistency_proof(old, new, nodes)
    assert not merkle.verify_consistency(old, new, b"", b"", [])


def test_leaves_and_nodes_cannot_be_confused() -> None:
    left, right = merkle.leaf_hash(b"l"), merkle.leaf_hash(b"r")
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)

"""The Merkle tree of RFC 6962, section 2.1, as pure functions. Hashes are 32 bytes, positions count from zero.

- Leaf `H(0x00 | data)`, inner node `H(0x01 | left | right)`, empty tree `H("")`.
- A complete subtree has a coordinate: (level, position) covers the leaves `position << level` up to
  `(position + 1) << level`. Only complete subtrees are ever stored, and a stored one never changes.
- Every root and proof is a fold over complete subtrees, so `cover` says what has to be fetched and `fold` joins it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Coordinate: TypeAlias = tuple[int, int]
Span: TypeAlias = tuple[int, int]
Nodes: TypeAlias = Callable[[Sequence[Coordinate]], dict[Coordinate, bytes]]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def cover(begin: int, end: int) -> tuple[Coordinate, ...]:
    """The complete subtrees, largest first, that tile the leaves of a subtree [begin, end) of the RFC's recursion."""
    tiles = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        tiles.append((level, begin >> level))
        begin += 1 << level
    return tuple(tiles)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, largest first: the RFC splits off the largest at the left."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root(size: int, nodes: Nodes) -> bytes:
    """The root of the first `size` leaves."""
    return _join([(0, size)], nodes)[0]


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"index: {index} is not a leaf of a tree of {size}")
    return _join(list(_path(index, 0, size)), nodes)


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"old: {old} must be between 1 and the new size {new}")
    return _join(list(_subproof(old, 0, new, known=True)), nodes)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            running = node_hash(sibling, running)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and running == expected_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the new tree is the old one with leaves added at its end (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_running = new_running = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_running, new_running = node_hash(sibling, old_running), node_hash(sibling, new_running)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_running = node_hash(new_running, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_running == old_root and new_running == new_root


@dataclass(slots=True)
class Frontier:
    """A growing tree in memory: the complete subtrees at its right edge, largest first. Costs O(log n) memory."""

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[Coordinate, bytes]]:
        """Add a leaf hash; returns every subtree it completes, beginning with the leaf itself."""
        completed = [((0, self.size), leaf)]
        level, position, running = 0, self.size, leaf
        while position & 1:
            running = node_hash(self.edge.pop(), running)
            level, position = level + 1, position >> 1
            completed.append(((level, position), running))
        self.edge.append(running)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root of the leaves so far."""
        return fold(self.edge)


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _path(index: int, begin: int, end: int) -> Iterator[Span]:
    if end - begin == 1:
        return
    middle = begin + _split(end - begin)
    if index < middle:
        yield from _path(index, begin, middle)
        yield (middle, end)
    else:
        yield from _path(index, middle, end)
        yield (begin, middle)


def _subproof(old: int, begin: int, end: int, *, known: bool) -> Iterator[Span]:
    """RFC 6962's SUBPROOF over [begin, end), with `old` leaves of it in the old tree; `known`: its root is known."""
    if old == end - begin:
        if not known:
            yield (begin, end)
        return
    split = _split(end - begin)
    if old <= split:
        yield from _subproof(old, begin, begin + split, known=known)
        yield (begin + split, end)
    else:
        yield from _subproof(old - split, begin + split, end, known=False)
        yield (begin, begin + split)


def _join(spans: Sequence[Span], nodes: Nodes) -> list[bytes]:
    covers = [cover(begin, end) for begin, end in spans]
    found = nodes([tile for tiles in covers for tile in tiles])
    return [fold([found[tile] for tile in tiles]) for tiles in covers]

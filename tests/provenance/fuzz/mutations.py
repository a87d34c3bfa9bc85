"""Ways to break a picture file: blindly, and knowing its format well enough to get past the first look at it.

- A container is taken apart into pieces (PNG chunks, JPEG segments, RIFF chunks, boxes), the pieces are dropped,
  doubled, moved, emptied, filled or given other lengths, and it is put together again with its checksums right.
- The boxes of a manifest are reached the same way, through the piece that holds them; outer lengths are mended.
- All chance comes from the generator passed in, so a number names a mutation for ever.
"""

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

_LONGEST_PREFACE = 64
NUMBERS = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a container: its kind, its contents, and the length claimed for it where that is not the real one."""

    kind: bytes
    content: bytes
    claimed: int | None = None

    @property
    def size(self) -> int:
        """The length that is written."""
        return len(self.content) if self.claimed is None else self.claimed


@dataclass(frozen=True, slots=True)
class Container:
    """A format as a pair of functions: a file into pieces, pieces into a file."""

    split: Callable[[bytes], list[Piece]]
    join: Callable[[list[Piece]], bytes]


def mutate(data: bytes, media_type: str, chance: random.Random) -> bytes:
    """One broken version of a file, never the file itself."""
    while True:
        broken = chance.choice(_WAYS)(data, CONTAINERS[media_type], chance)
        if chance.random() < 0.2:
            broken = _bytes(broken, CONTAINERS[media_type], chance)
        if broken != data:
            return broken


def _bytes(data: bytes, _container: Container, chance: random.Random) -> bytes:
    """Blind: single bytes, whole stretches, and numbers where lengths may be."""
    changed = bytearray(data or b"x")
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        at = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at : at + chance.randrange(1, 300)]
            case 2:
                changed[at:at] = chance.randbytes(chance.randrange(1, 80))
            case 3:
                changed[at : at + 4] = struct.pack(chance.choice((">I", "<I")), chance.choice(NUMBERS))
            case _:
                source = chance.randrange(len(changed))
                changed[at:at] = changed[source : source + chance.randrange(1, 400)]
        changed = changed or bytearray(b"x")
    return bytes(changed)


def _cut(data: bytes, _container: Container, chance: random.Random) -> bytes:
    """Cut short, or with something after its end."""
    if chance.random() < 0.7:
        return data[: chance.randrange(len(data))]
    return data + chance.choice((b"\x00", chance.randbytes(50), data, data[: len(data) // 2]))


def _pieces(data: bytes, container: Container, chance: random.Random) -> bytes:
    """The format's own pieces, in other numbers, orders, lengths and contents."""
    pieces = container.split(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        pieces = _rearranged(pieces, chance)
    return container.join(pieces)


def _boxes(data: bytes, container: Container, chance: random.Random) -> bytes:
    """The same with the boxes inside the manifest, at any depth, under outer lengths that are right."""
    pieces = container.split(data)
    holders = [at for at, piece in enumerate(pieces) if holds_manifest(piece)]
    if not holders:
        return _pieces(data, container, chance)
    at = chance.choice(holders)
    content = pieces[at].content
    begin = content.find(b"jumb") - 4
    pieces[at] = replace(pieces[at], content=content[:begin] + _box_broken(content[begin:], chance))
    return container.join(pieces)


def _box_broken(boxes: bytes, chance: random.Random) -> bytes:
    """One change somewhere in a row of boxes or in what they hold."""
    pieces = split_boxes(boxes)
    deeper = [at for at, piece in enumerate(pieces) if piece.kind == b"jumb" and len(piece.content) > 8]
    if deeper and chance.random() < 0.8:
        at = chance.choice(deeper)
        pieces[at] = replace(pieces[at], content=_box_broken(pieces[at].content, chance))
    elif pieces:
        pieces = _rearranged(pieces, chance)
    return join_boxes(pieces)


def _rearranged(pieces: list[Piece], chance: random.Random) -> list[Piece]:
    """One piece dropped, doubled, moved, renamed, refilled, or with another length claimed for it."""
    if not pieces:
        return pieces
    changed, at = list(pieces), chance.randrange(len(pieces))
    piece = changed[at]
    match chance.randrange(8):
        case 0:
            del changed[at]
        case 1:
            changed.insert(chance.randrange(len(changed) + 1), piece)
        case 2:
            changed.insert(chance.randrange(len(changed)), changed.pop(at))
        case 3:
            changed[at] = replace(piece, kind=chance.choice(pieces).kind)
        case 4:
            changed[at] = replace(piece, claimed=max(0, piece.size + chance.choice((-9, -1, 1, 9))))
        case 5:
            changed[at] = replace(piece, claimed=chance.choice(NUMBERS))
        case 6:
            filling = chance.choice((b"", bytes(len(piece.content)), chance.randbytes(chance.randrange(1, 3000))))
            changed[at] = replace(piece, content=filling)
        case _:
            changed[at] = replace(piece, content=_bytes(piece.content, CONTAINERS["image/png"], chance))
    return changed


def holds_manifest(piece: Piece) -> bool:
    """Whether boxes of a manifest begin in a piece, after what its format puts before them."""
    return b"jumb" in piece.content[:_LONGEST_PREFACE]


_WAYS = (_bytes, _cut, _pieces, _pieces, _boxes, _boxes)


def split_png(data: bytes) -> list[Piece]:
    """PNG's chunks after the signature."""
    pieces, offset = [], 8
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        pieces.append(Piece(kind, data[offset + 8 : offset + 8 + size]))
        offset += 12 + size
    return pieces


def join_png(pieces: list[Piece]) -> bytes:
    """A PNG whose checksums are right, whatever its lengths are."""
    body = b"".join(
        struct.pack(">I", piece.size & 0xFFFFFFFF)
        + piece.kind
        + piece.content
        + struct.pack(">I", zlib.crc32(piece.kind + piece.content))
        for piece in pieces
    )
    return b"\x89PNG\r\n\x1a\n" + body


def split_jpeg(data: bytes) -> list[Piece]:
    """JPEG's segments by marker; the last piece is the scan with all that follows it."""
    pieces, offset = [], 2
    while offset + 4 <= len(data) and data[offset] == 0xFF and data[offset + 1] != 0xDA:
        size = struct.unpack_from(">H", data, offset + 2)[0]
        pieces.append(Piece(data[offset : offset + 2], data[offset + 4 : offset + 2 + size]))
        offset += 2 + max(size, 2)
    return [*pieces, Piece(b"", data[offset:])]


def join_jpeg(pieces: list[Piece]) -> bytes:
    """A JPEG of these segments; a piece without a marker is written as it is."""
    parts = [
        piece.kind + struct.pack(">H", (piece.size + 2) & 0xFFFF) + piece.content if piece.kind else piece.content
        for piece in pieces
    ]
    return b"\xff\xd8" + b"".join(parts)


def split_riff(data: bytes) -> list[Piece]:
    """WebP's chunks."""
    pieces, offset = [], 12
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, offset)
        pieces.append(Piece(kind, data[offset + 8 : offset + 8 + size]))
        offset += 8 + size + (size & 1)
    return pieces


def join_riff(pieces: list[Piece]) -> bytes:
    """A WebP file whose outer length is right."""
    body = b"WEBP" + b"".join(
        piece.kind + struct.pack("<I", piece.size & 0xFFFFFFFF) + piece.content + bytes(len(piece.content) & 1)
        for piece in pieces
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def split_boxes(data: bytes) -> list[Piece]:
    """A row of boxes, JUMBF's or AVIF's; what is no box any more is one piece without a kind."""
    pieces, offset = [], 0
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        if size < 8 or offset + size > len(data):
            break
        pieces.append(Piece(kind, data[offset + 8 : offset + size]))
        offset += size
    return [*pieces, Piece(b"", data[offset:])] if offset < len(data) else pieces


def join_boxes(pieces: list[Piece]) -> bytes:
    """The row of boxes; a piece without a kind is written as it is."""
    parts = [
        struct.pack(">I", (piece.size + 8) & 0xFFFFFFFF) + piece.kind + piece.content if piece.kind else piece.content
        for piece in pieces
    ]
    return b"".join(parts)


CONTAINERS = {
    "image/png": Container(split_png, join_png),
    "image/jpeg": Container(split_jpeg, join_jpeg),
    "image/webp": Container(split_riff, join_riff),
    "image/avif": Container(split_boxes, join_boxes),
}

"""Something planted where an assertion was redacted is noticed, although no signature is over that place any more."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from provenance.evidence import examine
from provenance.seal import redact
from tests.provenance.fuzz.mutations import CONTAINERS, Piece, holds_manifest, join_boxes, split_boxes
from tests.provenance.office import Office, Pixels

FIRST_MANIFEST, ASSERTIONS, LAST = 1, 1, -1
PNG = CONTAINERS["image/png"]
Boxes = list[Piece]


def manifests(data: bytes) -> Piece:
    """The outermost box of a PNG's manifest store."""
    return split_boxes(next(piece.content for piece in PNG.split(data) if holds_manifest(piece)))[0]


def inside(box: Piece, path: Sequence[int], change: Callable[[Boxes], Boxes]) -> Piece:
    """The box with the boxes at a path in it changed, and all lengths right."""
    boxes = split_boxes(box.content)
    if not path:
        return replace(box, content=join_boxes(change(boxes)))
    boxes[path[0]] = inside(boxes[path[0]], path[1:], change)
    return replace(box, content=join_boxes(boxes))


def unpadded(by: int) -> Callable[[Boxes], Boxes]:
    """A signature's padding, which nothing covers, shorter: so the file keeps its length and its binding holds."""

    def change(boxes: Boxes) -> Boxes:
        content = boxes[LAST].content
        at = content.rfind(b"cpad\x59") + 5
        left = int.from_bytes(content[at : at + 2], "big") - by
        content = content[:at] + left.to_bytes(2, "big") + content[at + 2 + by :]
        return [*boxes[:LAST], replace(boxes[LAST], content=content)]

    return change


def test_what_is_planted_in_the_place_of_a_redacted_assertion_is_noticed(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels, prompt="what was said")
    less = redact(
        first.data, office.claim(record, office.first_entry(record)), office.identity, labels=["cawg.metadata"]
    )
    assertions = split_boxes(split_boxes(split_boxes(manifests(first.data).content)[FIRST_MANIFEST].content)[1].content)
    taken_out = next(box for box in assertions if b"cawg.metadata\0" in box.content)
    planted = replace(taken_out, content=taken_out.content.replace(b"what was said", b"never said it"))
    store = inside(manifests(less.data), [FIRST_MANIFEST, ASSERTIONS], lambda boxes: [*boxes, planted])
    store = inside(store, [LAST, LAST], unpadded(planted.size + 8))
    pieces = [
        replace(piece, content=join_boxes([store])) if holds_manifest(piece) else piece
        for piece in PNG.split(less.data)
    ]
    forged = PNG.join(pieces)
    assert (len(forged), b"never said it" in forged) == (len(less.data), True)
    found = examine(forged, anchors=office.trust.anchors)
    assert (found.integrity, found.signer, found.failures) == ("altered", "invalid", ("assertion.notRedacted",))

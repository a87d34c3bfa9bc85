"""An organisation at work, in miniature: what the studio does with this library, in the same order."""

import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from PIL import Image, ImageDraw

from provenance.canonical import sha256_hex
from provenance.claims import Claim, Governance, ModelReference, Oversight
from provenance.entries import EntryKind, canonical_entry, commitment, entry_id
from provenance.keys import CheckpointKey, SigningIdentity, TrustStore
from provenance.ledger import Ledger, Receipt
from provenance.renditions import Shape, make_rendition
from provenance.seal import SignedAsset, release, seal
from provenance.verification import Verification, verify

PASSPHRASE = b"correct horse battery"
LOG = "studio.example/health"
_SALT = bytes(range(16))


@dataclass(frozen=True, slots=True)
class Pixels:
    """RGB8 pixels and their size."""

    data: bytes
    width: int
    height: int

    @classmethod
    def gradient(cls, width: int, height: int, *, seed: int = 1) -> "Pixels":
        """A gradient with a little noise, so that it is neither flat nor random."""
        y, x = np.mgrid[0:height, 0:width]
        plane = np.stack([255 * x / width, 255 * y / height, 127 + 0 * x], axis=-1)
        noise = np.random.default_rng(seed).integers(-8, 8, plane.shape)
        return cls((plane + noise).clip(0, 255).astype(np.uint8).tobytes(), width, height)

    @classmethod
    def shapes(cls, width: int, height: int, *, seed: int) -> "Pixels":
        """A drawing: some coloured discs on a light ground, another one for every seed."""
        chance = np.random.default_rng(seed)
        image = Image.new("RGB", (width, height), (240, 236, 225))
        pencil = ImageDraw.Draw(image)
        for _ in range(9):
            x, y, radius = chance.integers(0, width), chance.integers(0, height), chance.integers(8, height // 3)
            red, green, blue = (int(value) for value in chance.integers(0, 255, 3))
            box = (int(x - radius), int(y - radius), int(x + radius), int(y + radius))
            pencil.ellipse(box, fill=(red, green, blue))
        return cls(image.tobytes(), width, height)


@dataclass(slots=True)
class Office:
    """Seals, records, decides, releases and withdraws in one log."""

    identity: SigningIdentity
    key: CheckpointKey
    trust: TrustStore
    ledger: Ledger
    now: datetime
    log: str = LOG
    records: list[str] = field(default_factory=list)
    released: list[SignedAsset] = field(default_factory=list)

    def claim(self, record: str, entry: UUID, **changes: Any) -> Claim:
        """A claim about a picture; `approver_role` makes it a release's."""
        digest = sha256_hex(b"something")
        approved = {name: changes.pop(name) for name in ("approver_role", "decision_leaf_index") if name in changes}
        facts: dict[str, Any] = {
            "title": "Mosquito net, rainy season",
            "producer": "Health Office",
            "when": self.now,
            "model": ModelReference("Starter", "r1", digest, "Apache-2.0", digest),
            "software": ("Imprimatur", "0.1.0"),
            "parameters": {"steps": 20, "guidance": 3.5},
            "governance": Governance(
                record=record, request_digest=digest, prompt_commitment=commitment("a net", _SALT), seed=str(2**63),
                scheduler="FlowMatchEulerDiscreteScheduler", policy_digest=digest, decision_ids=("decision-1",),
                log_origin=self.log, entry_id=str(entry), checkpoint_size=0, checkpoint_root="", **approved,
            ),
            "oversight": Oversight.HUMAN_VALIDATED if approved else Oversight.PROMPT_GUIDED,
            "training_mining": {"cawg.ai_training": "notAllowed", "cawg.ai_generative_training": "notAllowed"},
        }  # fmt: skip
        return Claim(**(facts | changes))

    def seal(
        self, pixels: Pixels, *, media_type: str = "image/png", reference: bytes | None = None, **changes: Any
    ) -> tuple[str, SignedAsset]:
        """A sealed picture under a new record, not yet recorded."""
        record = f"urn:uuid:{uuid4()}"
        claim = self.claim(record, entry_id(self.log, EntryKind.PICTURE, record), **changes)
        size = (pixels.width, pixels.height)
        return record, seal(pixels.data, *size, claim, self.identity, media_type=media_type, reference=reference)

    def edit(
        self, pixels: Pixels, source: bytes, *, media_type: str = "image/png", **changes: Any
    ) -> tuple[str, SignedAsset]:
        """A sealed picture that was made out of another file, not yet recorded."""
        record = f"urn:uuid:{uuid4()}"
        claim = self.claim(record, entry_id(self.log, EntryKind.PICTURE, record), **changes)
        size = (pixels.width, pixels.height)
        return record, seal(pixels.data, *size, claim, self.identity, media_type=media_type, source=source)

    def render(self, record: str, released: SignedAsset, shape: Shape) -> SignedAsset:
        """A recorded rendition of a released picture."""
        claim = self.claim(record, entry_id(self.log, EntryKind.RENDITION, shape.name), approver_role="reviewer")
        made = make_rendition(released.data, shape, claim, self.identity)
        row = f"{record} {shape.name}"
        self.ledger.append(
            self.entry(EntryKind.RENDITION, record, made, row=row, parent=released.sha256, title=shape.title)
        )
        return made

    def first_entry(self, record: str) -> UUID:
        """The id that the picture's first entry has or will have."""
        return entry_id(self.log, EntryKind.PICTURE, record)

    def append(self, kind: EntryKind, record: str | None, asset: SignedAsset | None = None, **body: Any) -> Receipt:
        """Record something; the row that causes it is the record itself."""
        return self.ledger.append(self.entry(kind, record, asset, row=record or str(uuid4()), **body))

    def entry(
        self, kind: EntryKind, record: str | None, asset: SignedAsset | None = None, *, row: str, **body: Any
    ) -> bytes:
        """The canonical bytes of an entry."""
        return canonical_entry(
            log=self.log, entry_id=entry_id(self.log, kind, row), kind=kind, at=self.now, record=record,
            asset=asset.entry if asset else None, body=body,
        )  # fmt: skip

    def make(self, pixels: Pixels, **changes: Any) -> tuple[str, SignedAsset]:
        """A sealed and recorded picture."""
        record, asset = self.seal(pixels, **changes)
        self.append(EntryKind.PICTURE, record, asset)
        self.records.append(record)
        return record, asset

    def publish(self, record: str, first: SignedAsset) -> SignedAsset:
        """Approve, release and record it."""
        decision = self.append(EntryKind.DECISION, record, first, outcome="APPROVED")
        claim = self.claim(
            record,
            entry_id(self.log, EntryKind.RELEASE, record),
            approver_role="reviewer",
            decision_leaf_index=decision.sequence,
        )
        released = release(first.data, claim, self.identity)
        self.append(EntryKind.RELEASE, record, released, parent=first.sha256)
        self.released.append(released)
        return released


def flip(data: bytes) -> bytes:
    """The file with one bit of its picture or sound data changed, outside of every manifest."""
    marks = (b"IDAT", b"\xff\xda\x00\x0c", b"VP8L", b"mdat", b"data\x40\x1f")
    start = max(data.find(mark) for mark in marks if mark in data)
    changed = bytearray(data)
    changed[start + 100] ^= 1
    return bytes(changed)


def check(data: bytes, office: Office) -> Verification:
    """The verdict on a file, in this process."""
    return verify(data, trust=office.trust, ledger=office.ledger)


def resaved(data: bytes, format_: str = "PNG", **options: Any) -> bytes:
    """The picture as any program saves it: the credential and the XMP are gone."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(file, format_, **options)
    return file.getvalue()

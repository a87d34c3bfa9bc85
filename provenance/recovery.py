"""Finding the record of a picture without its credential: by its pixels, its watermark, its looks, or a part of it.

What is found this way is a hint: the hard binding that proves a file is gone with the manifest. Exact pixels are as
good as the digest. A fingerprint alone also matches pictures that merely look alike, so it is cross-checked: where
landmarks are known on both sides and next to none agree, it is another picture of the same motif, and not taken.
A watermark can be copied from one picture into another, so it is cross-checked as well: a whole picture with the mark
of a record that does not look like it is not taken for it (`transplanted`); of a part the looks may not be comparable,
and the sentence says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from provenance.entries import EntryKind
from provenance.evidence import Evidence
from provenance.fingerprint import BITS, LARGEST_DISTANCE, distance
from provenance.landmarks import MOST_LANDMARKS, Agreement, Seen, agreement, raw_bytes, unpack, unpack_views
from provenance.ledger import Ledger, LedgerEntry

FILE_KINDS = frozenset({EntryKind.PICTURE, EntryKind.RELEASE, EntryKind.RENDITION})
LEAST_TO_CONFIRM = 4
"""As many landmarks must agree before a matching fingerprint counts; fewer than are needed without one."""
OTHER_LOOKS = 48
"""Beyond so many differing bits a whole picture looks like another one: no re-encoding or recolouring goes as far."""
BY_MARK = 60
"""How sure a mark alone is, of 100: it was certainly put there, but perhaps copied."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The recorded file that a picture comes from, by its entry.

    `bits` of the fingerprint differ, and `agreed` is what the landmarks say, each None where either picture has none.
    `exact`: its pixels are those of the recorded file. `marked`: it carries that file's watermark; `whole`: it seems to
    be all of what was marked, None if unknown.
    """

    entry: LedgerEntry
    exact: bool
    bits: int | None = None
    agreed: Agreement | None = None
    marked: bool = False
    whole: bool | None = None

    @property
    def record(self) -> str:
        """The record of the recorded file."""
        return str(self.entry.record)

    @property
    def sha256(self) -> str:
        """The digest of the recorded file."""
        return str((self.entry.asset or {})["sha256"])

    @property
    def likeness(self) -> int:
        """How sure this is, 0 to 100: bits of the fingerprint or landmarks in common, whichever says more."""
        if self.exact:
            return 100
        looks = 1 - self.bits / BITS if self.bits is not None and self.bits <= LARGEST_DISTANCE else 0.0
        part = self.agreed.share if self.agreed is not None and self.agreed.enough else 0.0
        return max(round(100 * max(looks, part)), BY_MARK if self.marked else 0)

    @property
    def looks_alike(self) -> bool:
        """Whether fingerprint or landmarks say that it is this picture or a part of it."""
        if self.agreed is not None and self.agreed.enough:
            return True
        confirmed = self.agreed is None or self.agreed.landmarks >= LEAST_TO_CONFIRM
        return self.bits is not None and self.bits <= LARGEST_DISTANCE and confirmed

    @property
    def transplanted(self) -> bool:
        """Whether the mark must come from elsewhere: the picture is whole and looks like another one."""
        other = self.bits is not None and self.bits > OTHER_LOOKS
        return self.marked and self.whole is True and other and not self.looks_alike

    @property
    def found(self) -> bool:
        """Whether mark or looks say enough to name this record.

        Where both have landmarks and next to none agree, it is another picture of the same motif.
        """
        return self.exact or self.looks_alike or (self.marked and not self.transplanted)

    @property
    def how(self) -> str:
        """A sentence on how it was found and what that is worth."""
        if self.exact:
            return "Found by its pixels, exactly those of a recorded file; the hard binding is not verifiable."
        if self.marked:
            return self._by_mark
        if self.bits is not None and self.bits <= LARGEST_DISTANCE:
            return (
                f"Found by its fingerprint, of which {self.bits} of {BITS} bits differ from a recorded file's, as after"
                f" re-encoding or resizing{self._confirmed}; the hard binding is not verifiable, and it may only look"
                " alike."
            )
        return (
            f"Found by its landmarks: {self._count} of {MOST_LANDMARKS} places of a recorded file are in it, arranged"
            " as there, as after cropping or framing; the hard binding is not verifiable, and what was cut away or"
            " added is not known."
        )

    @property
    def _by_mark(self) -> str:
        if self.looks_alike:
            return "Found by its watermark, and it looks like the recorded file; the hard binding is not verifiable."
        return (
            "Found by its watermark; the hard binding is not verifiable. It is a part of the recorded file or was"
            " changed a good deal, so the looks do not confirm it: compare it with the original, for a watermark can be"
            " copied."
        )

    @property
    def _confirmed(self) -> str:
        return f", and {self._count} of {MOST_LANDMARKS} landmarks agree" if self.agreed is not None else ""

    @property
    def _count(self) -> int:
        return self.agreed.landmarks if self.agreed is not None else 0


def find_twin(evidence: Evidence, ledger: Ledger) -> Twin | None:
    """The best recorded file for a picture: by its pixels, watermark, or looks; the surest, released files first."""
    exact = [Twin(entry, exact=True) for entry in ledger.by_pixels(evidence.pixel_sha256) if _is_file(entry)]
    if exact:
        return _released_first(exact)
    alike = find_alike(evidence, ledger, most=10)
    best = [twin for twin in alike if (twin.marked, twin.likeness) == (alike[0].marked, alike[0].likeness)]
    return _released_first(best) if best else None


def transplanted(evidence: Evidence, ledger: Ledger) -> Twin | None:
    """The recorded file whose watermark a whole picture carries without looking like it."""
    copied = [twin for twin in _marked(evidence, ledger, unpack_views(evidence.views)) if twin.transplanted]
    return _released_first(copied) if copied else None


def find_alike(evidence: Evidence, ledger: Ledger, *, most: int) -> list[Twin]:
    """The recorded files whose mark a picture carries, then those it looks like or is a part of, the surest first."""
    seen = unpack_views(evidence.views)
    whole = (
        ledger.by_fingerprint(evidence.fingerprint, within=LARGEST_DISTANCE, most=most) if evidence.fingerprint else ()
    )
    parts = ledger.by_landmarks(seen, most=most) if len(seen.codes) else ()
    marked = {twin.entry.entry_id: twin for twin in _marked(evidence, ledger, seen)}
    entries = {entry.entry_id: entry for entry, _ in (*whole, *parts) if _is_file(entry)}
    looks = [compare(entry, evidence.fingerprint, seen) for key, entry in entries.items() if key not in marked]
    found = [twin for twin in (*marked.values(), *looks) if twin.found]
    return sorted(found, key=lambda twin: (not twin.marked, -twin.likeness))[:most]


def _marked(evidence: Evidence, ledger: Ledger, seen: Seen) -> list[Twin]:
    """The recorded files with the mark that was read, their looks beside the picture's."""
    if not evidence.watermark:
        return []
    entries = [entry for entry in ledger.by_watermark(evidence.watermark) if _is_file(entry)]
    twins = [compare(entry, evidence.fingerprint, seen) for entry in entries]
    return [replace(twin, marked=True, whole=evidence.whole) for twin in twins]


def compare(entry: LedgerEntry, fingerprint: str, seen: Seen) -> Twin:
    """A picture's looks beside those of one entry, however it was found: a watermark may have been transplanted."""
    asset = entry.asset or {}
    recorded = unpack(raw_bytes(asset.get("landmarks", "")))
    code = asset.get("fingerprint", "")
    return Twin(
        entry,
        exact=False,
        bits=distance(code, fingerprint) if code and fingerprint else None,
        agreed=agreement(recorded, seen) if len(recorded.codes) and len(seen.codes) else None,
    )


def _is_file(entry: LedgerEntry) -> bool:
    return entry.kind in FILE_KINDS and entry.record is not None


def _released_first(twins: Iterable[Twin]) -> Twin:
    return min(twins, key=lambda twin: (twin.entry.kind is EntryKind.PICTURE, twin.entry.log, twin.entry.sequence))

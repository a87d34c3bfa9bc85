"""Finding the record of a picture that came without its credential, by its pixels or by its looks.

What is found this way is a hint: the hard binding that proves a file is gone with the manifest. Exact pixels are as
good as the digest; a fingerprint also matches pictures that merely look alike, and the sentence says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from provenance.entries import EntryKind
from provenance.evidence import Evidence
from provenance.fingerprint import BITS, LARGEST_DISTANCE
from provenance.ledger import Ledger, LedgerEntry

FILE_KINDS = frozenset({EntryKind.PICTURE, EntryKind.RELEASE, EntryKind.RENDITION})


@dataclass(frozen=True, slots=True)
class Twin:
    """The recorded file that a picture comes from: its entry, the differing bits of the fingerprint, 0 if exact."""

    entry: LedgerEntry
    exact: bool
    bits: int

    @property
    def record(self) -> str:
        """The record of the recorded file."""
        return str(self.entry.record)

    @property
    def sha256(self) -> str:
        """The digest of the recorded file."""
        return str((self.entry.asset or {})["sha256"])

    @property
    def how(self) -> str:
        """A sentence on how it was found and what that is worth."""
        if self.exact:
            return "Found by its pixels, exactly those of a recorded file; the hard binding is not verifiable."
        return (
            f"Found by its fingerprint, of which {self.bits} of {BITS} bits differ from a recorded file's, as after"
            " re-encoding or resizing; the hard binding is not verifiable, and it may only look alike."
        )


def find_twin(evidence: Evidence, ledger: Ledger) -> Twin | None:
    """The best recorded file for a picture: exact pixels before looks, released files before others, then nearest."""
    exact = [entry for entry in ledger.by_pixels(evidence.pixel_sha256) if _is_file(entry)]
    if exact:
        return Twin(_released_first(exact), exact=True, bits=0)
    if not evidence.fingerprint:
        return None
    near = ledger.by_fingerprint(evidence.fingerprint, within=LARGEST_DISTANCE)
    files = [(entry, bits) for entry, bits in near if _is_file(entry)]
    if not files:
        return None
    nearest = files[0][1]
    return Twin(_released_first(entry for entry, bits in files if bits == nearest), exact=False, bits=nearest)


def _is_file(entry: LedgerEntry) -> bool:
    return entry.kind in FILE_KINDS and entry.record is not None


def _released_first(entries: Iterable[LedgerEntry]) -> LedgerEntry:
    return min(entries, key=lambda entry: (entry.kind is EntryKind.PICTURE, entry.log, entry.sequence))

"""From a soft binding, or a picture, to the recorded files it may be of: what C2PA calls soft binding resolution.

A soft binding is a value that can be computed from a picture again once its manifest is gone: a fingerprint or the
payload of a watermark. Each algorithm is one `Algorithm` in `ALGORITHMS`, under its name on C2PA's list; another one
is another line there. What is found is a hint (see `recovery`), and whether it may be shown is the caller's business.

Sources: C2PA 2.4 (soft bindings), C2PA Soft Binding Resolution API 1.0.0, C2PA soft binding algorithm list.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from provenance import fingerprint
from provenance.errors import UnreadableAssetError
from provenance.isolation import examine_isolated
from provenance.keys import TrustStore
from provenance.ledger import Ledger, LedgerEntry
from provenance.recovery import BY_MARK, FILE_KINDS, find_alike
from provenance.watermark import SpreadSpectrum, mark_name

_ISCC_CHARACTERS = 60


class Kind(StrEnum):
    """What an algorithm computes its value from: what was put into the picture, or what is to be seen."""

    WATERMARK = "watermarks"
    FINGERPRINT = "fingerprints"


@dataclass(frozen=True, slots=True)
class Match:
    """A recorded file that a value or a picture may be of: its record and digest, and how sure that is, 0 to 100."""

    record: str
    sha256: str
    score: int


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One kind of soft binding. `find` looks a value up; it raises ValueError for what is no value of this kind."""

    name: str
    kind: Kind
    find: Callable[[Ledger, bytes, int], list[Match]]


def by_binding(ledger: Ledger, name: str, value: str, *, most: int) -> list[Match]:
    """The recorded files with this soft binding, surest first; `value` is base64 of what the algorithm defines.

    Raises ValueError for an algorithm that is not in `ALGORITHMS` and for what is no value of it.
    """
    algorithm = ALGORITHMS.get(name)
    if algorithm is None:
        raise ValueError(f"alg: {name!r} is not supported; {', '.join(ALGORITHMS)} can be asked for")
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError("value: not base64") from error
    return algorithm.find(ledger, raw, most)


def by_content(data: bytes, *, trust: TrustStore, ledger: Ledger, most: int, watermark: str = "") -> list[Match]:
    """The recorded files that a stranger's picture is, looks like or is a part of, surest first.

    It is read in a limited process; `watermark` is a line of configuration for `open_watermark`, empty for none. Raises
    UnreadableAssetError for what is no picture.
    """
    evidence = examine_isolated(data, anchors=trust.anchors, watermark=watermark)
    if not evidence.pixel_sha256:
        raise UnreadableAssetError("file: its pixels cannot be read")
    same = [*ledger.by_asset(evidence.sha256), *ledger.by_pixels(evidence.pixel_sha256)]
    exact = [match for entry in same if (match := _match(entry, 100))]
    alike = [match for twin in find_alike(evidence, ledger, most=most) if (match := _match(twin.entry, twin.likeness))]
    return _once([*exact, *alike])[:most]


def _by_iscc(ledger: Ledger, value: bytes, most: int) -> list[Match]:
    """`value` is the ISCC as text, as it stands in our manifests, or the 32 bytes of its body."""
    iscc = value.decode("ascii", "replace") if len(value) == _ISCC_CHARACTERS else fingerprint.from_bits(value)
    found = ledger.by_fingerprint(iscc, within=fingerprint.LARGEST_DISTANCE, most=most)
    scored = ((entry, round(100 * (1 - bits / fingerprint.BITS))) for entry, bits in found)
    return _once(match for entry, score in scored if (match := _match(entry, score)))


def _by_mark(ledger: Ledger, value: bytes, most: int) -> list[Match]:
    """`value` is the payload of our own watermark: its bytes, or their hexadecimal text as it stands in manifests."""
    capacity = SpreadSpectrum.capacity
    payload = bytes.fromhex(value.decode("ascii", "replace")) if len(value) == 2 * capacity else value
    if len(payload) != capacity:
        raise ValueError(f"value: {len(value)} bytes; a payload of {SpreadSpectrum.algorithm} has {capacity}")
    entries = ledger.by_watermark(mark_name(SpreadSpectrum.algorithm, payload))
    return _once(match for entry in entries if (match := _match(entry, BY_MARK)))[:most]


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            Algorithm(fingerprint.ALGORITHM, Kind.FINGERPRINT, _by_iscc),
            Algorithm(SpreadSpectrum.algorithm, Kind.WATERMARK, _by_mark),
        )
    }
)
"""The algorithms that can be asked for, by name."""


def _match(entry: LedgerEntry, score: int) -> Match | None:
    if entry.kind not in FILE_KINDS or entry.record is None or entry.asset is None:
        return None
    return Match(entry.record, entry.asset["sha256"], score)


def _once(matches: Iterable[Match]) -> list[Match]:
    """One match a record, the surest: a picture and its release have the same looks."""
    best: dict[str, Match] = {}
    for match in matches:
        if match.record not in best or match.score > best[match.record].score:
            best[match.record] = match
    return sorted(best.values(), key=lambda match: -match.score)

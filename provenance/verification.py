"""Is this picture ours? One answer for the command line, the public page and the API.

- The file's evidence and the ledger are read; the precedence of the verdicts is that of `judge`, top to bottom.
- A signature alone is not enough: a file signed with our key but not recorded is what a stolen key would make.
- A row in the database alone is not enough either: it must be in the log that a checkpoint signed.
- When the ledger cannot be asked there is no verdict: LedgerUnavailableError passes through.
- "no-credentials" proves nothing, and its reason says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provenance.entries import EntryKind
from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence, Integrity, examine
from provenance.isolation import examine_isolated
from provenance.keys import TrustStore
from provenance.ledger import Ledger, LedgerEntry
from provenance.recovery import FILE_KINDS, Twin, find_twin, transplanted
from provenance.watermark import Watermark


class Verdict(StrEnum):
    """The answers of a check."""

    OURS = "ours"
    NOT_RELEASED = "not-released"
    UNRECORDED = "unrecorded"
    WITHDRAWN = "withdrawn"
    OURS_RECOVERED = "ours-recovered"
    ALTERED = "altered"
    OTHER_SIGNER = "other-signer"
    NO_CREDENTIALS = "no-credentials"
    UNREADABLE = "unreadable"


_OWN = {"released": Verdict.OURS, "withdrawn": Verdict.WITHDRAWN}
_STRIP = "It shows moments of how the picture was made. Such a strip is recorded with its picture and never released."
_RECOVERED = {"released": Verdict.OURS_RECOVERED, "withdrawn": Verdict.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict and what it rests on, each part apart from the others.

    `integrity`: intact, altered, none, unreadable. `signer`: none, invalid, unlisted, trusted:<organisation>,
    revoked:<organisation>.
    `ledger`: recorded, unrecorded, not-asked (about what is no picture). `status`: released, not-released, withdrawn,
    none.
    `reasons` are whole sentences without personal data, for publication.
    """

    verdict: Verdict
    integrity: str
    signer: str
    ledger: str
    status: str
    record: str | None
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The answer as plain JSON."""
        return {
            "verdict": self.verdict.value,
            "integrity": str(self.integrity),
            "signer": self.signer,
            "ledger": self.ledger,
            "status": self.status,
            "record": self.record,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the ledger says about a record's file: `entry` is the file's own entry, None if it has none."""

    status: str
    entry: LedgerEntry | None
    reasons: tuple[str, ...]


def verify(data: bytes, *, trust: TrustStore, ledger: Ledger, watermark: Watermark | None = None) -> Verification:
    """Check a file in this process. Raises LedgerUnavailableError instead of giving a verdict without the ledger."""
    try:
        evidence = examine(data, anchors=trust.anchors, watermark=watermark)
    except UnreadableAssetError as error:
        return _unreadable(error)
    return judge(evidence, trust, ledger)


def verify_isolated(data: bytes, *, trust: TrustStore, ledger: Ledger, watermark: str = "") -> Verification:
    """Check a file from a stranger: it is parsed in a limited process without network, whose death is "unreadable".

    `watermark` is a line of configuration for `open_watermark`, empty for none.
    """
    try:
        evidence = examine_isolated(data, anchors=trust.anchors, watermark=watermark)
    except UnreadableAssetError as error:
        return _unreadable(error)
    return judge(evidence, trust, ledger)


def _unreadable(error: UnreadableAssetError) -> Verification:
    return Verification(
        Verdict.UNREADABLE, Integrity.UNREADABLE, signer="none", ledger="not-asked", status="none", record=None,
        reasons=(str(error),),
    )  # fmt: skip


def judge(evidence: Evidence, trust: TrustStore, ledger: Ledger) -> Verification:
    """What evidence amounts to, however it was taken. Raises LedgerUnavailableError."""
    if evidence.integrity == Integrity.ALTERED:
        return _altered(evidence, ledger)
    if evidence.integrity == Integrity.NONE:
        return _without_manifest(evidence, trust, ledger)
    if evidence.signer.startswith("revoked:"):
        return _revoked(evidence, trust, ledger)
    if not evidence.signer.startswith("trusted:"):
        return _foreign(evidence, ledger)
    return _own(evidence, trust, ledger)


def _altered(evidence: Evidence, ledger: Ledger) -> Verification:
    reasons = [f"The credential does not match the file: {', '.join(evidence.failures) or 'it cannot be read'}."]
    twin = find_twin(evidence, ledger)
    if twin and twin.exact:
        reasons.append(f"Its pixels are those of {twin.record}: only data around them was changed.")
    elif evidence.record:
        reasons.append(f"The credential was made for {evidence.record}; compare with the original.")
    elif twin:
        reasons.append(f"{_likeness(twin)} our {twin.record}; compare with the original.")
    return _answer(Verdict.ALTERED, evidence, ledger="unrecorded", status="none", reasons=reasons)


def _foreign(evidence: Evidence, ledger: Ledger) -> Verification:
    reasons = ["The credential is intact, but its signer is on none of our trust lists."]
    if twin := find_twin(evidence, ledger):
        reasons.append(f"{_likeness(twin)} our {twin.record}: somebody may have signed our picture again.")
    return _answer(Verdict.OTHER_SIGNER, evidence, ledger="unrecorded", status="none", reasons=reasons)


def _without_manifest(evidence: Evidence, trust: TrustStore, ledger: Ledger) -> Verification:
    twin = find_twin(evidence, ledger)
    history = _history(ledger, trust, twin.record, log=twin.entry.log) if twin else []
    standing = _standing(history, twin.sha256 if twin else "")
    if twin is None or standing.entry is None:
        reasons = ["The file carries no credential and was not found in the ledger, which proves nothing."]
        if copied := transplanted(evidence, ledger):
            reasons.append(
                f"It carries the watermark of our {copied.record} but looks like another picture: the mark was probably"
                " copied into it."
            )
        return _answer(Verdict.NO_CREDENTIALS, evidence, ledger="unrecorded", status="none", reasons=reasons)
    verdict = _RECOVERED.get(standing.status, Verdict.NOT_RELEASED)
    reasons = [twin.how, *standing.reasons]
    return _answer(verdict, evidence, ledger="recorded", status=standing.status, reasons=reasons, record=twin.record)


def _likeness(twin: Twin) -> str:
    if twin.exact:
        return "Its pixels are those of"
    return "It carries the watermark of" if twin.marked else "It looks like"


def _own(evidence: Evidence, trust: TrustStore, ledger: Ledger) -> Verification:
    history = _history(ledger, trust, evidence.record or "", log=evidence.log or "")
    standing = _standing(history, evidence.sha256)
    if standing.entry is None:
        reasons = [*standing.reasons, _unexplained(evidence, ledger)]
        return _answer(Verdict.UNRECORDED, evidence, ledger="unrecorded", status="none", reasons=reasons)
    if not _signed_in_time(evidence, standing.entry):
        late = ["Its certificate had ended before the file was recorded: nothing shows that it was signed in time."]
        return _answer(Verdict.UNRECORDED, evidence, ledger="recorded", status=standing.status, reasons=late)
    verdict = _OWN.get(standing.status, Verdict.NOT_RELEASED)
    reasons = [*standing.reasons, *_signed_before(evidence)]
    return _answer(verdict, evidence, ledger="recorded", status=standing.status, reasons=reasons)


def _signed_before(evidence: Evidence) -> Iterator[str]:
    """Why a key that was revoked later does not matter for a file."""
    if evidence.revoked_since:
        yield (
            f"Its key was revoked as of {evidence.revoked_since[:10]}; a time-stamp by {evidence.stamped_by} shows that"
            f" the file was signed before, on {evidence.stamped_at[:10]}."
        )


def _revoked(evidence: Evidence, trust: TrustStore, ledger: Ledger) -> Verification:
    """A key that was taken back signs nothing any more; that the ledger has the file does not change it.

    Whoever had the key may have had the ledger's too, so only a time-stamp, the word of somebody else, says when.
    """
    standing = _standing(_history(ledger, trust, evidence.record or "", log=evidence.log or ""), evidence.sha256)
    recorded = "recorded" if standing.entry else "unrecorded"
    known = "no time-stamp shows that the file was signed before"
    if evidence.stamped_at:
        known = f"the file was signed later, at {evidence.stamped_at}"
    reasons = [f"Its key was revoked as of {evidence.revoked_since} ({evidence.revoked_why}); {known}."]
    return _answer(Verdict.UNRECORDED, evidence, ledger=recorded, status=standing.status, reasons=reasons)


def _unexplained(evidence: Evidence, ledger: Ledger) -> str:
    twin = find_twin(evidence, ledger)
    if twin and twin.exact and twin.record == evidence.record:
        return "Its pixels are those of the recorded file: it was signed again, or changed where no signature reaches."
    return "Treat it as made with a stolen key until the organisation has explained it."


def _answer(
    verdict: Verdict, evidence: Evidence, *, ledger: str, status: str, reasons: Iterable[str], record: str | None = None
) -> Verification:
    record = record or evidence.record
    return Verification(verdict, evidence.integrity, evidence.signer, ledger, status, record, tuple(reasons))


def _signed_in_time(evidence: Evidence, entry: LedgerEntry) -> bool:
    """An expired certificate does not undo a signature: the ledger says when the file was recorded.

    Times are RFC 3339 in UTC with the same layout up to the second, so they compare as text.
    """
    return not evidence.expired or evidence.not_before[:19] <= entry.at[:19] <= evidence.not_after[:19]


def _history(ledger: Ledger, trust: TrustStore, record: str, *, log: str) -> list[LedgerEntry]:
    """A record's entries in its log; a row that the signed log does not contain counts as not there."""
    entries = [entry for entry in ledger.by_record(record) if entry.log == log]
    return ledger.proven(log, entries, trust.checkpoint_keys(log))


def _standing(history: list[LedgerEntry], sha256: str) -> _Standing:
    own = [entry for entry in history if entry.kind in FILE_KINDS and entry.asset and entry.asset["sha256"] == sha256]
    strips = [entry for entry in history if sha256 and entry.body.get("process") == sha256]
    if not own and strips:
        return _Standing("not-released", strips[0], (_STRIP,))
    if not own:
        return _Standing("none", None, ("The signed log of the ledger has no entry for this file.",))
    withdrawals = [entry for entry in history if entry.kind is EntryKind.WITHDRAWAL]
    if withdrawals:
        return _Standing("withdrawn", own[0], (_withdrawn(withdrawals[-1]),))
    released = [entry for entry in own if entry.kind is EntryKind.RELEASE]
    if released:
        return _Standing("released", released[-1], (f"Recorded and released on {released[-1].at[:10]}.",))
    made = [entry for entry in own if entry.kind is EntryKind.RENDITION]
    if made and any(entry.kind is EntryKind.RELEASE for entry in history):
        named = made[-1].body.get("title") or "another size or format"
        return _Standing(
            "released", made[-1], (f"A rendition ({named}) of a released picture, recorded on {made[-1].at[:10]}.",)
        )
    return _Standing("not-released", own[0], (_not_released(history),))


def _withdrawn(entry: LedgerEntry) -> str:
    reason = entry.body.get("public_reason") or "no public reason was given"
    return f"Withdrawn on {entry.at[:10]}: {reason}."


def _not_released(history: list[LedgerEntry]) -> str:
    if any(entry.kind is EntryKind.RELEASE for entry in history):
        return "This is the file from before the release; the released file of the record is another one."
    if any(str(entry.body.get("outcome", "")).lower() == "rejected" for entry in history):
        return "The picture was rejected in review and never released."
    return "The picture is recorded, but it was not released."

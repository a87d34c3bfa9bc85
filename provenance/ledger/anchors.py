"""Time-stamps over checkpoints: somebody else's word on when a log had the entries it has.

- What is stamped is a checkpoint's signed note and the digest of the stamp before, so each one renews all earlier ones:
  an old stamp is worth something after its authority's certificate has ended if a later one was made in time.
- Renewal never touches a released file: it is about the log, which holds every file's digest.
- Which stamp is due is decided here; asking for it is the caller's business.

Sources: RFC 3161; RFC 4998 for the idea of renewing a stamp by the next one.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from provenance.timestamps.stamps import TimeStamp, open_stamp

_RENEW_AT_MOST_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The stamp `number` of a log, counted from 0: a token (DER) about its checkpoint of `size` entries."""

    number: int
    size: int
    token: bytes


def statement(note: str, before: Anchor | None) -> bytes:
    """The text that is stamped: a checkpoint's note, then the SHA-256 of the token before, or `none`."""
    digest = hashlib.sha256(before.token).hexdigest() if before else "none"
    return f"{note}\ntoken before: {digest}\n".encode()


def is_due(last: TimeStamp | None, *, grown: bool, now: datetime, every: timedelta, notice: timedelta) -> bool:
    """Whether a log needs a stamp now. `grown`: it has a checkpoint that the last stamp is not about.

    One is due when the log grew and the last is older than `every`; and, grown or not, when the certificate of the
    last one's authority ends within `notice`, so that the new one is made while the old one can still be believed.
    """
    if last is None or (grown and last.at + every <= now):
        return True
    return last.ends - now < notice and last.at + _RENEW_AT_MOST_EVERY <= now


def faults(
    anchors: Sequence[Anchor], notes: Mapping[int, str], *, roots_pem: bytes, now: datetime
) -> Iterator[tuple[int, str]]:
    """What is wrong with a log's stamps, the last first: the size of the checkpoint, and a sentence.

    `anchors` are in their order, `notes` the checkpoints' by size. A stamp must be about its checkpoint's note, under a
    root for time-stamps, and its certificate must last until the next stamp was made, or until now.
    """
    until = now
    for place in range(len(anchors) - 1, -1, -1):
        anchor = anchors[place]
        if anchor.number != place:
            yield anchor.size, f"the time-stamp {place} of the log is missing"
            return
        before = anchors[place - 1] if place else None
        try:
            stamp = open_stamp(anchor.token, statement(notes.get(anchor.size, ""), before), roots_pem=roots_pem)
        except ValueError as error:
            yield anchor.size, f"the time-stamp {anchor.number} does not hold: {error}"
            continue
        if stamp.ends <= until:
            yield anchor.size, f"the certificate of the time-stamp {anchor.number} ended before it was renewed"
        until = min(until, stamp.at)

"""Sends mutated files through the check, each in the limited process that strangers' files are read in.

What is held against it, file by file:
- the reader neither dies nor takes more than its ten seconds (its memory is the limited process's own limit); a file
  that is too slow or silent is tried again, because a busy machine is no finding and a slow file is slow every time;
- no verdict on changed bytes is `ours`, and a credential called intact goes with the very pixels that were signed.

In every fiftieth file a watermark is looked for too, which takes many times as long as all the rest.

Progress is kept in a file, number by number, so a run that was stopped goes on where it was. A file that failed is
kept beside it under its number, and `mutated` makes it again from the number alone.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provenance import reader
from provenance.canonical import sha256_hex
from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence, Integrity
from provenance.isolation import close_keepers, examine_isolated
from provenance.keys import CheckpointKey, SigningIdentity, TrustStore, create_authority
from provenance.ledger import Ledger, create_tables
from provenance.pictures import MEDIA_TYPES, decode
from provenance.verification import Verdict, judge
from provenance.watermark import create_key
from tests.provenance.fuzz.mutations import mutate
from tests.provenance.office import PASSPHRASE, Office, Pixels

_SAVE_EVERY = 200
_MARK_EVERY = 50
_TRIES = 3
_DEATHS = ("ended with status", "died", " seconds")


@dataclass(frozen=True, slots=True)
class Seed:
    """A genuine file: what is mutated."""

    name: str
    media_type: str
    data: bytes
    pixel_sha256: str


@dataclass(slots=True)
class Progress:
    """How far a run has come: the next number, verdicts by count, failures by number, the slowest file's seconds.

    `repeated` counts the tries that a busy machine cost.
    """

    next: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0
    repeated: int = 0

    @classmethod
    def load(cls, path: Path) -> "Progress":
        """The progress kept in a file, or none yet."""
        if not path.exists():
            return cls()
        kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**kept, "verdicts": Counter(kept["verdicts"])})

    def save(self, path: Path) -> None:
        """Keep it, whole or not at all."""
        partial = path.with_suffix(".part")
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        partial.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        partial.replace(path)


class Run:
    """One run in a folder of its own: keys, a ledger with released files, and the progress."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.progress = Progress.load(folder / "progress.json")
        self.office = _office(folder)
        self.seeds = _seeds(folder, self.office)
        self.watermark = _watermark(folder)

    def steps(self, files: int) -> Iterator[Progress]:
        """Check the files from where the run is up to the number `files`, one a step."""
        try:
            while self.progress.next < files:
                self._check(self.progress.next)
                self.progress.next += 1
                if self.progress.next % _SAVE_EVERY == 0 or self.progress.next == files:
                    self.progress.save(self.folder / "progress.json")
                yield self.progress
        finally:
            self.progress.save(self.folder / "progress.json")
            close_keepers()

    def mutated(self, number: int) -> tuple[Seed, bytes]:
        """The seed and the broken file of a number, always the same in one folder."""
        chance = random.Random(number)  # to be repeated, not to be secret
        seed = chance.choice(self.seeds)
        return seed, mutate(seed.data, seed.media_type, chance)

    def retry(self) -> None:
        """Check again what failed before, which may have been mended; what passes now is no failure any more."""
        try:
            for number in [int(number) for number in self.progress.failures]:
                del self.progress.failures[str(number)]
                self._check(number)
        finally:
            self.progress.save(self.folder / "progress.json")

    def _check(self, number: int) -> None:
        seed, data = self.mutated(number)
        for tries in range(1, _TRIES + 1):
            begin = time.monotonic()
            verdict, failure = self._verdict(seed, data, watermark="" if number % _MARK_EVERY else self.watermark)
            seconds = time.monotonic() - begin
            late = seconds > reader.DEADLINE_SECONDS
            if not late or tries == _TRIES:
                break
            self.progress.repeated += 1
        self.progress.verdicts[verdict] += 1
        self.progress.slowest = max(self.progress.slowest, seconds)
        failure = failure or (f"it took {seconds:.1f} seconds" if late else None)
        if failure is not None:
            self.progress.failures[str(number)] = failure
            (self.folder / f"failed-{number}").write_bytes(data)

    def _verdict(self, seed: Seed, data: bytes, *, watermark: str) -> tuple[str, str | None]:
        """What the check says, and what is wrong with that."""
        try:
            evidence = examine_isolated(data, anchors=self.office.trust.anchors, watermark=watermark)
            verdict = str(judge(evidence, self.office.trust, self.office.ledger).verdict)
            return verdict, _wrong(evidence, verdict, seed, data)
        except UnreadableAssetError as error:
            return str(Verdict.UNREADABLE), _death(str(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding and not the end of the run
            return "error", f"the check raised {type(error).__name__}: {error}"


def _wrong(evidence: Evidence, verdict: str, seed: Seed, data: bytes) -> str | None:
    """What must never be said of changed bytes."""
    if verdict == Verdict.OURS:
        return "changed bytes are called ours and unchanged"
    if evidence.integrity == Integrity.INTACT and evidence.pixel_sha256 != seed.pixel_sha256:
        return "changed pixels go with a credential that is called intact"
    return "the digest is of other bytes" if evidence.sha256 != sha256_hex(data) else None


def _death(reason: str) -> str | None:
    """A refusal is an answer; the end of the process that was to give one is not."""
    return reason if any(sign in reason for sign in _DEATHS) else None


def _office(folder: Path) -> Office:
    keys, ledger = folder / "keys", folder / "ledger.sqlite3"
    now = datetime.now(UTC).replace(microsecond=0)
    if not keys.exists():
        create_authority(keys, organisation="Fuzzed Office", passphrase=PASSPHRASE, now=now)
    create_tables(str(ledger))
    return Office(
        SigningIdentity.load(keys, passphrase=PASSPHRASE),
        CheckpointKey.load(keys, passphrase=PASSPHRASE),
        TrustStore.load(keys),
        Ledger(str(ledger)),
        now=now,
    )


def _watermark(folder: Path) -> str:
    """The line that says which watermark is looked for, and under which key."""
    key = folder / "watermark.key"
    if not key.exists():
        create_key(key)
    return f"lattice:{key.absolute()}"


def _seeds(folder: Path, office: Office) -> list[Seed]:
    """First and released files of two pictures in every format, kept in the folder for the next run."""
    store = folder / "seeds"
    if not store.exists():
        store.mkdir()
        for media_type, name in sorted(MEDIA_TYPES.items()):
            for label, pixels in (("a", Pixels.gradient(48, 40)), ("b", Pixels.shapes(96, 80, seed=3))):
                record, first = office.make(pixels, media_type=media_type)
                released = office.publish(record, first)
                (store / f"{label}-first.{name.lower()}").write_bytes(first.data)
                (store / f"{label}-released.{name.lower()}").write_bytes(released.data)
        office.ledger.checkpoint(office.log, office.key, now=office.now)
    kinds = {name.lower(): media_type for media_type, name in MEDIA_TYPES.items()}
    files = [(path, path.read_bytes()) for path in sorted(store.iterdir())]
    return [Seed(path.name, kinds[path.suffix[1:]], data, decode(data).sha256) for path, data in files]

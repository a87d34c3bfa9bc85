"""Time-stamps over checkpoints: kept, renewed in time, checked by audit, command line and pack."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.cli import main
from provenance.errors import LedgerConflictError, SealError
from provenance.keys import create_time_authority, files
from provenance.ledger.anchors import Anchor, faults, is_due, statement
from provenance.pack import verify_pack, write_pack
from provenance.timestamps import TimeStampAuthority, serve
from provenance.timestamps.client import request_stamp
from provenance.timestamps.stamps import TimeStamp, open_stamp, token_of
from tests.provenance.office import LOG, PASSPHRASE, Office, Pixels
from tests.provenance.test_timestamps import query

DAY = timedelta(days=1)
Ask = Callable[[bytes], bytes]


@pytest.fixture
def clock_root(clockwork: Path) -> bytes:
    return (clockwork / files.TIME_ROOT).read_bytes()


@pytest.fixture
def believing(office: Office, clock_root: bytes) -> Office:
    """An office whose auditors believe the test's clock."""
    office.trust = replace(office.trust, anchors=replace(office.trust.anchors, time_roots_pem=clock_root))
    return office


@pytest.fixture
def ask(clockwork: Path, clock_root: bytes) -> Iterator[Ask]:
    """A real authority over HTTP."""
    with serve(TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE), clock=lambda: datetime.now(UTC)) as url:
        yield lambda message: request_stamp(url, message, roots_pem=clock_root, timeout=5)


def grow(office: Office) -> None:
    office.make(Pixels.gradient(24, 24, seed=office.ledger.size(office.log)))
    office.ledger.checkpoint(office.log, office.key, now=office.now)


def test_a_checkpoint_is_stamped_and_the_audit_agrees(believing: Office, ask: Ask) -> None:
    with pytest.raises(ValueError, match="no checkpoint yet"):
        believing.ledger.anchor(LOG, ask)
    for number in range(3):
        grow(believing)
        assert believing.ledger.anchor(LOG, ask).number == number
    kept = believing.ledger.latest_anchor(LOG)
    assert kept is not None
    anchor, text = kept
    assert text.decode().startswith(f"{believing.ledger.latest_checkpoint(LOG)}")
    stamp = open_stamp(anchor.token, text, roots_pem=believing.trust.anchors.time_roots_pem)
    assert (stamp.authority, abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)) == ("Test Clock", True)
    report = believing.ledger.audit(LOG, trust=believing.trust)
    assert (report.ok, report.problems) == (True, ())


def test_an_unreachable_authority_leaves_everything_as_it_was(believing: Office) -> None:
    grow(believing)

    def silent(message: bytes) -> bytes:
        return request_stamp("http://127.0.0.1:9/", message, roots_pem=b"", timeout=1)

    with pytest.raises(SealError, match="time-stamp") as caught:
        believing.ledger.anchor(LOG, silent)
    assert not caught.value.permanent
    assert believing.ledger.latest_anchor(LOG) is None


def test_two_that_stamp_at_once_keep_one(believing: Office, ask: Ask) -> None:
    grow(believing)

    def raced(message: bytes) -> bytes:
        believing.ledger.anchor(LOG, ask)
        return ask(message)

    with pytest.raises(LedgerConflictError):
        believing.ledger.anchor(LOG, raced)
    assert believing.ledger.audit(LOG, trust=believing.trust).ok


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE ledger_anchor SET token = (SELECT token FROM ledger_anchor WHERE number = 0)", "does not hold"),
        ("UPDATE ledger_anchor SET size = 1 WHERE number = 1", "does not hold"),
        ("DELETE FROM ledger_anchor WHERE number = 0", "is missing"),
        ("UPDATE ledger_anchor SET token = 'text' WHERE number = 1", "damaged"),
    ],
)
def test_a_stamp_that_was_tampered_with_is_found(
    believing: Office, ask: Ask, tmp_path: Path, change: str, reason: str
) -> None:
    for _ in range(2):
        grow(believing)
        believing.ledger.anchor(LOG, ask)
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER ledger_anchor_{verb}")
        connection.execute(change)
    connection.close()
    report = believing.ledger.audit(LOG, trust=believing.trust)
    assert any(reason in problem.reason for problem in report.problems)


def test_what_is_due_and_when() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    rules = {"every": timedelta(hours=1), "notice": 90 * DAY}
    fresh = TimeStamp(now - timedelta(minutes=30), "Clock", ends=now + 900 * DAY)
    old = replace(fresh, at=now - timedelta(hours=2))
    assert is_due(None, grown=True, now=now, **rules)
    assert not is_due(fresh, grown=True, now=now, **rules), "not every minute"
    assert is_due(old, grown=True, now=now, **rules)
    assert not is_due(old, grown=False, now=now, **rules), "nothing new, nothing ends"
    ending = TimeStamp(now - 30 * DAY, "Clock", ends=now + 60 * DAY)
    assert is_due(ending, grown=False, now=now, **rules), "an idle log is renewed too"
    just_renewed = replace(ending, at=now - DAY)
    assert not is_due(just_renewed, grown=False, now=now, **rules), "the authority itself has no newer certificate yet"


def test_what_is_due_at_the_very_moment() -> None:
    now, moment = datetime(2026, 6, 1, tzinfo=UTC), timedelta(microseconds=1)
    hour, month = timedelta(hours=1), 30 * DAY
    stamp = TimeStamp(now - hour, "Clock", ends=now + 900 * DAY)
    assert is_due(None, grown=False, now=now, every=hour, notice=month)
    assert is_due(stamp, grown=True, now=now, every=hour, notice=month)
    assert not is_due(replace(stamp, at=stamp.at + moment), grown=True, now=now, every=hour, notice=month)
    ending = TimeStamp(now - 7 * DAY, "Clock", ends=now + month)
    assert not is_due(ending, grown=False, now=now, every=hour, notice=month)
    assert is_due(replace(ending, ends=ending.ends - moment), grown=False, now=now, every=hour, notice=month)
    renewed = replace(ending, at=ending.at + moment, ends=ending.ends - moment)
    assert not is_due(renewed, grown=False, now=now, every=hour, notice=month)


@pytest.fixture
def two_clocks(tmp_path: Path) -> tuple[TimeStampAuthority, TimeStampAuthority, bytes]:
    """An authority whose certificate has ended by now, its successor, and both roots."""
    now = datetime.now(UTC)
    for name, begin in (("old", now - 1826 * DAY), ("new", now - 900 * DAY)):
        create_time_authority(tmp_path / name, name=name, passphrase=PASSPHRASE, now=begin)
    old, new = (TimeStampAuthority.load(tmp_path / name, passphrase=PASSPHRASE) for name in ("old", "new"))
    return old, new, b"".join((tmp_path / name / files.TIME_ROOT).read_bytes() for name in ("old", "new"))


def chain_of(*steps: tuple[TimeStampAuthority, datetime]) -> tuple[list[Anchor], dict[int, str]]:
    """Anchors over notes of 1, 2, … entries, by an authority at a time each."""
    anchors: list[Anchor] = []
    notes = {size: f"note of {size}\n" for size in range(1, len(steps) + 1)}
    for number, (authority, at) in enumerate(steps):
        text = statement(notes[number + 1], anchors[-1] if anchors else None)
        token = token_of(authority.answer(query(text), now=at, serial=number + 1))
        anchors.append(Anchor(number, number + 1, token))
    return anchors, notes


def test_an_old_stamp_is_worth_something_if_it_was_renewed_in_time(
    two_clocks: tuple[TimeStampAuthority, TimeStampAuthority, bytes],
) -> None:
    old, new, roots = two_clocks
    now = datetime.now(UTC)
    renewed = chain_of((old, now - 1000 * DAY), (old, now - 800 * DAY), (new, now - 100 * DAY))
    assert list(faults(*renewed, roots_pem=roots, now=now)) == []
    never = chain_of((old, now - 1000 * DAY))
    assert [reason for _, reason in faults(*never, roots_pem=roots, now=now)] == [
        "the certificate of the time-stamp 0 ended before it was renewed"
    ]
    late = chain_of((old, now - 1000 * DAY), (new, now - timedelta(hours=1)))
    assert len(list(faults(*late, roots_pem=roots, now=now))) == 1, "renewed an hour ago, a day too late"


def test_a_stamp_of_the_past_cannot_be_put_in_later(
    two_clocks: tuple[TimeStampAuthority, TimeStampAuthority, bytes],
) -> None:
    """Each stamp is about the one before: another one in its place breaks the one after."""
    old, new, roots = two_clocks
    now = datetime.now(UTC)
    anchors, notes = chain_of((old, now - 1000 * DAY), (new, now - 100 * DAY))
    other, _ = chain_of((old, now - 1001 * DAY))
    assert list(faults([other[0], anchors[1]], notes, roots_pem=roots, now=now))


@pytest.fixture
def pack(believing: Office, ask: Ask, tmp_path: Path) -> dict[str, bytes]:
    """A pack whose log grew after its last stamp."""
    released = believing.publish(*believing.make(Pixels.gradient(32, 32)))
    believing.ledger.checkpoint(LOG, believing.key, now=believing.now)
    believing.ledger.anchor(LOG, ask)
    for _ in range(3):
        grow(believing)
    write_pack(
        tmp_path / "pack.zip", pictures=[("a.png", released.data)], ledger=believing.ledger, log=LOG,
        trust=believing.trust, now=believing.now,
    )  # fmt: skip
    return verify_pack.read_files(tmp_path / "pack.zip")


def told(pack: dict[str, bytes]) -> str:
    return "\n".join(verify_pack.check(pack, None))


def resummed(pack: dict[str, bytes], **changes: bytes) -> dict[str, bytes]:
    """The pack with files changed by somebody who also makes the list of digests anew."""
    import hashlib

    changed = {name: data for name, data in pack.items() if name != verify_pack.SUMS} | changes
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in changed.items())
    return {**changed, verify_pack.SUMS: sums.encode()}


def test_a_pack_says_when_its_log_existed(pack: dict[str, bytes]) -> None:
    assert "Test Clock" in told(pack)
    assert "UTC that the first 3 entries of the log existed." in told(pack)


def test_a_packs_stamp_that_does_not_fit_is_noticed(pack: dict[str, bytes], clockwork: Path, tmp_path: Path) -> None:
    create_time_authority(tmp_path / "other", name="Other", passphrase=PASSPHRASE, now=datetime.now(UTC))
    other = TimeStampAuthority.load(tmp_path / "other", passphrase=PASSPHRASE)
    text = pack["anchor.txt"]
    foreign = token_of(other.answer(query(text), now=datetime.now(UTC), serial=1))
    ours = TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE)
    elsewhere = token_of(ours.answer(query(b"something else"), now=datetime.now(UTC), serial=2))
    late = token_of(ours.answer(query(text), now=datetime.now(UTC) + 2000 * DAY, serial=3))
    for token, words in ((foreign, "lead to the pack's roots"), (elsewhere, "something else"), (late, "not valid")):
        with pytest.raises(verify_pack.Failure, match=words):
            told(resummed(pack, **{"anchor.tst": token}))
    with pytest.raises(verify_pack.Failure):
        told(resummed(pack, **{"anchor.txt": text.replace(b"\n3\n", b"\n2\n")}))


def test_every_changed_byte_of_a_packs_stamp_is_noticed(pack: dict[str, bytes]) -> None:
    token = pack["anchor.tst"]
    roots, text = pack["trust/time-roots.pem"], pack["anchor.txt"]
    passed = 0
    for at in range(len(token)):
        changed = bytearray(token)
        changed[at] ^= 1
        try:
            verify_pack.check_token(bytes(changed), text, roots)
        except Exception:  # noqa: BLE001, S112  # how it fails is the business of `check`, that it does is ours
            continue
        passed += 1
    # Some bytes of the envelope are covered by nothing: algorithm names that are repeated inside, version numbers.
    assert 0 < passed <= 70


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_stamp_in_a_pack(pack: dict[str, bytes], tmp_path: Path) -> None:
    for name in ("anchor.txt", "anchor.tst", "trust/time-roots.pem"):
        (tmp_path / Path(name).name).write_bytes(pack[name])
    command = ["openssl", "ts", "-verify", "-data", "anchor.txt", "-in", "anchor.tst", "-token_in"]
    done = subprocess.run(
        [*command, "-CAfile", "time-roots.pem"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Verification: OK" in done.stdout, done.stderr


def test_the_command_stamps_and_verifies(
    believing: Office, authority: Path, clockwork: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    trust = tmp_path / "trust"
    shutil.copytree(authority, trust / "health")
    shutil.copy(clockwork / files.TIME_ROOT, trust / files.TIME_ROOT)
    grow(believing)
    places = ["--log", LOG, "--trust", str(trust), "--ledger", str(tmp_path / "ledger.sqlite3")]
    assert main(["ledger", "anchor", *places]) == 2
    assert "TSA_URL" in capsys.readouterr().err
    with serve(TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE), clock=lambda: datetime.now(UTC)) as url:
        monkeypatch.setenv("TSA_URL", url)
        assert main(["ledger", "anchor", *places, "--json"]) == 0
    assert main(["ledger", "verify", *places]) == 0
    assert main(["ledger", "anchor", *places]) == 2, "nobody answers any more"

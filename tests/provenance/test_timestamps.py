"""Time-stamps: the authority against an independent client, and signatures that outlive their certificate."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import encypher_c2pa
import pytest
import rfc3161_client
from asn1crypto import tsp  # type: ignore[import-untyped]  # asn1crypto carries no types
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance import credentials
from provenance.errors import KeyFileError, SealError
from provenance.keys import (
    Offline,
    SigningIdentity,
    TrustStore,
    create_authority,
    create_time_authority,
    files,
    issuing,
)
from provenance.keys.chains import trusted_root
from provenance.keys.signing import in_process
from provenance.profiles import profiles, read_contents
from provenance.seal import SignedAsset
from provenance.timestamps import TimeStampAuthority, serve
from provenance.timestamps.authority import Rejection
from provenance.timestamps.client import QUERY, REPLY, request_stamp
from provenance.timestamps.patience import Patience
from provenance.timestamps.relay import relayed
from provenance.verification import Verdict, verify
from tests.provenance.office import PASSPHRASE, Office, Pixels

MOMENT = datetime(2026, 6, 1, 8, 30, 15, tzinfo=UTC)


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def time_keys(clockwork: Path) -> TimeStampAuthority:
    return TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE)


@pytest.fixture(scope="module")
def time_root(clockwork: Path) -> bytes:
    return (clockwork / files.TIME_ROOT).read_bytes()


def root_of(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


@pytest.fixture
def url(time_keys: TimeStampAuthority) -> Iterator[str]:
    with serve(time_keys, clock=clock) as address:
        yield address


@pytest.fixture
def stamped(office: Office, url: str, time_root: bytes) -> Office:
    """An office that asks for time-stamps and believes them."""
    anchors = replace(office.trust.anchors, time_roots_pem=time_root)
    office.trust = replace(office.trust, anchors=anchors)
    office.identity = replace(office.identity, timestamp_url=url, anchors=anchors)
    return office


def query(data: bytes, *, algorithm: rfc3161_client.HashAlgorithm = rfc3161_client.HashAlgorithm.SHA256) -> bytes:
    builder = rfc3161_client.TimestampRequestBuilder().data(data).hash_algorithm(algorithm)
    return bytes(builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes())


def verified(answer: bytes, data: bytes, time_keys: TimeStampAuthority, root: x509.Certificate) -> bool:
    response = rfc3161_client.decode_timestamp_response(answer)
    verifier = rfc3161_client.VerifierBuilder().tsa_certificate(time_keys.chain[0]).add_root_certificate(root)
    for certificate in time_keys.chain[1:]:
        verifier = verifier.add_intermediate_certificate(certificate)
    return verifier.build().verify_message(response, data)


def test_an_independent_client_verifies_the_token(time_keys: TimeStampAuthority, time_root: bytes) -> None:
    answer = time_keys.answer(query(b"something"), now=clock(), serial=7)
    root = root_of(time_root)
    assert verified(answer, b"something", time_keys, root)
    with pytest.raises(rfc3161_client.VerificationError):
        verified(answer, b"something else", time_keys, root)


def test_a_token_says_when_and_for_what(time_keys: TimeStampAuthority) -> None:
    asked = query(b"something")
    response = rfc3161_client.decode_timestamp_response(time_keys.answer(asked, now=MOMENT, serial=99))
    facts = response.tst_info
    assert (facts.gen_time, facts.serial_number) == (MOMENT, 99)
    assert facts.nonce == tsp.TimeStampReq.load(asked)["nonce"].native


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x30\x80"])
def test_nonsense_is_rejected_in_the_protocols_own_words(time_keys: TimeStampAuthority, data: bytes) -> None:
    status = Rejection.load(time_keys.answer(data, now=MOMENT, serial=1))["status"].native
    assert (status["status"], status["fail_info"]) == ("rejection", {"bad_data_format"})


def test_a_weak_imprint_is_rejected(time_keys: TimeStampAuthority) -> None:
    weak = tsp.TimeStampReq(
        {"version": "v1", "message_imprint": {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}}
    )
    status = Rejection.load(time_keys.answer(weak.dump(), now=MOMENT, serial=1))["status"].native
    assert status["fail_info"] == {"bad_alg"}


def test_the_time_stampers_certificate_cannot_sign_claims(time_keys: TimeStampAuthority, trust: TrustStore) -> None:
    purposes = time_keys.chain[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert (purposes.critical, list(purposes.value)) == (True, [ExtendedKeyUsageOID.TIME_STAMPING])
    assert trusted_root(time_keys.chain, trust.roots) is None


def test_keys_that_do_not_belong_together_are_refused(clockwork: Path, tmp_path: Path, now: datetime) -> None:
    create_time_authority(tmp_path / "keys", name="Other", passphrase=PASSPHRASE, now=now)
    (tmp_path / "keys" / files.TIME_CHAIN).write_bytes((clockwork / files.TIME_CHAIN).read_bytes())
    with pytest.raises(KeyFileError, match="does not belong"):
        TimeStampAuthority.load(tmp_path / "keys", passphrase=PASSPHRASE)


def test_two_validators_trust_the_time_stamp(stamped: Office, pixels: Pixels) -> None:
    for asset in (first := stamped.make(pixels)[1], stamped.publish(stamped.records[0], first)):
        anchors = stamped.trust.anchors
        ours = credentials.read(asset.data, asset.media_type, roots_pem=anchors.all_pem)
        theirs = encypher_c2pa.verify(
            asset.data, asset.media_type, trust_pem=anchors.roots_pem.decode(),
            tsa_trust_pem=anchors.time_roots_pem.decode(), no_default_trust=True, telemetry=False, online=False,
        )  # fmt: skip
        assert ours is not None
        assert "timeStamp.trusted" in ours.successes
        assert "timeStamp.trusted" in {item["code"] for item in theirs["validation_results"]["success"]}
        assert ours.state == theirs["validation_state"] == "Trusted"


def test_a_time_stamped_signature_outlives_its_certificate(
    office: Office, pixels: Pixels, tmp_path: Path, time_keys: TimeStampAuthority, time_root: bytes
) -> None:
    begin = clock() - timedelta(days=365) + timedelta(seconds=4)
    create_authority(tmp_path / "old", organisation="Old Office", passphrase=PASSPHRASE, now=begin)
    (tmp_path / "old" / "time-root-test.pem").write_bytes(time_root)
    office.trust = TrustStore.load(tmp_path / "old")
    with serve(time_keys, clock=clock) as address:
        office.identity = SigningIdentity.load(tmp_path / "old", passphrase=PASSPHRASE, timestamp_url=address)
        office.now = clock()
        record, first = office.seal(pixels)
    time.sleep(max(0.0, (office.identity.expires - clock()).total_seconds()) + 1)
    found = credentials.read(first.data, first.media_type, roots_pem=office.trust.anchors.all_pem)
    assert found is not None
    assert (found.state, found.failures) == ("Trusted", ())
    answer = verify(first.data, trust=office.trust, ledger=office.ledger)
    assert (answer.verdict, answer.signer, answer.record) == (Verdict.UNRECORDED, "trusted:Old Office", record)


def test_a_time_stamp_by_a_stranger_is_refused(stamped: Office, pixels: Pixels, tmp_path: Path) -> None:
    """The SDK takes it: whoever answers at the address would otherwise set our clock."""
    create_time_authority(tmp_path / "elsewhere", name="Stranger", passphrase=PASSPHRASE, now=stamped.now)
    with serve(TimeStampAuthority.load(tmp_path / "elsewhere", passphrase=PASSPHRASE), clock=clock) as address:
        stamped.identity = _with_url(stamped.identity, address)
        with pytest.raises(SealError, match="time-stamp") as caught:
            stamped.seal(pixels)
    assert not caught.value.permanent


def test_a_clock_that_is_wrong_is_refused(stamped: Office, pixels: Pixels, time_keys: TimeStampAuthority) -> None:
    with serve(time_keys, clock=lambda: clock() + timedelta(minutes=7)) as address:
        stamped.identity = _with_url(stamped.identity, address)
        with pytest.raises(SealError, match="clock"):
            stamped.seal(pixels)


def test_a_token_about_something_else_is_refused(
    stamped: Office, pixels: Pixels, time_keys: TimeStampAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TimeStampAuthority, "answer", _astray(TimeStampAuthority.answer))
    with pytest.raises(SealError, match="time-stamp") as caught:
        stamped.seal(pixels)
    assert not caught.value.permanent
    assert stamped.identity.timestamp_url
    with pytest.raises(SealError, match="Mismatch"):
        request_stamp(stamped.identity.timestamp_url, b"x", roots_pem=stamped.trust.anchors.time_roots_pem, timeout=5)


def _astray(answer: Callable[..., bytes]) -> Callable[..., bytes]:
    """An authority that stamps zeros, whatever it is asked."""

    def zeros(self: TimeStampAuthority, request: bytes, *, now: datetime, serial: int) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        fields = {name: asked[name].native for name in ("version", "nonce", "cert_req")}
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
        other = tsp.TimeStampReq({**fields, "message_imprint": imprint})
        return answer(self, other.dump(), now=now, serial=serial)

    return zeros


def test_without_a_root_for_time_stamps_nothing_is_signed(authority: Path, url: str) -> None:
    with pytest.raises(KeyFileError, match="time-root"):
        SigningIdentity.load(authority, passphrase=PASSPHRASE, timestamp_url=url)


def test_a_claim_signers_root_vouches_for_no_time(
    authority: Path, tmp_path: Path, now: datetime, time_keys: TimeStampAuthority, trust: TrustStore
) -> None:
    """Whoever has our intermediate's key must not be able to make time as well."""
    issuer = Offline(authority / files.OFFLINE, PASSPHRASE).intermediate(authority)
    leaf = issuing.new(issuing.TIME, "Clock of ours", now=now, by=issuer)
    ours = TimeStampAuthority((leaf.certificate, issuer.certificate), leaf.key)
    for keys, roots in ((ours, trust.roots_pem), (ours, b""), (time_keys, trust.roots_pem)):
        with serve(keys, clock=clock) as address:
            time_roots = roots if keys is time_keys else b""
            with pytest.raises(SealError, match="time-stamp"):
                request_stamp(address, b"x", roots_pem=time_roots, timeout=5)


def test_a_claim_signer_under_a_time_root_is_not_ours(stamped: Office, pixels: Pixels, now: datetime) -> None:
    """The SDK trusts it, because it knows one list of roots; the kind is our own check."""
    root = issuing.new(issuing.ROOT, "Clock", now=now)
    leaf = issuing.new(issuing.CLAIMS, "Clock", now=now, by=root)
    anchors = replace(stamped.trust.anchors, time_roots_pem=issuing.pem(root.certificate))
    stamped.identity = SigningIdentity.from_callback(
        in_process(leaf.key).sign, chain_pem=issuing.pem(leaf.certificate), anchors=anchors
    )
    _, asset = stamped.seal(pixels)
    found = credentials.read(asset.data, asset.media_type, roots_pem=anchors.all_pem)
    assert found is not None
    assert found.state == "Trusted"
    answer = verify(asset.data, trust=replace(stamped.trust, anchors=anchors), ledger=stamped.ledger)
    assert (answer.verdict, answer.signer) == (Verdict.OTHER_SIGNER, "unlisted")


def _with_url(identity: SigningIdentity, url: str) -> SigningIdentity:
    return replace(identity, timestamp_url=url)


def test_without_the_authority_the_picture_waits(
    stamped: Office, pixels: Pixels, time_keys: TimeStampAuthority
) -> None:
    office = stamped
    with serve(time_keys, clock=clock) as address:
        pass
    waiting = office.identity
    office.identity = _with_url(waiting, address)
    with pytest.raises(SealError, match="time-stamp") as caught:
        office.seal(pixels)
    assert not caught.value.permanent
    record, first = _with_authority(office, pixels, time_keys)
    assert first.data
    office.identity = _with_url(office.identity, address)
    with pytest.raises(SealError, match="time-stamp") as caught:
        office.publish(record, first)
    assert not caught.value.permanent


def _with_authority(office: Office, pixels: Pixels, keys: TimeStampAuthority) -> tuple[str, SignedAsset]:
    with serve(keys, clock=clock) as address:
        office.identity = _with_url(office.identity, address)
        return office.make(pixels)


class Broken(BaseHTTPRequestHandler):
    """An authority that answers with something else."""

    kind = "text/plain"

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("kind", ["text/plain", REPLY])
def test_an_authority_that_talks_nonsense_yields_no_file(
    stamped: Office, pixels: Pixels, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "kind", kind)
    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        stamped.identity = _with_url(stamped.identity, f"http://127.0.0.1:{server.server_address[1]}/")
        with pytest.raises(SealError) as caught:
            stamped.seal(pixels)
        server.shutdown()
        thread.join()
    assert not caught.value.permanent


def test_a_silent_authority_is_not_asked_for_every_picture(stamped: Office, time_keys: TimeStampAuthority) -> None:
    seconds = [100.0]
    patience = Patience(pause=5, timeout=2, clock=lambda: seconds[0])
    with serve(time_keys, clock=clock) as address:
        port = int(address.rstrip("/").rpartition(":")[2])
    away = _with_url(stamped.identity, address)
    tried: list[float] = []

    def sign() -> None:
        with patience.watching(away):
            tried.append(seconds[0])
            raise SealError("time-stamp: nobody answers", permanent=False)

    for words in ("nobody answers", "a moment ago", "a moment ago"):
        with pytest.raises(SealError, match=words):
            sign()
    seconds[0] += 6
    with pytest.raises(SealError, match="TSA_URL"):
        sign()
    assert tried == [100.0], "a short question found out that it is still away"
    seconds[0] += 6
    with serve(time_keys, clock=clock, port=port), patience.watching(away):
        tried.append(seconds[0])
    with patience.watching(away):
        tried.append(seconds[0])
    assert tried == [100.0, 112.0, 112.0]


def test_what_is_wrong_with_a_picture_is_no_silence(stamped: Office) -> None:
    patience = Patience(pause=5, timeout=2, clock=lambda: 1.0)
    for _ in range(2):
        with pytest.raises(SealError, match="broken"), patience.watching(stamped.identity):
            raise SealError("release: broken")


def post(url: str, data: bytes, kind: str = QUERY) -> bytes:
    request = urllib.request.Request(url, data=data, headers={"Content-Type": kind})  # noqa: S310  # our own server
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
        return bytes(response.read())


def test_only_queries_of_a_sane_size_are_read(url: str, time_keys: TimeStampAuthority, time_root: bytes) -> None:
    assert verified(post(url, query(b"x")), b"x", time_keys, root_of(time_root))
    for data, kind in ((query(b"x"), "text/plain"), (bytes(70_000), QUERY)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(url, data, kind)
        assert caught.value.code == 400
        caught.value.close()


def test_the_command_serves_until_interrupted(clockwork: Path, time_keys: TimeStampAuthority, time_root: bytes) -> None:
    command = [sys.executable, "-m", "provenance", "tsa", "serve", str(clockwork), "--port", "0"]
    environment = {"TRUST_PASSPHRASE": PASSPHRASE.decode(), "PATH": ""}
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "no independent witness" in process.stdout.readline()
        address = process.stdout.readline().rpartition(" ")[2].strip()
        assert verified(post(address, query(b"x")), b"x", time_keys, root_of(time_root))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_serial_numbers_differ(url: str) -> None:
    numbers = {
        rfc3161_client.decode_timestamp_response(post(url, query(b"x"))).tst_info.serial_number for _ in range(5)
    }
    assert len(numbers) == 5


def test_the_label_profile_sees_the_time_stamp_in_the_file(stamped: Office, pixels: Pixels) -> None:
    _, asset = stamped.seal(pixels)
    found = {item.key: item for item in profiles(read_contents(asset.data, roots_pem=stamped.trust.roots_pem))}
    assert found["eu-ai-act"].missing == ("imperceptible watermark",)


def test_an_authority_that_takes_the_question_and_is_silent_costs_one_picture_a_moment(
    stamped: Office, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provenance.credentials.relayed", partial(relayed, timeout=0.5))
    patience = Patience(pause=60, timeout=0.5, clock=time.monotonic)
    with socket.create_server(("127.0.0.1", 0)) as hole:
        stamped.identity = _with_url(stamped.identity, f"http://127.0.0.1:{hole.getsockname()[1]}/")
        for words in ("no answer in 0.5 seconds; check TSA_URL", "asked again soon", "asked again soon"):
            begin = time.monotonic()
            with pytest.raises(SealError, match=words) as caught, patience.watching(stamped.identity):
                stamped.seal(pixels)
            assert not caught.value.permanent
            assert time.monotonic() - begin < 10, "the SDK alone waits for thirty seconds"


def test_a_relay_passes_on_only_what_is_asked_under_its_own_path(url: str) -> None:
    failures: list[Exception] = []
    with relayed(url, failed=failures.append) as address:
        assert post(address, query(b"x"))
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(address.rpartition("/")[0] + "/guess", query(b"x"))
        caught.value.close()
    assert failures == []

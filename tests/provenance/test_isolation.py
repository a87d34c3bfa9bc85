"""Hostile files: limits, deaths, deadlines, no network. What the child cannot do, it is made to try."""

import io
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance import isolation, reader
from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence, examine
from provenance.isolation import Keeper, close_keepers, examine_isolated
from provenance.pictures import MOST_BYTES, decode
from provenance.verification import Verdict, verify_isolated
from tests.provenance.office import Office, Pixels

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    close_keepers()


def png(width: int, height: int, *, body: bytes = b"") -> bytes:
    """A PNG whose header claims a size, whatever its data is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = png(30_000, 30_000)
    assert len(bomb) < 100
    with pytest.raises(UnreadableAssetError, match="bomb"):
        decode(bomb)
    with pytest.raises(UnreadableAssetError, match="5000 x 5000"):
        decode(png(5000, 5000))


def test_a_header_that_promises_more_than_it_has_is_damaged() -> None:
    with pytest.raises(UnreadableAssetError, match="damaged"):
        decode(png(4000, 4000, body=b"short"))


def test_too_many_bytes_are_not_even_opened() -> None:
    with pytest.raises(UnreadableAssetError, match="bytes"):
        decode(bytes(MOST_BYTES + 1))


def test_animations_are_refused() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (0, 200)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(UnreadableAssetError, match="animation"):
        decode(file.getvalue())


@pytest.mark.parametrize("format_", ["GIF", "TIFF", "BMP", "PPM", "ICO"])
def test_other_formats_are_refused(format_: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, format_)
    with pytest.raises(UnreadableAssetError, match="not a PNG"):
        decode(file.getvalue())


def test_the_largest_picture_fits_into_the_limits(office: Office) -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((4096, 4096, 3), dtype=np.uint8)).save(file, "PNG", compress_level=1)
    evidence = examine_isolated(file.getvalue(), anchors=office.trust.anchors)
    assert (evidence.integrity, evidence.media_type) == ("none", "image/png")


def child_runs(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a process that has restricted itself as a reader does."""
    script = f"from provenance import reader\nreader.restrict()\n{code}"
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_child_cannot_take_more_memory_than_it_has() -> None:
    assert "MemoryError" in child_runs(f"bytearray({reader.ADDRESS_SPACE})").stderr


def test_a_child_cannot_write_a_file(tmp_path: Path) -> None:
    result = child_runs(f"open({str(tmp_path / 'stolen')!r}, 'wb', buffering=0).write(b'x')")
    assert result.returncode != 0
    assert not (tmp_path / "stolen").exists() or (tmp_path / "stolen").stat().st_size == 0


def test_a_child_that_computes_for_ever_is_ended() -> None:
    result = child_runs("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True:\n    pass")
    assert result.returncode < 0
    assert reader.CPU_SECONDS < reader.DEADLINE_SECONDS


def in_child(monkeypatch: pytest.MonkeyPatch, behaviour: object) -> bytes:
    monkeypatch.setattr(reader, "_answer", behaviour)
    monkeypatch.setattr(reader, "restrict", lambda: None)
    return reader._in_child(bytes(8) + b"file")


DEATHS = {"exit": lambda *_: os._exit(7), "killed": lambda *_: os.kill(os.getpid(), 9), "error": lambda *_: 1 / 0}


@pytest.mark.parametrize("death", DEATHS)
def test_a_child_that_dies_is_unreadable_and_the_keeper_lives(monkeypatch: pytest.MonkeyPatch, death: str) -> None:
    assert b"ended with status" in in_child(monkeypatch, DEATHS[death])


def test_a_child_that_hangs_is_ended_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "DEADLINE_SECONDS", 0.2)
    assert b"more than" in in_child(monkeypatch, lambda *_: threading.Event().wait())


def test_the_keepers_serve_many_files_and_survive_being_killed(office: Office, pixels: Pixels) -> None:
    _, asset = office.make(pixels)
    first = examine_isolated(asset.data, anchors=office.trust.anchors)
    pids = {keeper._process.pid for keeper in isolation._keepers._all if keeper._process}
    for pid in pids:
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    again = examine_isolated(asset.data, anchors=office.trust.anchors)
    assert again == first
    assert Evidence.from_json(first.to_json()) == first


@pytest.mark.parametrize("program", ["/bin/false", "/bin/cat"])
def test_a_reader_that_does_not_answer_is_unreadable(
    program: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cat` with these arguments fails as `false` does; both stand for a keeper that cannot start."""
    close_keepers()
    monkeypatch.setattr(sys, "executable", program)
    with pytest.raises(UnreadableAssetError, match="died"):
        examine_isolated(b"anything", anchors=office.trust.anchors)


@pytest.mark.parametrize("answer", [b"nonsense", b"{}", b"[]", b'{"sha256": 1, "surprise": 2, "failures": []}'])
def test_a_reader_that_talks_nonsense_is_unreadable(
    answer: bytes, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation._keepers, "ask", lambda _: answer)
    with pytest.raises(UnreadableAssetError, match="no answer"):
        examine_isolated(b"anything", anchors=office.trust.anchors)


def test_a_reader_that_was_taken_over_cannot_claim_another_files_digest(
    office: Office, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = office.publish(*office.make(pixels))
    lie = json.dumps(examine(released.data, anchors=office.trust.anchors).to_json()).encode()
    monkeypatch.setattr(isolation._keepers, "ask", lambda _: lie)
    answer = verify_isolated(b"evil bytes", trust=office.trust, ledger=office.ledger)
    assert answer.verdict is Verdict.UNRECORDED


def test_a_keeper_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "DEADLINE_SECONDS", 0.1)
    monkeypatch.setattr(isolation, "_GRACE_SECONDS", 0.1)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb"), pytest.raises(TimeoutError):
        isolation._read(pipe, 8)


def test_nothing_is_fetched_for_a_manifest_that_lies_elsewhere(office: Office) -> None:
    """XMP may name an address where the manifest is said to be; nobody calls there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{address}"/>'
            "</rdf:RDF></x:xmpmeta>"
        )
        file = io.BytesIO()
        Image.new("RGB", (32, 32)).save(file, "JPEG", xmp=packet.encode())
        assert examine(file.getvalue(), anchors=office.trust.anchors).integrity in {"none", "altered"}
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_reader_has_no_network_where_the_system_allows_it() -> None:
    code = (
        "import socket, sys\nfrom provenance import reader\nif not reader.leave_network(): sys.exit(3)\n"
        "s = socket.socket(); s.settimeout(2)\n"
        "try: s.connect(('192.0.2.1', 80))\nexcept OSError as error: sys.exit(0 if error.errno == 101 else 4)\n"
        "sys.exit(5)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    if done.returncode == 3:
        pytest.skip("this system does not let a process leave its network")
    assert done.returncode == 0


def test_a_closed_keeper_may_be_closed_again() -> None:
    keeper = Keeper()
    keeper.close()
    keeper.close()


REHEARSED = """
import sys
from pathlib import Path

from provenance.evidence import examine
from provenance.keys import Anchors
from provenance.rehearsal import rehearse

rehearse()
before = set(sys.modules)
evidence = examine(Path(sys.argv[1]).read_bytes(), anchors=Anchors(roots_pem=Path(sys.argv[2]).read_bytes()))
print(evidence.integrity, len(set(sys.modules) - before))
"""


def test_a_look_loads_nothing_that_the_rehearsal_did_not(office: Office, pixels: Pixels, tmp_path: Path) -> None:
    file, roots = tmp_path / "sealed.png", tmp_path / "roots.pem"
    file.write_bytes(office.make(pixels)[1].data)
    roots.write_bytes(office.trust.anchors.roots_pem)
    command = [sys.executable, "-c", REHEARSED, os.fspath(file), os.fspath(roots)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == [
        "intact",
        "0",
    ]

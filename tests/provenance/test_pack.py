"""Packs: checked by their own script in a clean interpreter, and failing when anything in them is changed."""

import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provenance.entries import EntryKind
from provenance.errors import LedgerConflictError, LedgerUnavailableError, UnreadableAssetError
from provenance.keys import TrustStore
from provenance.pack import verify_pack, write_pack
from tests.provenance.office import Office, Pixels

Files = dict[str, bytes]


@pytest.fixture
def pack(office: Office, pixels: Pixels, tmp_path: Path) -> Path:
    """Two pictures, one released and one withdrawn, among other entries."""
    kept = office.publish(*office.make(pixels))
    record, first = office.make(Pixels.gradient(96, 96, seed=3), media_type="image/jpeg")
    recalled = office.publish(record, first)
    office.append(EntryKind.WITHDRAWAL, record, public_reason="superseded")
    office.make(Pixels.gradient(64, 64, seed=4))
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    path = tmp_path / "pack.zip"
    write_pack(
        path,
        pictures=[("released.png", kept.data), ("recalled.jpg", recalled.data)],
        ledger=office.ledger,
        log=office.log,
        trust=office.trust,
        now=office.now,
    )
    return path


def contents(pack: Path) -> Files:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(script: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The pack's own script, in an interpreter that sees nothing of this checkout."""
    command = [sys.executable, "-I", str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=script.parent)


def unpacked(pack: Path) -> Path:
    folder = pack.parent / "unpacked"
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    return folder


def test_it_holds_by_its_own_script(pack: Path) -> None:
    folder = unpacked(pack)
    done = run(folder / "verify_pack.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("ALL CHECKS HOLD\n")
    assert "released.png: urn:uuid:" in done.stdout
    assert ", released." in done.stdout
    assert ", withdrawn." in done.stdout
    assert "2 pictures are intact" in done.stdout
    assert run(folder / "verify_pack.py", str(pack)).returncode == 0


def test_it_says_so_when_c2pa_is_not_there(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    lines = list(verify_pack.check(contents(pack), None))
    assert any(line.startswith("C2PA not checked") for line in lines)


def test_the_script_needs_nothing_but_cryptography() -> None:
    code = (
        "import sys, runpy\n"
        "names = runpy.run_path(sys.argv[1])\n"
        "foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}\n"
        "sys.exit(','.join(foreign - {'sitecustomize', 'usercustomize', '_distutils_hack', '_virtualenv'}) or 0)"
    )
    script = Path(verify_pack.__file__)
    done = subprocess.run([sys.executable, "-I", "-c", code, str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_has_a_readme_and_everything_it_names(pack: Path) -> None:
    files = contents(pack)
    readme = files["README.txt"].decode()
    assert "pip install cryptography" in readme
    for name in ("pictures/", "manifests/", "entries/", "pack.json", "checkpoint.txt", "trust/", "SHA256SUMS"):
        assert name in readme
        assert any(file.startswith(name) for file in files)
    assert files["manifests/released.png.c2pa"]
    assert json.loads(files["manifests/recalled.jpg.json"])["manifests"]


def test_no_private_key_and_no_prompt_is_in_it(pack: Path) -> None:
    everything = b"".join(contents(pack).values())
    assert b"PRIVATE KEY" not in everything
    assert b"a net" not in everything


def holds(files: Files) -> bool:
    try:
        list(verify_pack.check(files, None))
    except verify_pack.Failure:
        return False
    return True


def test_any_changed_byte_in_any_file_is_noticed(pack: Path) -> None:
    files = contents(pack)
    chance = random.Random(11)
    for name, data in files.items():
        for position in {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(12))}:
            changed = bytearray(data)
            changed[position] ^= 1 << chance.randrange(8)
            assert not holds({**files, name: bytes(changed)}), f"{name}, byte {position}"


def test_any_changed_byte_of_the_zip_is_noticed_or_changes_no_file(pack: Path) -> None:
    good, data = contents(pack), pack.read_bytes()
    chance = random.Random(12)
    for _ in range(150):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        pack.write_bytes(changed)
        if verify_pack.main([str(pack)]) == 0:
            assert contents(pack) == good


def resum(files: Files) -> Files:
    """What a careful forger does: make the list of digests fit again."""
    import hashlib

    rest = {name: data for name, data in files.items() if name != verify_pack.SUMS}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(rest.items()))
    return {**rest, verify_pack.SUMS: sums.encode()}


def with_index(files: Files, change: Callable[[dict[str, Any]], None]) -> Files:
    index = json.loads(files["pack.json"])
    change(index)
    return resum({**files, "pack.json": json.dumps(index).encode()})


def test_a_forger_who_fixes_the_digests_is_still_noticed(pack: Path, office: Office, pixels: Pixels) -> None:
    files = contents(pack)
    assert holds(resum(files))
    entry = next(name for name in files if name.startswith("entries/"))
    other = office.seal(pixels)[1].data
    forgeries = {
        "an entry's words": {entry: files[entry].replace(b"APPROVED", b"REJECTED").replace(b"20", b"19", 1)},
        "another picture": {"pictures/released.png": other},
        "a smaller log": {"checkpoint.txt": files["checkpoint.txt"].replace(b"\n8\n", b"\n7\n")},
        "an unsigned checkpoint": {"checkpoint.txt": files["checkpoint.txt"].partition(b"\n\n")[0] + b"\n\n"},
        "other roots": {"trust/roots.pem": b""},
    }
    for name, changes in forgeries.items():
        assert not holds(resum({**files, **changes})), name
    assert not holds(with_index(files, lambda index: index["entries"][0].update(sequence=1)))
    assert not holds(with_index(files, lambda index: index["entries"][0].update(proof=[])))
    assert not holds(with_index(files, lambda index: index["pictures"][0].update(entries=[])))
    assert not holds(with_index(files, lambda index: index["pictures"][0].update(record="urn:uuid:other")))
    assert not holds(with_index(files, lambda index: index.update(log="studio.example/other")))
    assert not holds(with_index(files, lambda index: index.update(vkeys=[])))


def test_a_key_from_elsewhere_settles_a_pack_forged_as_a_whole(pack: Path, trust: TrustStore) -> None:
    files = contents(pack)
    (vkey,) = trust.checkpoint_vkeys.values()
    list(verify_pack.check(files, vkey))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from provenance.keys.notes import verifier_key

    other = verifier_key("health-office", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(verify_pack.Failure, match="not signed by the given key"):
        list(verify_pack.check(files, str(other)))


def test_files_added_or_missing_are_noticed(pack: Path) -> None:
    files = contents(pack)
    assert not holds({**files, "pictures/extra.png": b""})
    for name in files:
        assert not holds({other: data for other, data in files.items() if other != name}), name


def test_nonsense_is_a_failure_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(b"not a zip")
    assert verify_pack.main([str(tmp_path / "pack.zip")]) == 1
    assert verify_pack.main([str(tmp_path / "missing.zip")]) == 1
    assert not holds({verify_pack.SUMS: b"", "pack.json": b"[]"})


def test_only_recorded_files_are_packed(office: Office, pixels: Pixels) -> None:
    _, asset = office.seal(pixels)
    office.make(Pixels.gradient(64, 64, seed=4))

    def attempt(data: bytes) -> None:
        pictures = [("a.png", data)]
        write_pack(
            io.BytesIO(), pictures=pictures, ledger=office.ledger, log=office.log, trust=office.trust, now=office.now
        )

    with pytest.raises(LedgerUnavailableError, match="checkpoint"):
        attempt(asset.data)
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    with pytest.raises(LedgerConflictError, match="no entry"):
        attempt(asset.data)
    _, newer = office.make(pixels)
    with pytest.raises(LedgerUnavailableError, match="older than entry"):
        attempt(newer.data)


def test_names_are_plain_and_unique(office: Office, pixels: Pixels) -> None:
    _, asset = office.make(pixels)
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    twice = [("a/one.png", asset.data), ("b/one.png", asset.data)]
    with pytest.raises(ValueError, match=r"one\.png"):
        write_pack(
            io.BytesIO(), pictures=twice, ledger=office.ledger, log=office.log, trust=office.trust, now=office.now
        )


def test_an_entry_about_something_that_is_no_picture_cannot_be_packed(office: Office, pixels: Pixels) -> None:
    import dataclasses

    from provenance.canonical import sha256_hex

    record, asset = office.seal(pixels)
    document = b"a document"
    office.append(EntryKind.PICTURE, record, dataclasses.replace(asset, data=document, sha256=sha256_hex(document)))
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    with pytest.raises(UnreadableAssetError):
        write_pack(
            io.BytesIO(),
            pictures=[("a.png", document)],
            ledger=office.ledger,
            log=office.log,
            trust=office.trust,
            now=office.now,
        )

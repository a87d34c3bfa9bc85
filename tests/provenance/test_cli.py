"""The command line as its users meet it: exit status, words, JSON, and where the flags come from."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from provenance.benchmark import Measurement
from provenance.cli import main
from provenance.isolation import close_keepers
from provenance.pictures import MOST_BYTES, encode
from tests.provenance.conftest import new_database
from tests.provenance.office import LOG, PASSPHRASE, Office, Pixels, flip


@pytest.fixture
def place(office: Office, authority: Path, pixels: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A released picture and a changed copy on disk, with the environment set."""
    record, first = office.make(pixels)
    released = office.publish(record, first)
    (tmp_path / "released.png").write_bytes(released.data)
    (tmp_path / "changed.png").write_bytes(flip(released.data))
    monkeypatch.setenv("TRUST_DIR", str(authority))
    monkeypatch.setenv("LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("TRUST_PASSPHRASE", PASSPHRASE.decode())
    yield tmp_path
    close_keepers()


def test_verify_says_yes_and_no(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(place / "released.png")]) == 0
    assert ": ours\n    Recorded and released on" in capsys.readouterr().out
    assert main(["verify", str(place / "released.png"), str(place / "changed.png"), "--json"]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["verdict"], second["verdict"]) == ("ours", "altered")
    assert list(first) == ["file", "verdict", "integrity", "signer", "ledger", "status", "record", "reasons"]


def test_manifests_are_printed_as_crjson(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "plain.png").write_bytes(encode(Image.new("RGB", (8, 8)), "image/png", xmp=b""))
    assert main(["manifests", str(place / "released.png")]) == 0
    (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    active, first = answer["crjson"]["manifests"]
    assert {active["label"][:9], first["label"][:9]} == {"urn:c2pa:"}
    assert main(["manifests", str(place / "changed.png"), str(place / "plain.png")]) == 1
    changed, plain = map(json.loads, capsys.readouterr().out.splitlines())
    assert changed["crjson"]["manifests"]
    assert plain["crjson"] is None


def test_verify_gives_no_verdict_without_a_ledger(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = f"sqlite:///{place / 'missing.sqlite3'}"
    assert main(["verify", str(place / "released.png"), "--ledger", missing, "--json"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, "LEDGER_URL" in captured.err) == ("", True)


@pytest.mark.parametrize(("variable", "flag"), [("TRUST_DIR", "--trust"), ("LEDGER_URL", "--ledger")])
def test_what_is_missing_is_named(
    place: Path, variable: str, flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(variable)
    assert main(["verify", str(place / "released.png")]) == 2
    assert flag in capsys.readouterr().err


def test_flags_may_come_from_files(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], authority: Path
) -> None:
    monkeypatch.delenv("TRUST_DIR")
    (place / "where.txt").write_text(f"{authority}\n")
    monkeypatch.setenv("TRUST_DIR_FILE", str(place / "where.txt"))
    assert main(["verify", str(place / "released.png")]) == 0
    assert "ours" in capsys.readouterr().out


def test_a_file_that_is_too_large_is_unreadable(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (place / "large.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert main(["verify", str(place / "large.png"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "unreadable"


def test_a_missing_file_is_a_usage_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(place / "nothing.png")]) == 2
    assert "nothing.png" in capsys.readouterr().err


def test_ledger_verify_checkpoint_and_show(
    place: Path, office: Office, authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "checkpoint", "--log", LOG, "--keys", str(authority)]) == 0
    note = capsys.readouterr().out
    (place / "kept.txt").write_text(note)
    assert note == office.ledger.latest_checkpoint(LOG)
    assert main(["ledger", "verify"]) == 0
    assert f"{LOG}: verified, 3 entries" in capsys.readouterr().out
    assert main(["ledger", "verify", "--log", LOG, "--outside", str(place / "kept.txt"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["ledger", "show", "--record", office.records[0], "--json"]) == 0
    kinds = [json.loads(line)["entry"]["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds == ["picture", "decision", "release"]
    assert main(["ledger", "show", "--log", LOG]) == 0
    assert main(["ledger", "show", "--record", "urn:uuid:nothing"]) == 1
    assert main(["ledger", "show"]) == 2


def test_ledger_verify_names_a_tampered_entry(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    with sqlite3.connect(place / "ledger.sqlite3") as connection:
        connection.execute("DROP TRIGGER ledger_entry_update")
        connection.execute(
            "UPDATE ledger_entry SET canonical = CAST(replace(CAST(canonical AS TEXT), 'APPROVED', 'REJECTED') AS BLOB)"
        )
    connection.close()
    assert main(["ledger", "verify"]) == 1
    assert "entry 1 (" in capsys.readouterr().out


def test_pack_verify(place: Path, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    from provenance.pack import write_pack

    office.ledger.checkpoint(LOG, office.key, now=office.now)
    pictures = [("released.png", (place / "released.png").read_bytes())]
    write_pack(place / "pack.zip", pictures=pictures, ledger=office.ledger, log=LOG, trust=office.trust, now=office.now)
    assert main(["pack", "verify", str(place / "pack.zip")]) == 0
    assert "ALL CHECKS HOLD" in capsys.readouterr().out
    (place / "pack.zip").write_bytes(b"")
    assert main(["pack", "verify", str(place / "pack.zip")]) == 1


def test_bench_measures_everything_and_writes_it_down(
    tmp_path: Path, postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "document.md"
    document.write_text("Before.\n<!-- measured: begin --><!-- measured: end -->\nAfter.\n", encoding="utf-8")
    little = ["--side", "64", "--rounds", "1", "--writers", "2", "--appends", "3", "--entries", "60"]
    arguments = ["--json", "--write", str(document), "--postgresql", new_database(postgresql)]
    assert main(["bench", *little, *arguments]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(item["value"] > 0 for item in found)
    assert {item["name"].partition(",")[0] for item in found} >= {
        "sign",
        "verify",
        "watermark",
        "fingerprint",
        "append",
    }
    assert [item["ratio_goal"] for item in found if item["name"] == "sign"] == [1.3, 0.15]
    assert all(item["ratio"] == item["value"] / item["bare"] for item in found if item["bare"])
    text = document.read_text(encoding="utf-8")
    assert text.startswith("Before.\n<!-- measured: begin -->\n\nPictures of 64 x 64")
    assert text.count("\n| ") == len(found) + 2
    document.write_text("nothing to write into", encoding="utf-8")
    assert main(["bench", "--write", str(document)]) == 2, "before anything is measured"
    assert main(["bench", "--rounds", "0"]) == 2


def test_a_goal_is_held_or_not() -> None:
    assert Measurement("sign", 10.0, beside="c2pa", bare=8.0, ratio_goal=1.3).held is True
    assert Measurement("sign", 11.0, beside="c2pa", bare=8.0, ratio_goal=1.3).held is False
    assert Measurement("append", 99.0, unit="a second", goal=100).held is False
    assert Measurement("seal", 399.0, goal=400).held is True
    assert Measurement("label", 1.0).held is None


COMMANDS = [
    ["verify"], ["manifests"], ["profiles"], ["survival"],
    ["ledger"], ["ledger", "verify"], ["ledger", "checkpoint"], ["ledger", "anchor"],
    ["ledger", "show"], ["keys"], ["keys", "init"], ["keys", "import"], ["keys", "rotate"], ["keys", "revoke"],
    ["keys", "status"], ["pack"], ["pack", "verify"], ["tsa"], ["tsa", "init"], ["tsa", "serve"], ["bench"], [],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "none")
def test_every_command_has_help_with_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "example: " in capsys.readouterr().out


def test_the_module_runs_and_light_imports_stay_light(place: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "provenance", "verify", str(place / "released.png")]
    assert subprocess.run(command, cwd=root, check=False, capture_output=True).returncode == 0
    code = "import sys, provenance; sys.exit(bool({'c2pa', 'sqlalchemy', 'PIL', 'torch', 'django'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
    everything = (
        "import pkgutil, sys, importlib, provenance\n"
        "for module in pkgutil.walk_packages(provenance.__path__, 'provenance.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
        "found = {'torch', 'django', 'celery', 'generation', 'moderation'} & set(sys.modules)\n"
        "sys.exit(','.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", everything], cwd=root, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")

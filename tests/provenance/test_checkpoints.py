"""The text of a checkpoint, and what is none."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.keys.notes import sign_note, verifier_key
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint

ROOT = bytes(range(32))
ROOT64 = base64.b64encode(ROOT).decode()


def test_the_text_is_origin_size_and_root_one_a_line() -> None:
    checkpoint = Checkpoint("studio.example/health", 1200, ROOT)
    assert checkpoint.text() == f"studio.example/health\n1200\n{ROOT64}\n"
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert Checkpoint.parse(f"{checkpoint.text()}further: lines\n") == checkpoint
    assert Checkpoint.parse(f"o\n0\n{ROOT64}\n").size == 0


@pytest.mark.parametrize(
    "text", ["", "origin\n1", "origin\n", f"origin\nmany\n{ROOT64}\n", "origin\n1\n!!!!\n", "o\n1\nAAA\n"]
)
def test_a_text_without_its_three_lines_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^checkpoint: expected the origin, the size and the base64 root"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        f"\n1\n{ROOT64}\n",
        f"o\n01\n{ROOT64}\n",
        f"o\n 1\n{ROOT64}\n",
        f"o\n-1\n{ROOT64}\n",
        f"o\n1\n{base64.b64encode(ROOT[1:]).decode()}\n",
        f"o\n1\n{base64.b64encode(ROOT + b'!').decode()}\n",
    ],
)
def test_a_text_with_a_wrong_line_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^checkpoint: origin, size or root is malformed"):
        Checkpoint.parse(text)


def test_it_opens_by_any_of_the_keys_and_for_its_own_log_alone() -> None:
    private = Ed25519PrivateKey.generate()
    other = verifier_key("other", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    key = verifier_key("mine", private.public_key().public_bytes_raw())
    checkpoint = Checkpoint("log", 3, ROOT)
    note = sign_note(checkpoint.text(), "mine", private)
    assert open_checkpoint(note, origin="log", keys=(other, key)) == checkpoint
    with pytest.raises(ValueError, match=r"^checkpoint: no valid signature"):
        open_checkpoint(note, origin="log", keys=(other,))
    with pytest.raises(ValueError, match=r"^checkpoint: it is of the log log, not of other$"):
        open_checkpoint(note, origin="other", keys=(key,))

"""Which watermark: lines of configuration and key files."""

import stat
from pathlib import Path

import pytest

from provenance.errors import KeyFileError
from provenance.watermark import SpreadSpectrum, create_key, key_file, open_watermark
from tests.provenance.watermark.conftest import KEY


def another_model(folder: Path) -> SpreadSpectrum:
    """A factory as an organisation would bring its own."""
    return SpreadSpectrum((folder / "weights").read_bytes())


def test_a_key_is_made_for_its_owner_alone_and_opens(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "watermark.key"
    create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    mark = open_watermark(f"lattice:{path}")
    assert (mark.algorithm, mark.capacity) == ("org.imprimatur.lattice.v1", 8)
    with pytest.raises(FileExistsError):
        create_key(path)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("00" * 32, 0o644, "mode 600"),
        ("00" * 31, 0o600, "31 bytes"),
        ("key", 0o600, "hexadecimal"),
        (None, 0, "cannot"),
    ],
)
def test_a_bad_key_file_says_what_is_wrong(tmp_path: Path, text: str | None, mode: int, why: str) -> None:
    path = tmp_path / "watermark.key"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(KeyFileError, match=why):
        open_watermark(f"lattice:{path}")


def test_another_model_is_opened_from_a_path(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(KEY)
    line = f"tests.provenance.watermark.test_choice:another_model={tmp_path}"
    assert open_watermark(line) == SpreadSpectrum(KEY)
    assert key_file(line) is None


@pytest.mark.parametrize("line", ["", "lattice", "module:factory", "module=path", ":=x"])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="watermark"):
        open_watermark(line)

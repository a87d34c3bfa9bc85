"""References kept in a file, near pictures asked about, and the commands over both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from moderation.actions import Action
from moderation.categories import Category
from moderation.cli import main
from moderation.errors import InputError
from moderation.features import NEAR, ROWS, WIDTH, PooledFeatures, packed, parts, unpacked
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR
from moderation.reference_store import FileStore
from moderation.references import Likeness, Reference, Registry, register
from tests.moderation.conftest import AT, ID
from tests.moderation.test_pictures import Says
from tests.moderation.test_references import SIDE, emblem


@pytest.fixture(scope="module")
def reader() -> PooledFeatures:
    return PooledFeatures.load(threads=1)


def featured(seed: int, reader: PooledFeatures) -> Reference:
    return register(
        emblem(seed).tobytes(),
        SIDE,
        SIDE,
        reference_id=f"emblem-{seed}",
        label="Our emblem",
        category=Category.IP_STYLE,
        owner="press",
        reader=reader,
    )


def test_packing_keeps_two_decimals_of_a_cosine() -> None:
    vectors = np.random.default_rng(1).normal(size=(ROWS, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    again = unpacked(packed(vectors))
    assert again.shape == (ROWS, WIDTH)
    assert np.allclose((again * vectors).sum(axis=1), 1.0, atol=5e-3)
    with pytest.raises(InputError, match=r"references\.features"):
        unpacked("no base64")


def test_a_reference_has_features_of_its_parts_in_both_senses() -> None:
    assert len(parts(np.zeros((64, 64, 3), np.uint8))) == ROWS


def test_what_is_near_asks_a_person(reader: PooledFeatures) -> None:
    registry = Registry([featured(seed, reader) for seed in range(3)], reader=reader)
    original = emblem(1)
    warmer = ImageEnhance.Color(ImageEnhance.Brightness(original.rotate(4, fillcolor="white")).enhance(1.15)).enhance(
        1.3
    )
    changed = ImageOps.mirror(warmer.crop((25, 20, SIDE - 20, SIDE - 25)))
    (match, *_) = registry.matches(np.asarray(changed))
    assert (match.reference.id, match.likeness) == ("emblem-1", Likeness.NEAR)
    assert match.cosine is not None
    assert match.cosine >= NEAR
    screen = PictureScreen(first=Says("a", 0.0), second=Says("b", 0.0), references=registry)
    width, height = changed.size
    decision = screen.screen(changed.tobytes(), width, height, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    (found,) = [finding for finding in decision.findings if finding.source == "references"]
    assert found.detail["likeness"] == "near"
    assert Category.IP_STYLE in decision.not_screened()  # a copy found does not mean that style was looked at


def test_other_drawings_of_the_same_kind_are_not_near(reader: PooledFeatures) -> None:
    registry = Registry([featured(seed, reader) for seed in range(4)], reader=reader)
    strangers = [np.asarray(emblem(seed)) for seed in range(20, 32)]
    assert sum(len(registry.matches(view)) for view in strangers) <= 2


def test_features_of_other_weights_are_not_compared(reader: PooledFeatures) -> None:
    class Other:
        revision = "f" * 64

        def features(self, views: object) -> object:
            raise AssertionError("nothing to compare with")

    registry = Registry([featured(1, reader)], reader=Other())  # type: ignore[arg-type]
    assert registry.matches(np.asarray(emblem(2))) == ()


def test_a_file_keeps_references_and_refuses_doubles(tmp_path: Path, reader: PooledFeatures) -> None:
    store = FileStore(tmp_path / "kept" / "references.jsonl")
    assert store.all() == ()
    one, two = featured(1, reader), featured(2, reader)
    store.add(one)
    store.add(two)
    assert store.all() == (one, two)
    with pytest.raises(InputError, match="taken"):
        store.add(one)
    store.remove(one.id)
    assert store.all() == (two,)
    with pytest.raises(InputError, match="emblem-1"):
        store.remove(one.id)
    (tmp_path / "kept" / "references.jsonl").write_text("{")
    with pytest.raises(InputError, match="line 1"):
        store.all()


def test_the_commands_register_list_find_and_forget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, turned, store = tmp_path / "logo.png", tmp_path / "turned.png", str(tmp_path / "references.jsonl")
    emblem(3).save(picture)
    emblem(3).rotate(90).save(turned)
    assert main(["references", "add", str(picture), "--store", store, "--label", "Our logo", "--owner", "press"]) == 0
    assert main(["references", "find", str(turned), "--store", store, "--json"]) == 3
    assert json.loads(capsys.readouterr().out.partition("\n")[2])[0]["likeness"] == "copy"
    assert main(["screen-picture", str(turned), "--references", store]) == 3
    assert "references" in capsys.readouterr().out
    other = tmp_path / "other.png"
    emblem(9).save(other)
    assert main(["references", "find", str(other), "--store", store]) == 0
    assert main(["references", "remove", "logo", "--store", store]) == 0
    assert main(["references", "list", "--store", store]) == 0
    assert "nothing is registered" in capsys.readouterr().out
    assert main(["references", "find", str(other), "--store", store]) == 2


def test_a_picture_of_nothing_is_no_reference(tmp_path: Path) -> None:
    flat = tmp_path / "flat.png"
    Image.new("RGB", (64, 64), "red").save(flat)
    command = ["references", "add", str(flat), "--store", str(tmp_path / "r"), "--label", "x", "--owner", "y"]
    assert main(command) == 2

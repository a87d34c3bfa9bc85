"""The reference registry: copies, crops and turned pictures are found again; other pictures are not."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from moderation.actions import Action
from moderation.categories import Category
from moderation.errors import InputError
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR
from moderation.references import Likeness, Reference, Registry, register
from tests.moderation.conftest import AT, ID

SIDE = 256


def emblem(seed: int) -> Image.Image:
    """A flat drawing of overlapping shapes, another one for every seed."""
    chance = np.random.default_rng(seed)
    picture = Image.new("RGB", (SIDE, SIDE), tuple(int(v) for v in chance.integers(150, 255, 3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(7):
        x, y, w, h = (int(v) for v in chance.integers(10, 150, 4))
        fill = tuple(int(v) for v in chance.integers(0, 255, 3))
        (draw.ellipse if chance.random() < 0.5 else draw.rectangle)((x, y, x + w, y + h), fill=fill)
    return picture


def registered(seed: int) -> Reference:
    pixels = emblem(seed).tobytes()
    return register(
        pixels, SIDE, SIDE, reference_id=f"emblem-{seed}", label="Our emblem", category=Category.IP_STYLE, owner="press"
    )


def cut(picture: Image.Image, left: float, others: float) -> Image.Image:
    inner = (int(SIDE * left), int(SIDE * others), int(SIDE * (1 - others)), int(SIDE * (1 - others)))
    return picture.crop(inner)


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=quality)
    return Image.open(io.BytesIO(stored.getvalue())).convert("RGB")


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], Likeness]] = {
    "none": (lambda p: p, Likeness.COPY),
    "re-encoded": (lambda p: as_jpeg(p, 50), Likeness.COPY),
    "halved": (lambda p: p.resize((128, 128)), Likeness.COPY),
    "mirrored": (ImageOps.mirror, Likeness.COPY),
    "turned": (lambda p: p.rotate(90), Likeness.COPY),
    "cropped by a tenth": (lambda p: cut(p, 0.1, 0.1), Likeness.CROP),
    "cropped on the left": (lambda p: cut(p, 0.09, 0.0), Likeness.CROP),
    "cropped, mirrored, re-encoded": (lambda p: as_jpeg(ImageOps.mirror(cut(p, 0.05, 0.05)), 60), Likeness.CROP),
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry([registered(seed) for seed in range(6)])


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_changed_copy_is_found_again(registry: Registry, change: str) -> None:
    alter, likeness = CHANGES[change]
    for seed in range(6):
        matches = registry.matches(np.asarray(alter(emblem(seed))))
        assert [match.reference.id for match in matches] == [f"emblem-{seed}"]
        if likeness is Likeness.COPY:
            assert matches[0].likeness is Likeness.COPY


def test_other_pictures_are_not_taken_for_copies(registry: Registry) -> None:
    assert not [seed for seed in range(100, 200) if registry.matches(np.asarray(emblem(seed)))]


def test_a_plain_picture_is_not_registered_and_matches_nothing(registry: Registry) -> None:
    plain = Image.new("RGB", (SIDE, SIDE), (200, 30, 30))
    with pytest.raises(InputError, match="too little detail"):
        register(plain.tobytes(), SIDE, SIDE, reference_id="p", label="p", category="ip_style", owner="o")
    assert registry.matches(np.asarray(plain)) == ()
    assert Registry([]).matches(np.asarray(emblem(1))) == ()


def test_a_reference_survives_json_and_older_hashes_are_refused() -> None:
    reference = registered(3)
    assert Reference.from_json(reference.to_json()) == reference
    with pytest.raises(InputError, match="register it again"):
        Reference.from_json({**reference.to_json(), "hashes": ["00" * 32]})


def test_the_picture_screen_holds_a_copy_and_names_the_reference(registry: Registry) -> None:
    class Calm:
        revision = "0" * 64

        def __init__(self, name: str) -> None:
            self.id = name

        def scores(self, views: object) -> list[float]:
            return [0.0]

    screen = PictureScreen(first=Calm("a"), second=Calm("b"), references=registry)
    decision = screen.screen(emblem(2).tobytes(), SIDE, SIDE, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    (found,) = [finding for finding in decision.findings if finding.source == "references"]
    assert found.detail["reference"] == "emblem-2"
    assert Category.IP_STYLE in decision.not_screened()  # style itself is still looked at by nothing

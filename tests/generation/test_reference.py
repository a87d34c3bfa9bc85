"""Starting from a picture: it must be the one that the spec names, and it shows in the result."""

from collections.abc import Callable

import numpy as np
import pytest

from generation import GeneratedAsset, GenerationChild, GenerationSpec, Reference, SpecError, Step
from generation.diffusion import DiffusersEngine
from tests.generation.conftest import spec

# diffusers hands torch tensors to NumPy in the old way; not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EngineOf = Callable[[str], DiffusersEngine]
that_can = pytest.mark.parametrize(
    "family", ["prx-pixel", "stable-diffusion", "stable-diffusion-xl", "stable-diffusion-3", "flux"]
)


def split(left: int, right: int, width: int = 64, height: int = 64) -> Reference:
    """Return a picture of two grey halves."""
    pixels = np.full((height, width, 3), left, np.uint8)
    pixels[:, width // 2 :] = right
    return Reference(pixels.tobytes(), width, height)


def starting_from(reference: Reference, *, strength: float = 0.5, steps: int = 6) -> GenerationSpec:
    return spec(reference_sha256=reference.pixel_sha256, strength=strength, steps=steps)


def picture(engine: DiffusersEngine, wanted: GenerationSpec, reference: Reference) -> GeneratedAsset:
    *_, asset = engine.generate(wanted, reference=reference)
    assert isinstance(asset, GeneratedAsset)
    return asset


@that_can
def test_another_reference_or_strength_makes_another_picture(engine_of: EngineOf, family: str) -> None:
    engine, one, other = engine_of(family), split(0, 255), split(255, 0)
    made = [
        picture(engine, starting_from(one), one),
        picture(engine, starting_from(other), other),
        picture(engine, starting_from(one, strength=0.9), one),
    ]
    assert len({asset.pixel_sha256 for asset in made}) == 3
    assert picture(engine, starting_from(one), one).pixels == made[0].pixels


@that_can
def test_strength_decides_how_many_steps_are_walked(engine_of: EngineOf, family: str) -> None:
    reference = split(0, 255)
    items = list(engine_of(family).generate(starting_from(reference, strength=0.5), reference=reference))
    steps = [item for item in items if isinstance(item, Step)]
    assert [step.index for step in steps] == list(range(1, len(steps) + 1))
    assert {step.total for step in steps} == {len(steps)}
    assert 3 <= len(steps) <= 4


def test_in_pixel_space_a_weak_strength_keeps_the_reference(engine_of: EngineOf) -> None:
    reference = split(20, 230)
    asset = picture(engine_of("prx-pixel"), starting_from(reference, strength=0.05, steps=20), reference)
    made = np.frombuffer(asset.pixels, np.uint8).reshape(64, 64, 3)
    assert made[:, 32:].mean() - made[:, :32].mean() > 100


@that_can
def test_a_reference_of_another_size_is_fitted(engine_of: EngineOf, family: str) -> None:
    reference = split(0, 255, width=150, height=90)
    asset = picture(engine_of(family), starting_from(reference), reference)
    assert (asset.width, asset.height) == (64, 64)
    assert asset.recipe["inputs"][0]["pixel_sha256"] == reference.pixel_sha256  # type: ignore[index, call-overload]


def test_the_reference_must_be_the_one_that_the_spec_names(engine_of: EngineOf) -> None:
    engine, named, other = engine_of("stable-diffusion"), split(0, 255), split(1, 255)
    for reference in (None, other):
        with pytest.raises(SpecError, match="reference_sha256: names"):
            engine.generate(starting_from(named), reference=reference)
    with pytest.raises(SpecError, match="reference_sha256: names no picture"):
        engine.generate(spec(), reference=named)


@pytest.mark.parametrize("family", ["pixart-alpha", "sana"])
def test_a_family_that_cannot_start_from_a_picture_says_so(engine_of: EngineOf, family: str) -> None:
    reference = split(0, 255)
    with pytest.raises(SpecError, match="this model cannot start from a picture"):
        engine_of(family).generate(starting_from(reference), reference=reference)


def test_a_reference_with_bytes_missing_is_refused() -> None:
    with pytest.raises(SpecError, match="hand over RGB8"):
        Reference(b"123", 2, 1)


def test_a_reference_travels_to_the_child(shared_child: GenerationChild, engine_of: EngineOf) -> None:
    reference = split(0, 255)
    wanted = starting_from(reference)
    *_, there = shared_child.generate(wanted, deadline_s=90, reference=reference)
    assert isinstance(there, GeneratedAsset)
    assert there.pixels == picture(engine_of("prx-pixel"), wanted, reference).pixels

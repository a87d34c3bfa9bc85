"""Grades: the same recipe is bit-exact, rounding is visually the same, another picture is different."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import GeneratedAsset, SpecError
from generation.diffusion import DiffusersEngine
from generation.preview import HASH_BITS, colour_distance, look_of, shape_distance
from generation.reproduction import Difference, Grade, differences, graded, spec_again
from tests.generation.conftest import TINY, spec

EngineOf = Callable[[str], DiffusersEngine]


def made(engine: DiffusersEngine, **asked: Any) -> GeneratedAsset:
    return [item for item in engine.generate(spec(**asked)) if isinstance(item, GeneratedAsset)][-1]


def kept(asset: GeneratedAsset) -> dict[str, Any]:
    recipe: dict[str, Any] = json.loads(json.dumps(asset.recipe))
    return recipe


def test_a_recipe_makes_its_picture_again_bit_for_bit(engine_of: EngineOf) -> None:
    first = made(engine_of("prx-pixel"), count=3, width=96)
    recipe = kept(first)
    engine = engine_of("prx-pixel")
    *_, again = engine.generate(spec_again(recipe, model=TINY))
    assert isinstance(again, GeneratedAsset)
    verdict = graded(recipe, again)
    assert verdict.grade is Grade.BIT_EXACT
    assert (verdict.shape_distance, verdict.colour_distance, verdict.differences) == (0, 0, ())


def test_rounding_is_visually_the_same_and_another_seed_is_different(engine_of: EngineOf) -> None:
    first = made(engine_of("stable-diffusion"))
    levels = np.frombuffer(first.pixels, np.uint8).astype(int)
    rounded = (levels + np.random.default_rng(0).integers(-1, 2, levels.shape)).clip(0, 255).astype(np.uint8).tobytes()
    recipe = kept(first)
    look = look_of(rounded, first.width, first.height)
    recipe["outcome"] |= {"pixel_sha256": "0" * 64, "perceptual": {"shape": look.shape, "colours": look.colours}}
    assert graded(recipe, first).grade is Grade.VISUALLY_SAME
    assert graded(recipe, made(engine_of("prx-pixel"), seed=8)).grade is Grade.DIFFERENT


def test_what_was_otherwise_is_named_by_its_place(engine_of: EngineOf) -> None:
    asset = made(engine_of("prx-pixel"))
    recipe = kept(asset)
    recipe["environment"]["libraries"]["torch"] = "1.0"
    recipe["flags"]["threads"] = 64
    named = {item.place: item.then for item in graded(recipe, asset).differences}
    assert named == {"environment.libraries.torch": "1.0", "flags.threads": 64}


def test_another_seed_is_a_different_picture_in_the_same_environment(engine_of: EngineOf) -> None:
    verdict = graded(kept(made(engine_of("prx-pixel"))), made(engine_of("prx-pixel"), seed=8))
    assert verdict.grade is Grade.DIFFERENT
    assert {item.place for item in verdict.differences} == {"generator.seed"}


@pytest.mark.parametrize("recipe", [{}, {"recipe": 99}, {"recipe": 1}, {"recipe": 1, "spec": {}, "outcome": None}])
def test_what_is_no_recipe_is_refused(recipe: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="kept beside the picture"):
        spec_again(recipe, model=TINY)


def test_differences_walk_into_objects_and_show_what_is_missing() -> None:
    found = list(differences({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"b": 2, "c": [1]}, "e": 3}))
    assert found == [Difference("a.b", 1, 2), Difference("d", 1, None), Difference("e", None, 3)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_looks_hardly_move_under_rounding_even_on_flat_ground(seed: int, most: int) -> None:
    random = np.random.default_rng(seed)
    flat = np.full((64, 64, 3), 120, np.int16)
    flat[16:40, 8:56] = random.integers(0, 256, 3)
    noisy = flat + random.integers(-most, most + 1, flat.shape)
    one, other = (look_of(each.clip(0, 255).astype(np.uint8).tobytes(), 64, 64) for each in (flat, noisy))
    # A step of just the size that sets a bit may fall to either side; an edge of the block is 6 cells long.
    assert shape_distance(one, other) <= 12
    assert colour_distance(one, other) <= most


@given(st.integers(0, 2**32 - 1))
def test_looks_of_two_noises_are_far_apart(seed: int) -> None:
    noises = np.random.default_rng(seed).integers(0, 256, (2, 17 * 16 * 3), dtype=np.uint8)
    one, other = (look_of(noise.tobytes(), 17, 16) for noise in noises)
    assert shape_distance(one, other) > HASH_BITS / 4

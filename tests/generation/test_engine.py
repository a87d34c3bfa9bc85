"""Real sampling with tiny models: order, batch invariance, cancelling, recipes, and pictures that are none."""

import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from generation import GeneratedAsset, GenerationSpec, OutputError, SpecError, Step
from generation.diffusion import DiffusersEngine, generator_seed
from generation.engine import PREVIEW_SIDE, RGB8
from tests.generation import models
from tests.generation.conftest import spec

# diffusers hands torch tensors to NumPy in the old way and deprecates a class of its own; neither is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.LoraLoaderMixin. is deprecated:FutureWarning"),
]
Pixels = npt.NDArray[np.float64]
EngineOf = Callable[[str], DiffusersEngine]
every_family = pytest.mark.parametrize("family", sorted(models.FAMILIES))


def pictures(engine: DiffusersEngine, wanted: GenerationSpec) -> list[GeneratedAsset]:
    return [item for item in engine.generate(wanted) if isinstance(item, GeneratedAsset)]


@every_family
def test_steps_come_in_order_and_then_the_picture(engine_of: EngineOf, family: str) -> None:
    items = list(engine_of(family).generate(spec(count=2)))
    total = len(items) // 2 - 1
    assert total >= 3
    expected = [(picture, index) for picture in range(2) for index in (*range(1, total + 1), None)]
    assert [(item.picture, item.index if isinstance(item, Step) else None) for item in items] == expected
    assert {item.total for item in items if isinstance(item, Step)} == {total}


@every_family
def test_a_picture_is_what_it_says(engine_of: EngineOf, family: str) -> None:
    [asset] = pictures(engine_of(family), spec(width=96, height=64))
    assert (asset.media_type, asset.width, asset.height) == (RGB8, 96, 64)
    assert len(asset.pixels) == 96 * 64 * 3
    assert asset.pixel_sha256 == sha256(asset.pixels).hexdigest()
    assert np.frombuffer(asset.pixels, np.uint8).std() > 1


@every_family
def test_neither_the_batch_nor_the_place_in_it_changes_a_pixel(engine_of: EngineOf, family: str) -> None:
    engine, batch = engine_of(family), spec(count=3)
    together = pictures(engine, batch)
    alone = [pictures(engine, replace(batch, seed=asset.seed, count=1))[0] for asset in reversed(together)]
    assert [asset.pixels for asset in together] == [asset.pixels for asset in reversed(alone)]
    assert len({asset.pixel_sha256 for asset in together}) == 3


@every_family
def test_an_engine_loaded_again_makes_the_same_pixels(engine_of: EngineOf, family: str) -> None:
    again = DiffusersEngine.load(engine_of(family).entry, threads=1)
    assert pictures(again, spec())[0].pixels == pictures(engine_of(family), spec())[0].pixels


@every_family
def test_prompt_seed_and_guidance_each_change_the_picture(engine_of: EngineOf, family: str) -> None:
    differences: list[dict[str, Any]] = [{}, {"prompt": "blue cow"}, {"seed": 8}, {"guidance": 9.0}]
    digests = [pictures(engine_of(family), spec(**difference))[0].pixel_sha256 for difference in differences]
    assert len(set(digests)) == len(differences)


@every_family
def test_a_negative_prompt_changes_the_picture_or_is_refused(engine_of: EngineOf, family: str) -> None:
    engine, with_negative = engine_of(family), spec(negative_prompt="blue field")
    if family == "flux":
        with pytest.raises(SpecError, match="negative_prompt: is not heeded"):
            engine.generate(with_negative)
    else:
        assert pictures(engine, with_negative)[0].pixels != pictures(engine, spec())[0].pixels


@pytest.mark.parametrize(("family", "multiple"), [("flux", 16), ("sana", 32)])
def test_a_size_that_the_model_cannot_make_names_its_multiple(engine_of: EngineOf, family: str, multiple: int) -> None:
    with pytest.raises(SpecError, match=f"height: is 72; this model takes multiples of {multiple}"):
        engine_of(family).generate(spec(height=72))


@every_family
def test_previews_are_small_pictures(engine_of: EngineOf, family: str) -> None:
    for item in engine_of(family).generate(spec(width=256, height=128)):
        if isinstance(item, Step):
            assert item.preview is not None
            preview = Image.open(io.BytesIO(item.preview), formats=["PNG"])
            assert max(preview.size) <= PREVIEW_SIDE
            assert preview.width == 2 * preview.height


def test_the_last_preview_looks_like_the_picture(engine_of: EngineOf) -> None:
    seen, end = looks(engine_of("prx-pixel"), spec())
    assert np.abs(seen[-1] - end).max() <= 1


def test_the_first_preview_is_a_forecast_already(engine_of: EngineOf) -> None:
    seen, end = looks(engine_of("prx-pixel"), spec(steps=8))
    away = [np.abs(picture - end).mean() for picture in seen]
    noise = np.random.default_rng(0).integers(0, 256, end.shape)
    assert away[0] < np.abs(noise - end).mean() * 0.8
    assert away[-1] < away[0]


def looks(engine: DiffusersEngine, wanted: GenerationSpec) -> tuple[list[Pixels], Pixels]:
    """Return the previews of a picture and the picture, each (rows, columns, 3)."""
    items = list(engine.generate(wanted))
    seen = [np.asarray(Image.open(io.BytesIO(item.preview or b""))) for item in items if isinstance(item, Step)]
    [end] = [np.frombuffer(item.pixels, np.uint8) for item in items if isinstance(item, GeneratedAsset)]
    return [picture.astype(np.float64) for picture in seen], end.reshape(seen[0].shape).astype(np.float64)


def test_a_closed_iterator_stops_the_sampling_and_frees_the_engine(engine_of: EngineOf) -> None:
    engine = engine_of("prx-pixel")
    items = engine.generate(spec(steps=150))
    assert isinstance(next(items), Step)
    items.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sampling"]
    assert len(pictures(engine, spec())) == 1


def test_a_spec_for_another_model_is_refused(engine_of: EngineOf) -> None:
    with pytest.raises(SpecError, match="model: is 'other'"):
        engine_of("prx-pixel").generate(spec(model="other"))


def test_not_a_number_is_no_picture(engine_of: EngineOf) -> None:
    engine = DiffusersEngine.load(engine_of("prx-pixel").entry, threads=1)
    with torch.no_grad():
        next(engine._pipeline.transformer.parameters()).fill_(float("nan"))
    with pytest.raises(OutputError, match="not finite") as caught:
        list(engine.generate(spec()))
    assert caught.value.permanent


@every_family
def test_the_recipe_names_everything_that_decided_the_picture(engine_of: EngineOf, family: str) -> None:
    engine = engine_of(family)
    asset = pictures(engine, spec(count=2))[1]
    recipe: Any = asset.recipe
    assert GenerationSpec.from_json(recipe["spec"]) == replace(spec(), seed=asset.seed)
    assert recipe["model"]["files"] == engine.entry.files
    assert recipe["outcome"]["pixel_sha256"] == asset.pixel_sha256
    assert recipe["scheduler"]["config"]["num_train_timesteps"] == 1000
    assert recipe["flags"]["dtype"] == "float32"
    assert recipe["encoded_prompt"][0]["text"].startswith("a red tent")
    assert json.loads(json.dumps(recipe)) == recipe


def test_short_seeds_mean_what_they_mean_to_diffusers() -> None:
    assert generator_seed(42) == 42
    assert generator_seed(2**32 - 1) == 2**32 - 1


def test_long_seeds_are_folded_because_the_generator_reads_32_bits_only() -> None:
    plain, long = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2**32 + 1)
    assert torch.equal(torch.randn(4, generator=plain), torch.randn(4, generator=long)), "then folding can go"
    assert generator_seed(2**32 + 1) not in {1, generator_seed(2**33 + 1)}

"""The strip of a picture's making: real moments in order, small, never the finished picture, and the same each time."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import GeneratedAsset, GenerationChild, GenerationSpec, Reference
from generation.diffusion import DiffusersEngine
from generation.process import (
    LEAST_NOISE,
    LONGEST_SIDE,
    MOST_BYTES,
    MOST_MOMENTS,
    Cell,
    Process,
    Row,
    moments,
    strip_of,
)
from tests.generation import models
from tests.generation.conftest import spec

# diffusers hands torch tensors to NumPy in the old way and deprecates a class of its own; neither is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.LoraLoaderMixin. is deprecated:FutureWarning"),
]
EngineOf = Callable[[str], DiffusersEngine]


def asset_of(engine: DiffusersEngine, wanted: GenerationSpec, reference: Reference | None = None) -> GeneratedAsset:
    *_, asset = engine.generate(wanted, reference=reference)
    assert isinstance(asset, GeneratedAsset)
    return asset


def process_of(engine: DiffusersEngine, wanted: GenerationSpec) -> Process:
    process = asset_of(engine, wanted).process
    assert process is not None
    return process


def distance(one: Cell, other: Cell) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.mark.parametrize("family", sorted(models.FAMILIES))
def test_every_family_shows_how_a_picture_was_made(engine_of: EngineOf, family: str) -> None:
    process = process_of(engine_of(family), spec(steps=12, width=128))
    assert len(process.steps) == len(process.noise) == MOST_MOMENTS
    assert process.steps[0] == 1
    assert list(process.steps) == sorted(set(process.steps))
    assert process.steps[-1] < process.total
    assert list(process.noise) == sorted(process.noise, reverse=True)
    assert process.noise[0] > 0.9
    assert min(process.noise) >= LEAST_NOISE
    assert (process.width, process.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert len(process.strip) <= MOST_BYTES
    rows = process.rows()
    assert [len(cells) for cells in rows.values()] == [MOST_MOMENTS] * 3


def test_the_rows_tell_the_truth_about_a_straight_path(engine_of: EngineOf) -> None:
    engine, wanted = engine_of("prx-pixel"), spec(steps=12)
    asset = asset_of(engine, wanted)
    assert asset.process is not None
    finished = np.frombuffer(asset.pixels, np.uint8).reshape(64, 64, 3)
    rows = asset.process.rows()
    away = {row: [distance(cell, finished) for cell in cells] for row, cells in rows.items()}
    assert away[Row.ADDED] == sorted(away[Row.ADDED])
    assert away[Row.HELD] == sorted(away[Row.HELD], reverse=True)
    assert away[Row.FORESEEN][-1] < away[Row.HELD][-1]
    # Both rows begin, or end, at the very noise that the drawing began with; the file is not lossless.
    assert distance(rows[Row.ADDED][-1], rows[Row.HELD][0]) < 5 < distance(rows[Row.ADDED][0], rows[Row.HELD][0])


def test_the_finished_picture_is_on_no_strip(engine_of: EngineOf) -> None:
    asset = asset_of(engine_of("prx-pixel"), spec(steps=12))
    assert asset.process is not None
    finished = np.frombuffer(asset.pixels, np.uint8).reshape(64, 64, 3)
    for row in (Row.ADDED, Row.HELD):
        assert all(distance(cell, finished) > 3 for cell in asset.process.rows()[row])


def test_watching_changes_no_pixel_and_is_the_same_each_time(engine_of: EngineOf) -> None:
    engine = engine_of("prx-pixel")
    one, again = asset_of(engine, spec()), asset_of(engine, spec())
    assert one.pixels == again.pixels
    assert one.process == again.process


def test_a_picture_that_began_at_another_one_keeps_no_process(engine_of: EngineOf) -> None:
    reference = Reference(bytes(range(256)) * 48, 64, 64)
    wanted = spec(reference_sha256=reference.pixel_sha256, strength=0.6)
    assert asset_of(engine_of("prx-pixel"), wanted, reference).process is None
    assert asset_of(engine_of("stable-diffusion"), wanted, reference).process is None


def test_too_few_steps_keep_few_moments_or_none(engine_of: EngineOf) -> None:
    assert process_of(engine_of("prx-pixel"), spec(steps=3)).steps == (1, 2)
    assert asset_of(engine_of("prx-pixel"), spec(steps=1)).process is None


def test_a_process_crosses_the_pipe(shared_child: GenerationChild, engine_of: EngineOf) -> None:
    *_, asset = shared_child.generate(spec(), deadline_s=120)
    assert isinstance(asset, GeneratedAsset)
    assert asset.process == process_of(engine_of("prx-pixel"), spec())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_moments_are_unfinished_and_come_in_order(shares: list[float]) -> None:
    noise = sorted(shares, reverse=True)
    chosen = moments(noise)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= MOST_MOMENTS
    assert all(noise[place] >= LEAST_NOISE and place < len(noise) - 1 for place in chosen)


def test_even_a_strip_of_nothing_but_noise_is_small() -> None:
    noise = list(np.random.default_rng(1).integers(0, 256, (MOST_MOMENTS, LONGEST_SIDE, LONGEST_SIDE, 3), np.uint8))
    steps = range(1, MOST_MOMENTS + 1)
    assert (
        len(strip_of(dict.fromkeys(Row, noise), steps=steps, noise=[1.0 for _ in steps], total=9).strip) <= MOST_BYTES
    )


@pytest.mark.parametrize("steps", [(1,), (1, 4, 9)])
def test_what_is_described_comes_back(steps: Sequence[int]) -> None:
    blank = [np.full((32, 64, 3), 90 + place, np.uint8) for place in range(len(steps))]
    made = strip_of(dict.fromkeys(Row, blank), steps=steps, noise=[0.5 for _ in steps], total=12)
    assert Process.from_described(made.described(), made.strip) == made
    assert all(abs(int(cell.mean()) - 90 - place) <= 2 for place, cell in enumerate(made.rows()[Row.HELD]))

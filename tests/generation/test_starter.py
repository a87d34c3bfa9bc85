"""The model that ships: it loads offline through the engine, in any size, and says which words it does not know."""

from dataclasses import replace

import pytest

from generation import GeneratedAsset, GenerationChild, GenerationSpec, ModelEntry, Step, starter
from generation.diffusion import DiffusersEngine


@pytest.fixture(scope="module")
def entry() -> ModelEntry:
    return starter()


@pytest.fixture(scope="module")
def engine(entry: ModelEntry) -> DiffusersEngine:
    return DiffusersEngine.load(entry, threads=1)


def asked(prompt: str = "a red tent", width: int = 256, height: int = 256) -> GenerationSpec:
    return GenerationSpec(model="starter", prompt=prompt, seed=1, width=width, height=height, steps=2, guidance=3.0)


def test_its_card_says_what_it_is(entry: ModelEntry) -> None:
    assert entry.licence == "apache-2.0"
    assert {"en", "fr", "es", "pt", "hi", "bn", "zh"} <= set(entry.languages)
    assert entry.data_manifest_sha256 is not None
    assert entry.defaults.width >= 256


@pytest.mark.parametrize(
    ("size", "post_steps"),
    [
        ((256, 256), ["enlarge"]),
        ((384, 256), ["enlarge", "enlarge", "resample"]),
        ((64, 64), ["enlarge", "resample"]),
        ((512, 768), ["enlarge", "enlarge", "resample"]),
        ((64, 512), ["enlarge", "resample"]),
    ],
)
def test_it_makes_any_size_and_writes_down_how(
    engine: DiffusersEngine, size: tuple[int, int], post_steps: list[str]
) -> None:
    *steps, asset = engine.generate(asked(width=size[0], height=size[1]))
    assert all(isinstance(step, Step) and step.preview for step in steps)
    assert isinstance(asset, GeneratedAsset)
    assert (asset.width, asset.height) == size
    assert [step["name"] for step in asset.recipe["post_steps"]] == post_steps  # type: ignore[index, call-overload, union-attr]


def test_unknown_words_are_a_notice_and_no_failure(engine: DiffusersEngine, entry: ModelEntry) -> None:
    [notice] = entry.notices(asked("a red tent and a zorgle"))
    assert "zorgle" in notice
    assert "tent" not in notice
    assert entry.notices(asked("a red tent")) == ()
    *_, asset = engine.generate(asked("a red tent and a zorgle"))
    assert isinstance(asset, GeneratedAsset)
    assert asset.recipe["notices"] == [notice]


def test_one_seed_is_one_picture_alone_in_any_place_and_in_any_process(
    engine: DiffusersEngine, entry: ModelEntry
) -> None:
    batch = replace(asked(), count=3)
    together = [item for item in engine.generate(batch) if isinstance(item, GeneratedAsset)]
    assert len({asset.pixel_sha256 for asset in together}) == 3
    alone = [replace(batch, seed=asset.seed, count=1) for asset in together]
    for one, asset in zip(alone, together, strict=True):
        *_, again = engine.generate(one)
        assert isinstance(again, GeneratedAsset)
        assert again.pixels == asset.pixels
    # Two worker processes, one after the other, as two machines of one type would be.
    for number in (2, 1):
        with GenerationChild(entry, threads=1) as worker:
            *_, elsewhere = worker.generate(alone[number], deadline_s=300)
        assert isinstance(elsewhere, GeneratedAsset)
        assert elsewhere.pixels == together[number].pixels

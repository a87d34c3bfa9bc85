"""A spec that exists is valid, travels unchanged, and says which field is wrong and what to do."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import GenerationSpec, SpecError
from generation.spec import MAX_PROMPT, MAX_SEED, MIN_STRENGTH
from tests.generation.conftest import spec

ROOT = Path(__file__).resolve().parents[2]

words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(str.strip)
specs = st.builds(
    GenerationSpec,
    model=words,
    prompt=words,
    seed=st.integers(0, MAX_SEED),
    negative_prompt=st.just("") | words,
    width=st.integers(8, 256).map(lambda eighths: eighths * 8),
    height=st.integers(8, 256).map(lambda eighths: eighths * 8),
    steps=st.integers(1, 150),
    guidance=st.floats(0, 30),
    count=st.integers(1, 16),
)
from_picture = st.builds(
    replace,
    specs,
    reference_sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    strength=st.floats(MIN_STRENGTH, 1),
)


@given(specs | from_picture)
def test_a_spec_survives_json(one: GenerationSpec) -> None:
    back = GenerationSpec.from_json(json.loads(json.dumps(one.to_json())))
    assert back == one
    assert back.digest == one.digest


@given(specs | from_picture, specs | from_picture)
def test_digests_are_equal_exactly_when_specs_are(one: GenerationSpec, other: GenerationSpec) -> None:
    assert (one.digest == other.digest) == (one == other)


@given(specs)
def test_pictures_of_a_spec_have_seeds_of_their_own(one: GenerationSpec) -> None:
    seeds = [one.picture_seed(picture) for picture in range(one.count)]
    assert seeds[0] == one.seed
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
    assert len(set(seeds)) == one.count


def test_the_digest_is_the_published_one() -> None:
    # Recipes and ledgers keep this value; it may never change for this spec.
    assert spec().digest == "f714dc5814418b24ba56bdfdf463189f2f2e86cb97e89271a66906967248cdc0"


def test_the_seed_of_a_later_picture_is_the_published_one() -> None:
    assert spec(seed=42, count=2).picture_seed(1) == 776859331


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("prompt", "", "write at least one word"),
        ("prompt", " \n ", "write at least one word"),
        ("prompt", "x" * (MAX_PROMPT + 1), "shorten it to 2000"),
        ("prompt", "tent\x00", "U+0000 at place 4; remove it"),
        ("prompt", "\x1b[31mred", "U+001B at place 0"),
        ("prompt", "half \ud800", "U+D800"),
        ("prompt", None, "must be text"),
        ("negative_prompt", " ", "write at least one word"),
        ("negative_prompt", "a\x7f", "U+007F"),
        ("model", "", "write at least one word"),
        ("width", 56, "from 64 to 2048"),
        ("width", 2056, "from 64 to 2048"),
        ("height", 100, "multiple of 8"),
        ("height", 64.0, "whole number"),
        ("steps", 0, "from 1 to 150"),
        ("steps", 151, "from 1 to 150"),
        ("steps", True, "whole number"),
        ("guidance", -0.1, "from 0 to 30"),
        ("guidance", 30.1, "from 0 to 30"),
        ("guidance", float("nan"), "from 0 to 30"),
        ("guidance", "4", "must be a number"),
        ("count", 0, "from 1 to 16"),
        ("count", 17, "from 1 to 16"),
        ("seed", -1, "from 0 to"),
        ("seed", 2**63, "from 0 to"),
        ("seed", "7", "whole number"),
    ],
)
def test_a_bad_value_names_its_field_and_the_remedy(field: str, value: Any, remedy: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec(**{field: value})
    assert caught.value.field == field
    assert caught.value.permanent
    assert remedy in str(caught.value)


@pytest.mark.parametrize("seed", ["1e3", "9" * 30, "-1", "٣", "", None])
def test_a_seed_that_is_no_number_in_digits_is_refused(seed: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        GenerationSpec.from_json(spec().to_json() | {"seed": seed})
    assert caught.value.field == "seed"


def test_unknown_and_missing_fields_are_named() -> None:
    plain = spec().to_json()
    with pytest.raises(SpecError, match="sampler: is not a field"):
        GenerationSpec.from_json(plain | {"sampler": "x"})
    with pytest.raises(SpecError, match="prompt: is missing"):
        GenerationSpec.from_json({name: value for name, value in plain.items() if name != "prompt"})


@pytest.mark.parametrize(
    ("sha256", "strength", "field"),
    [
        ("0" * 64, None, "strength"),
        (None, 0.5, "reference_sha256"),
        ("xyz", 0.5, "reference_sha256"),
        ("AB" * 32, 0.5, "reference_sha256"),
        ("0" * 64, 0.0, "strength"),
        ("0" * 64, 1.1, "strength"),
        ("0" * 64, True, "strength"),
    ],
)
def test_a_bad_reference_names_its_field(sha256: str | None, strength: float | None, field: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec(reference_sha256=sha256, strength=strength)
    assert caught.value.field == field


def test_whole_guidance_equals_the_same_number_with_a_point() -> None:
    assert spec(guidance=3) == spec(guidance=3.0)
    assert spec(guidance=3).digest == spec(guidance=3.0).digest


def test_importing_the_library_loads_no_torch() -> None:
    program = (
        "import generation, generation.commands, sys; sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0

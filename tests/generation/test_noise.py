"""The mixtures are those of the schedulers themselves: what they add noise with is what we say they hold."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generation.noise import Mixture, mixture, overheard, place_after

diffusers: Any = import_module("diffusers")

# diffusers hands torch tensors to NumPy in the old way; it is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SCHEDULERS = {
    "flow": lambda: diffusers.FlowMatchEulerDiscreteScheduler(),
    "flow, shifted": lambda: diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    "variance exploding": lambda: diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    "variance preserving": lambda: diffusers.DPMSolverMultistepScheduler(),
    "a solver on flow": lambda: diffusers.DPMSolverMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction"
    ),
    "alphas alone": lambda: diffusers.DDIMScheduler(),
    "alphas, first step twice": lambda: diffusers.PNDMScheduler(skip_prk_steps=True),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_mixture_is_what_the_scheduler_adds_noise_with(name: str) -> None:
    scheduler = SCHEDULERS[name]()
    scheduler.set_timesteps(10)
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    add = getattr(scheduler, "scale_noise", None)
    for place, time in enumerate(scheduler.timesteps):
        mixed = mixture(scheduler, place)
        assert mixed is not None
        moment = time.reshape(1)
        theirs = add(clean, moment, noise) if add else scheduler.add_noise(clean, noise, moment)
        assert torch.allclose(mixed.signal * clean + mixed.noise * noise, theirs, atol=1e-4)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_noise_falls_until_nothing_is_left(name: str) -> None:
    scheduler = SCHEDULERS[name]()
    scheduler.set_timesteps(10)
    shares = [mixed.share for place in range(len(scheduler.timesteps) + 1) if (mixed := mixture(scheduler, place))]
    assert len(shares) == len(scheduler.timesteps) + 1
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.9
    assert shares[-1] < 0.03


def test_a_scheduler_that_tells_nothing_gives_no_mixture() -> None:
    assert mixture(SimpleNamespace(), 0) is None
    assert mixture(SimpleNamespace(sigmas=[1.0, 0.0]), 2) is None
    assert mixture(SimpleNamespace(sigmas=[1.0, 0.0]), -1) is None
    assert mixture(SimpleNamespace(alphas_cumprod=[0.5], timesteps=[0]), 2) is None


@given(st.floats(0, 1))
def test_the_share_of_flow_is_its_level(level: float) -> None:
    assert Mixture(1 - level, level).share == pytest.approx(level)


@pytest.mark.parametrize(("own", "index", "expected"), [(None, 0, 8), (None, 2, 10), (9, 1, 9)])
def test_a_walk_from_a_picture_begins_further_down(own: int | None, index: int, expected: int) -> None:
    scheduler = SimpleNamespace(timesteps=list(range(10)), step_index=own)
    assert place_after(scheduler, index=index, total=3) == expected


def test_steps_are_overheard_and_nothing_stays_behind() -> None:
    scheduler = diffusers.DDIMScheduler()
    scheduler.set_timesteps(2)
    heard: list[torch.Tensor] = []
    sample = torch.ones(1, 1, 2, 2)
    plain = scheduler.step(sample, 1, sample).prev_sample
    with overheard(scheduler, heard.append):
        # Pipelines read the signature to learn what a scheduler takes.
        import_module("inspect").signature(scheduler.step).parameters["eta"]
        assert torch.equal(scheduler.step(sample, 1, sample).prev_sample, plain)
    assert [id(one) for one in heard] == [id(sample)]
    assert "step" not in vars(scheduler)

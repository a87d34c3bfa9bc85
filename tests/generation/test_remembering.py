"""Encodings remembered: asked once, the very same answer, forgotten in order, and never for what cannot be compared."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from generation import GeneratedAsset
from generation.diffusion import DiffusersEngine
from generation.loading import pipeline_of
from generation.remembering import KEPT, remember_encodings
from tests.generation import models
from tests.generation.conftest import spec

# diffusers deprecates a class of its own and hands torch tensors to NumPy in the old way; neither is ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.LoraLoaderMixin. is deprecated:FutureWarning"),
]


class Counting(nn.Module):
    """An encoder that counts how often it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def forward(self, ids: torch.Tensor, *, scale: float = 1.0, extra: object = None) -> torch.Tensor:
        self.runs += 1
        return ids * scale


@pytest.fixture
def encoder() -> Counting:
    counting = Counting()
    remember_encodings(SimpleNamespace(components={"text_encoder": counting, "text_encoder_2": None, "vae": nn.ReLU()}))
    return counting


def test_a_repeated_question_is_answered_from_memory(encoder: Counting) -> None:
    first = encoder(torch.tensor([1, 2]), scale=2.0)
    assert encoder(torch.tensor([1, 2]), scale=2.0) is first
    assert encoder.runs == 1


def test_questions_differ_by_value_shape_type_and_name(encoder: Counting) -> None:
    encoder(torch.tensor([1, 2]))
    encoder(torch.tensor([1, 3]))
    encoder(torch.tensor([[1, 2]]))
    encoder(torch.tensor([1.0, 2.0]))
    encoder(torch.tensor([1, 2]), scale=3.0)
    encoder(torch.tensor([1, 2]), scale=True)
    assert encoder.runs == 6


def test_the_oldest_answer_is_forgotten_first(encoder: Counting) -> None:
    for number in range(KEPT + 1):
        encoder(torch.tensor([number]))
    encoder(torch.tensor([KEPT]))
    assert encoder.runs == KEPT + 1
    encoder(torch.tensor([0]))
    assert encoder.runs == KEPT + 2


def test_what_cannot_be_compared_is_asked_each_time(encoder: Counting) -> None:
    for _ in range(2):
        encoder(torch.tensor([1]), extra=object())
    assert encoder.runs == 2


@pytest.mark.parametrize("family", sorted(models.FAMILIES))
def test_remembering_changes_no_pixel(engine_of: Callable[[str], DiffusersEngine], family: str) -> None:
    remembering = engine_of(family)
    plain = DiffusersEngine(remembering.entry, pipeline_of(remembering.entry), threads=1)
    wanted = spec(prompt="rain on a field", count=2)
    one, other = (
        [item.pixels for item in engine.generate(wanted) if isinstance(item, GeneratedAsset)]
        for engine in (plain, remembering)
    )
    assert one == other

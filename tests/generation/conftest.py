"""Tiny models, saved once a session, and the engines and the child process on them."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generation import GenerationChild, GenerationSpec, ModelEntry, read_model
from generation.diffusion import DiffusersEngine
from tests.generation import models

TINY = "tiny"


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a family's tiny model, by the family's name; read it, never write to it."""
    root = tmp_path_factory.mktemp("models")
    return cache(lambda family: models.FAMILIES[family](root / family))


@pytest.fixture(scope="session")
def entry_of(folder_of: Callable[[str], Path]) -> Callable[[str], ModelEntry]:
    """Return the entry of a family's tiny model."""
    return cache(lambda family: read_model(folder_of(family), id=TINY))


@pytest.fixture(scope="session")
def engine_of(entry_of: Callable[[str], ModelEntry]) -> Callable[[str], DiffusersEngine]:
    """Return a loaded engine on a family's tiny model."""
    return cache(lambda family: DiffusersEngine.load(entry_of(family), threads=1))


@pytest.fixture(scope="session")
def shared_child(entry_of: Callable[[str], ModelEntry]) -> Iterator[GenerationChild]:
    """Keep one child for all tests, since starting one costs seconds; a test may kill it, the next restarts it."""
    with GenerationChild(entry_of("prx-pixel"), threads=1) as child:
        yield child


def spec(**differences: Any) -> GenerationSpec:
    """Return a small valid spec for the tiny models, but for the given differences."""
    plain: dict[str, Any] = {
        "model": TINY,
        "prompt": "a red tent",
        "seed": 7,
        "width": 64,
        "height": 64,
        "steps": 3,
        "guidance": 3.0,
    }
    return GenerationSpec(**(plain | differences))


def wait_until(condition: Callable[[], bool], *, within_s: float) -> None:
    """Wait for a condition; fail when it does not come."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, f"still not so after {within_s} s"
        time.sleep(0.02)

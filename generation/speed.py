"""How long one picture takes a person who waits for it: by the clock, through the child process, as in service.

Loads torch in the part that says where the time goes. Times are seconds of a clock on the wall, so other work on the
machine is in them: measure on a quiet one. Shares are of processor time, of one process with one thread.
"""

import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generation.catalogue import ModelEntry
from generation.child import GenerationChild
from generation.engine import GeneratedAsset, Step
from generation.families import family_of
from generation.spec import GenerationSpec

if TYPE_CHECKING:
    import torch

    from generation.process import Process

DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds from a request to its first preview and to its finished picture, one value a picture.

    `cold_preview_s` is that of the request that starts the process and loads the model.
    """

    cold_preview_s: float
    preview_s: tuple[float, ...]
    picture_s: tuple[float, ...]

    def to_json(self) -> dict[str, float | int]:
        """Return medians and worst cases."""
        return {
            "pictures": len(self.picture_s),
            "picture_s": statistics.median(self.picture_s),
            "slowest_picture_s": max(self.picture_s),
            "first_preview_s": statistics.median(self.preview_s),
            "slowest_first_preview_s": max(self.preview_s),
            "cold_first_preview_s": self.cold_preview_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Which part of a picture's processor time the second stage takes, and which the previews and the strip."""

    second_stage: float
    previews: float
    strip: float


def waits(entry: ModelEntry, spec: GenerationSpec, *, threads: int, pictures: int) -> Waits:
    """Ask a fresh child for one picture, then for `pictures` more, each with another seed."""
    with GenerationChild(entry, threads=threads) as child:
        cold, _ = _wait(child, spec)
        seen = [_wait(child, replace(spec, seed=spec.seed + 1 + number)) for number in range(pictures)]
    return Waits(
        cold_preview_s=cold, preview_s=tuple(one for one, _ in seen), picture_s=tuple(other for _, other in seen)
    )


def _wait(child: GenerationChild, spec: GenerationSpec) -> tuple[float, float]:
    began = time.monotonic()
    moments: dict[type, float] = {}
    with closing(child.generate(spec, deadline_s=DEADLINE_S)) as items:
        for item in items:
            moments.setdefault(type(item), time.monotonic() - began)
    return moments[Step], moments[GeneratedAsset]


def shares(entry: ModelEntry, spec: GenerationSpec, *, rounds: int) -> Shares:
    """Say where the time of a picture goes, the median of `rounds` pictures after one that does not count."""
    from generation.diffusion import DiffusersEngine
    from generation.witness import Witness

    spent = {"second": 0.0, "step": 0.0, "strip": 0.0}

    class Clocked(Witness):
        """A witness with a stopwatch."""

        def step(self, index: int, latents: "torch.Tensor") -> Step:
            began = time.process_time()
            shown = super().step(index, latents)
            spent["step"] += time.process_time() - began
            return shown

        def process(self) -> "Process | None":
            began = time.process_time()
            process = super().process()
            spent["strip"] += time.process_time() - began
            return process

    engine = DiffusersEngine.load(entry, threads=1)
    engine.witness = Clocked
    parts = [_shares(engine, entry, replace(spec, seed=spec.seed + number), spent) for number in range(rounds + 1)][1:]
    return Shares(second_stage=_median(parts, "second"), previews=_median(parts, "step"), strip=_median(parts, "strip"))


def _shares(engine: Any, entry: ModelEntry, spec: GenerationSpec, spent: dict[str, float]) -> dict[str, float]:
    for name in spent:
        spent[name] = 0.0
    began = time.process_time()
    for item in engine.generate(spec):
        asset = item
    total = time.process_time() - began
    spent["second"] = _second_stage_s(entry, spec, asset)
    return {name: seconds / total for name, seconds in spent.items()}


def _second_stage_s(entry: ModelEntry, spec: GenerationSpec, asset: GeneratedAsset) -> float:
    """Time what follows sampling, again, on a picture of the size that is painted."""
    import torch

    family = family_of(entry.pipeline)
    asked = family.arguments(spec, entry.folder)
    pixels = torch.frombuffer(bytearray(asset.pixels), dtype=torch.uint8).reshape(asset.height, asset.width, 3)
    pixels = pixels[: asked["height"], : asked["width"]].contiguous()
    began = time.process_time()
    for step in family.post_steps(spec, entry.folder):
        pixels = step(pixels)
    return time.process_time() - began


def _median(parts: Sequence[dict[str, float]], name: str) -> float:
    return statistics.median(part[name] for part in parts)

"""How much of a picture's time is ours: the engine beside the bare diffusers call, turn by turn.

Loads torch. Both sides use the same folder, seed and number of threads. The bare side is `pipeline(...)` alone, so
previews, digests, recipes and what follows sampling count as ours, as do the encodings remembered.

Times are processor seconds, the least of the rounds, because other processes make wall clocks lie.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from generation.catalogue import ModelEntry
from generation.child import ROOT, GenerationChild, environment
from generation.diffusion import DiffusersEngine
from generation.families import family_of
from generation.loading import pipeline_of
from generation.spec import GenerationSpec

BATCH = 4
COLD_BARE = """
import sys, torch, diffusers
pipeline = diffusers.DiffusionPipeline.from_pretrained(sys.argv[1], local_files_only=True, use_safetensors=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Processor seconds of one case, bare and ours."""

    case: str
    bare_s: float
    ours_s: float

    @property
    def ratio(self) -> float:
        """Ours divided by bare: 1 is free, less than 1 is faster than diffusers alone."""
        return self.ours_s / self.bare_s


def against_bare(entry: ModelEntry, spec: GenerationSpec, *, threads: int, rounds: int) -> list[Timing]:
    """Time one picture and a batch of one prompt, `rounds` times each after one that does not count."""
    engine, pipeline = DiffusersEngine.load(entry, threads=threads), pipeline_of(entry)
    arguments = family_of(entry.pipeline).arguments(spec, entry.folder)

    def bare() -> None:
        pipeline(**arguments, generator=torch.Generator("cpu").manual_seed(spec.seed), output_type="np")

    def bare_batch() -> None:
        for _ in range(BATCH):
            bare()

    one, batch = replace(spec, count=1), replace(spec, count=BATCH)
    return [
        _timed("one picture", bare, lambda: list(engine.generate(one)), rounds),
        _timed(f"{BATCH} pictures of one prompt", bare_batch, lambda: list(engine.generate(batch)), rounds),
    ]


def cold_start(entry: ModelEntry, spec: GenerationSpec, *, threads: int, rounds: int) -> Timing:
    """Time a process from its start to its first step, ours, and to a loaded pipeline, bare."""

    def bare() -> None:
        command = [sys.executable, "-c", COLD_BARE, str(entry.folder)]
        subprocess.run(command, cwd=ROOT, env=environment(threads), check=True, capture_output=True)

    def ours() -> None:
        with GenerationChild(entry, threads=threads) as child:
            next(child.generate(spec, deadline_s=600))

    return _timed("cold start", bare, ours, rounds, clock=_children_s)


def _timed(
    case: str,
    bare: Callable[[], object],
    ours: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> Timing:
    turns = [(_seconds(bare, clock), _seconds(ours, clock)) for _ in range(rounds + 1)][1:]
    return Timing(case=case, bare_s=min(turn[0] for turn in turns), ours_s=min(turn[1] for turn in turns))


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

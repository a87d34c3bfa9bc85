"""Under which circumstances a picture was made: pipeline, scheduler, generator, flags, versions, processor.

Everything here explains a picture that comes out differently another time; none of it is asked for by a spec.
Torch is loaded by the functions that need it.
"""

import os
import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from generation.canonical import JSON
from generation.families import PostStep
from generation.recipe import Circumstances

PRODUCT = "0.1.0"
LIBRARIES = ("torch", "diffusers", "transformers", "tokenizers", "safetensors", "numpy", "pillow")


def circumstances_of(
    pipeline: Any, prompt: str, *, generator_seed: int, post_steps: Sequence[PostStep], threads: int
) -> Circumstances:
    """Return what is to be written down of a loaded pipeline and the picture it has just made."""
    components = {name: type(part).__name__ for name, part in pipeline.components.items() if part is not None}
    scheduler = pipeline.scheduler
    return Circumstances(
        pipeline={"class": type(pipeline).__name__, "components": components},
        scheduler={"class": type(scheduler).__name__, "config": _plain(dict(scheduler.config))},
        encoded_prompt=_encoded(pipeline, prompt),
        generator={"device": "cpu", "algorithm": "mt19937", "seed": generator_seed},
        post_steps=[step.describe() for step in post_steps],
        flags=_flags(pipeline, threads=threads),
        environment=environment(),
    )


@lru_cache(maxsize=1)
def environment() -> dict[str, JSON]:
    """Return versions, device and processor, as they are for the life of this process."""
    import torch

    return {
        "product": PRODUCT,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "device": "cpu",
        "cuda": torch.version.cuda,
        "driver": None,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def _flags(pipeline: Any, *, threads: int) -> dict[str, JSON]:
    # What else changes arithmetic.
    import torch

    return {
        "dtype": str(pipeline.dtype).removeprefix("torch."),
        "threads": threads,
        "attention": "scaled_dot_product_attention",
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "wait_policy": os.environ.get("OMP_WAIT_POLICY"),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a device, not a file of ours
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _encoded(pipeline: Any, prompt: str) -> list[JSON]:
    """Return the prompt as each tokenizer cut it, which is all that the model was told."""
    tokenizers = {name: part for name, part in pipeline.components.items() if name.startswith("tokenizer")}
    return [_tokens(name, part, prompt) for name, part in tokenizers.items() if part is not None]


def _tokens(name: str, tokenizer: Any, prompt: str) -> JSON:
    longest = min(tokenizer.model_max_length, 4096)
    ids = tokenizer(prompt, truncation=True, max_length=longest)["input_ids"]
    return {"tokenizer": name, "ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)}


def _plain(value: Any) -> JSON:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if not str(key).startswith("_")}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

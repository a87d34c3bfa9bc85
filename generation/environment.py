"""Where a picture was made: versions, processor and the flags that change arithmetic. Loads torch when asked."""

import os
import platform
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from generation.canonical import JSON

PRODUCT = "0.1.0"
LIBRARIES = ("torch", "diffusers", "transformers", "tokenizers", "safetensors", "numpy", "pillow")


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


def flags(pipeline: Any, *, threads: int) -> dict[str, JSON]:
    """Return what else changes arithmetic: threads, attention, precision, determinism."""
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

"""Converts the published weights of the second stage (a Keras model.json) to safetensors, with licence and origin.

Nothing is trained here. The layers' names in the package map one to one to those of `generation.upscale`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from generation.training.errors import DataError
from generation.training.sources import UPSCALER, fetch, folder
from generation.upscale import SCALE, ResidualDenseNetwork

_NAMES = {
    "F_m1": "shallow.0",
    "F_0": "shallow.1",
    "F_1_1": "grow.0",
    "F_2_1": "grow.1",
    "LFF_1": "fuse.0",
    "LFF_2": "fuse.1",
    "GFF_1": "gather.0",
    "GFF_2": "gather.1",
    "UPN1": "enlarge.0",
    "UPN2": "enlarge.2",
    "UPN3": "enlarge.4",
    "SR": "draw",
}


def convert(cache: Path, out: Path) -> None:
    """Write `model.safetensors`, `config.json` and the package's LICENSE into `out`, fetching the package if need be.

    Raises DataError when the package's weights are not those of the network that `generation.upscale` builds.
    """
    fetch(cache)
    source = folder(cache, UPSCALER) / "models" / f"x{SCALE}"
    weights = {_target(name): value for name, value in _read(source).items()}
    try:
        ResidualDenseNetwork().load_state_dict(weights)
    except RuntimeError as error:
        raise DataError(f"{source} does not hold the expected layers: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(folder(cache, UPSCALER) / "LICENSE", out / "LICENSE")
    origin = {
        "architecture": "residual dense network, one growth layer in each of two blocks",
        "scale": SCALE,
        "package": UPSCALER.name,
        "version": UPSCALER.version,
        "licence": UPSCALER.licence,
        "source_sha256": hashlib.sha256((source / "group1-shard1of1.bin").read_bytes()).hexdigest(),
        "trained_on": "DIV2K, as the package's own model name states; by the package's authors, not by this project",
    }
    (out / "config.json").write_text(json.dumps(origin, indent=2) + "\n")


def _read(source: Path) -> dict[str, Tensor]:
    """Read a layers-model: named float32 arrays laid end to end in the order of the weights manifest."""
    manifest = json.loads((source / "model.json").read_text())["weightsManifest"]
    arrays: dict[str, Tensor] = {}
    for group in manifest:
        data = b"".join((source / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(data, dtype="<f4", count=count, offset=offset).reshape(entry["shape"])
            offset += 4 * count
            # Keras keeps kernels as (height, width, inputs, outputs); torch wants (outputs, inputs, height, width).
            arrays[entry["name"]] = torch.from_numpy(
                values.copy() if values.ndim == 1 else values.transpose(3, 2, 0, 1).copy()
            )
    return arrays


def _target(name: str) -> str:
    layer, kind = name.split("/")
    return f"{_NAMES[layer]}.{'weight' if kind == 'kernel' else 'bias'}"

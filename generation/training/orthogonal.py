"""Newton-Schulz orthogonalised momentum (Muon; Jordan et al. 2024) for matrices, in single precision.

torch.optim.Muon does the same in bfloat16, which processors without bfloat16 units compute about fifteen times slower;
this class exists for them alone. Everything that is not a hidden matrix belongs to AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class OrthogonalMomentum(Optimizer):
    """SGD with Nesterov momentum whose matrix updates are made nearly orthogonal. `lr` is per unit spectral norm."""

    def __init__(self, params: Iterable[Tensor], *, lr: float, momentum: float = 0.95, steps: int = 4) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "steps": steps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Apply one update to every matrix that has a gradient."""
        for group in self.param_groups:
            for matrix in (p for p in group["params"] if p.grad is not None):
                state = self.state[matrix]
                if not state:
                    state["momentum"] = torch.zeros_like(matrix)
                state["momentum"].lerp_(matrix.grad, 1 - group["momentum"])
                ahead = matrix.grad.lerp(state["momentum"], group["momentum"])
                scale = math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
                matrix.add_(orthogonalise(ahead, group["steps"]), alpha=-group["lr"] * scale)


def orthogonalise(matrix: Tensor, steps: int) -> Tensor:
    """Push the singular values of `matrix` towards one by a quintic Newton-Schulz iteration.

    The iteration runs on the Gram matrix of the shorter side and is applied once at the end: the same polynomial of the
    singular values, for about half the arithmetic of iterating on a wide matrix.
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if tall else matrix
    wide = wide / wide.norm().clamp(min=1e-7)
    gram = wide @ wide.T
    whole = torch.eye(len(gram))
    for step in range(steps):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        whole = factor @ whole if step else factor
        if step < steps - 1:
            gram = factor @ gram @ factor
    result: Tensor = whole @ wide
    return result.T if tall else result

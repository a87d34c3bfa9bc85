"""Fourier sums at frequencies that are no whole number of waves across the picture: planes to points and back.

Both directions are two matrix products, exact at any period, which is what a mark whose scale is only known as a
fraction of a pixel needs. Coordinates are measured from the middle of the picture.
"""

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.pattern import OUTERMOST

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]


def waves(length: int, period: float) -> Complexes:
    """exp(2πi·k·x/period) for the pixels x of a line and k from 0 to OUTERMOST: shape (length, OUTERMOST + 1)."""
    places = np.arange(length) - (length - 1) / 2
    turns = np.outer(places, np.arange(OUTERMOST + 1)) / period
    return np.asarray(np.exp(2j * np.pi * turns), np.complex64)


def analyse(plane: Floats, periods: tuple[float, float]) -> Complexes:
    """The spectrum of a plane at all (k/periods[0], l/periods[1]), scaled so that white noise of variance 1 has 1.

    Shape (2·OUTERMOST + 1, OUTERMOST + 1): l from -OUTERMOST, k from 0.
    """
    return finish(along_rows(plane, periods[0]), periods[1])


def along_rows(plane: Floats, period: float) -> Complexes:
    """The first half of `analyse`: each row's sums, shape (height, OUTERMOST + 1)."""
    across = waves(plane.shape[1], period)
    real, imaginary = plane @ np.ascontiguousarray(across.real), plane @ np.ascontiguousarray(across.imag)
    return np.asarray((real - 1j * imaginary) / np.sqrt(plane.size), np.complex64)


def finish(rows: Complexes, period: float) -> Complexes:
    """The second half of `analyse`: the sums down the columns."""
    down = waves(len(rows), period)
    both = np.concatenate((down[:, :0:-1], down.conj()), axis=1)
    return np.ascontiguousarray(both.T) @ rows


def synthesise(points: Complexes, periods: tuple[float, float], shape: tuple[int, int]) -> Floats:
    """The real plane of a half-plane spectrum, in the layout of `analyse`; each point gives a wave of its modulus."""
    height, width = shape
    across, down = waves(width, periods[0]), waves(height, periods[1])
    both = np.concatenate((down.conj()[:, :0:-1], down), axis=1)
    rows = both @ points
    real = rows.real.copy() @ np.ascontiguousarray(across.real.T)
    return np.asarray(real - rows.imag.copy() @ np.ascontiguousarray(across.imag.T), np.float32)

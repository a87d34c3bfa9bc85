"""The mark as a spectrum: which frequencies of a repeating tile it uses, and what a key makes of them.

A tile of period P repeats over the picture, so all of the mark's energy is at the frequencies (k/P, l/P) with whole k
and l: a lattice. Nothing else that a picture usually holds is there, which is what gives scale and place away.

- The mark uses the half-plane of 6 <= sqrt(k² + l²) <= 30; the other half follows because pixels are real.
- One point in six is a *pilot*: its phase is known from the key. The others carry two coded signs each, one in the
  real and one in the imaginary part. Each coded sign is spread over about six places of all radii.
- Power grows in proportion to the radius: pictures are quieter there, and the eye is too.
- Everything comes from the key by SHAKE-256, so it is the same on every machine and with every version of numpy.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.codec import CODED_SIGNS

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]
Indices = NDArray[np.int64]

INNERMOST, OUTERMOST = 6, 30
_PILOTS_EVERY = 6
_DOMAIN = b"imprimatur/lattice/v1\x00"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a key makes of the lattice. `across` and `down` are the whole frequencies k and l of its points, by radius.

    `pilots` and `carriers` are indices of points. `pilot_phase` are unit numbers. `carrier_sign[d]` and
    `carrier_bit[d]` say for each of the 2·len(carriers) places (real parts first) which coded sign it carries, and
    with which sign of its own.
    """

    across: Indices
    down: Indices
    radius: Floats
    pilots: Indices
    carriers: Indices
    pilot_phase: Complexes
    carrier_bit: Indices
    carrier_sign: Floats

    @classmethod
    def of_key(cls, key: bytes) -> "Pattern":
        """The pattern of a key of at least 16 bytes; ValueError for a shorter one, which could be guessed."""
        if len(key) < 16:
            raise ValueError(f"key: {len(key)} bytes; at least 16 random bytes are needed")
        across, down, radius = _lattice()
        order = _permutation(key, b"pilots", len(across) // _PILOTS_EVERY * _PILOTS_EVERY)
        # Every run of six neighbouring radii gives one pilot, so that each ring has its share.
        runs = np.argsort(order.reshape(-1, _PILOTS_EVERY), axis=1)[:, 0]
        pilots = np.arange(len(runs)) * _PILOTS_EVERY + runs
        carriers = np.setdiff1d(np.arange(len(across)), pilots)
        turns = _words(key, b"phases", len(pilots)) / 2.0**32
        bit = _spread(key, len(carriers))
        sign = 1.0 - 2.0 * (_words(key, b"signs", len(bit)) & 1)
        phase = np.exp(2j * np.pi * turns).astype(np.complex64)
        return cls(across, down, radius, pilots, carriers, phase, bit, sign.astype(np.float32))

    def spectrum(self, signs: Floats) -> Complexes:
        """The numbers at the points that carry these CODED_SIGNS signs; their power grows with the radius."""
        chips = signs[self.carrier_bit] * self.carrier_sign
        count = len(self.carriers)
        points = np.empty(len(self.across), np.complex64)
        points[self.pilots] = self.pilot_phase
        points[self.carriers] = (chips[:count] + 1j * chips[count:]) / np.sqrt(2)
        return points * np.sqrt(self.radius / OUTERMOST)

    def collect(self, points: Complexes, weight: Floats) -> Floats:
        """The soft values of the coded signs: what the carriers show, weighted by point, each place with its sign."""
        seen = points[self.carriers] * weight[self.carriers]
        chips = np.concatenate((seen.real, seen.imag)) * self.carrier_sign
        return np.bincount(self.carrier_bit, chips, CODED_SIGNS).astype(np.float32)


@cache
def _lattice() -> tuple[Indices, Indices, Floats]:
    """All points of the half-plane within the ring, by radius: whole numbers, so that machines agree on their order."""
    down, across = (line.ravel() for line in np.mgrid[-OUTERMOST : OUTERMOST + 1, 0 : OUTERMOST + 1])
    square = across**2 + down**2
    half = (across > 0) | (down > 0)
    inside = half & (square >= INNERMOST**2) & (square <= OUTERMOST**2)
    order = np.lexsort((down[inside], across[inside], square[inside]))
    across, down, square = (line[inside][order] for line in (across, down, square))
    return across, down, np.sqrt(square).astype(np.float32)


def _words(key: bytes, purpose: bytes, count: int) -> NDArray[np.uint32]:
    digest = hashlib.shake_256(_DOMAIN + purpose + b"\x00" + key).digest(4 * count)
    return np.frombuffer(digest, "<u4")


def _permutation(key: bytes, purpose: bytes, count: int) -> Indices:
    """A permutation; equal words, which hardly occur, keep their order."""
    return np.argsort(_words(key, purpose, count), kind="stable")


def _spread(key: bytes, carriers: int) -> Indices:
    """Which coded sign each place carries: all of them once, in an order of the key's, again and again outwards.

    Real and imaginary parts take turns along the radius, so each round spans a thin ring of both.
    """
    places = 2 * carriers
    rounds = -(-places // CODED_SIGNS)
    order = [_permutation(key, b"round %d" % number, CODED_SIGNS) for number in range(rounds)]
    along = np.concatenate(order)[:places]
    return np.concatenate((along[0::2], along[1::2]))

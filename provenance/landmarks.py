"""Places in a picture that are recognised again whatever is cut away around them: what a fingerprint cannot survive.

A fingerprint describes the whole picture, so a crop changes all of it. Landmarks are the opposite: up to 24 blobs
spread over the picture, each with the signs of the 64 lowest cosine coefficients of its surroundings. A copy is the
same picture when many of them are found again and all lie where one shift and one change of size would put them.

- The picture is looked at in grey at an area of 128 x 128; a landmark is ten bytes: its code (64 bits, lowest
  frequency first, big-endian), its row and its column in that small picture. A set is their base64.
- What is recorded is one set. What is searched with is one set for each size in `SCALES`, because a crop makes
  everything in it larger, and a frame smaller, in proportion to the whole. Such a view begins with the height and the
  width of its small picture, two bytes each.
- A copy must show at least half of the landmarks that lie where it reaches. Two pictures with one figure in common
  agree on the figure and on nothing else, and that is how they are told apart.
- The foot of a recorded picture gives no landmarks: our visible label stands there, alike on all pictures.
- Nothing here is turned or mirrored: a copy that was is not recognised.

The parts are classical: extrema of a difference of Gaussians (Lowe 2004), signs of cosine coefficients as in pHash,
agreement on one transformation as in RANSAC, exhaustive here because only a shift is left to agree on.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.pictures import to_image

MOST_LANDMARKS = 24
BYTES = 10
SCALES = tuple(1.05**step for step in range(-4, 8))
"""Sizes of a copy's contents in proportion to the whole: 0.82 in a wide frame, 1 uncropped, 1.41 when half is left."""

LEAST_AGREED = 6
"""As many landmarks must agree before a copy counts as found."""

LEAST_SHARE = 0.5
"""And at least this part of those that its crop must have left in it."""

LARGEST_DIFFERENCE = 12
"""Two codes that differ in more of their 64 bits are of different places."""

_MOST_SEEN = 48  # in each view of a copy: more than are recorded, because a crop changes which are the strongest
_SIDE = 128
_CELLS = 4  # the strongest of each of 4 x 4 cells come first, so that every part of the picture keeps some
_BLOB, _RATIO = 1.0, 1.6
_NEIGHBOURS = 3
_FAINTEST = 1.0
_MARGIN = 5
_LABEL_SHARE = 0.13  # a tenth, and what an edge makes of its surroundings
_SURROUNDINGS = 8
_SIZE_BYTES = 4
_PATCH, _STEP = 12, 2
_VIEW_ROWS = 4096
_MOST_PAIRS = 400
_NO_CODES, _NO_PLACES = np.empty(0, dtype=np.uint64), np.empty((0, 2), dtype=np.int32)
_SLACK = 4  # pixels of the small picture that the places of two agreeing landmarks may differ by

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """A recorded set in arrays: `codes` uint64 (n,), `places` int32 (n, 2), rows and columns of the small picture."""

    codes: NDArray[np.uint64]
    places: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Seen:
    """All views of a picture in arrays, as `Landmarks`; `sizes` int32 (views, 2) are those of the small pictures.

    The rows of each view begin `_VIEW_ROWS` below those of the last: no shift joins landmarks of two views.
    """

    codes: NDArray[np.uint64]
    places: NDArray[np.int32]
    sizes: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many recorded landmarks were seen again under one shift, and what part of those that had to be."""

    landmarks: int
    share: float

    @property
    def enough(self) -> bool:
        """Whether that says by itself that one picture is a copy, or a part, of the other."""
        return self.landmarks >= LEAST_AGREED and self.share >= LEAST_SHARE


def landmarks(pixels: bytes, width: int, height: int) -> str:
    """The set to record for RGB8 pixels; empty for a picture without any, a plain surface for instance."""
    small = _small(to_image(pixels, width, height).convert("L"), 1.0)
    below = max(_MARGIN, round(small.shape[0] * _LABEL_SHARE))
    return base64.b64encode(_set(small, most=MOST_LANDMARKS, below=below)).decode()


def views(pixels: bytes, width: int, height: int) -> tuple[str, ...]:
    """The sets to search with for RGB8 pixels, one for each of `SCALES`, in their order."""
    grey = to_image(pixels, width, height).convert("L")
    return tuple(_view(_small(grey, scale)) for scale in SCALES)


def _view(small: Floats) -> str:
    size = np.array(small.shape, dtype=">u2").tobytes()
    return base64.b64encode(size + _set(small, most=_MOST_SEEN, below=_MARGIN)).decode()


def unpack(packed: bytes) -> Landmarks:
    """The arrays of the bytes of a set; ValueError for what is none."""
    if len(packed) % BYTES:
        raise ValueError(f"landmarks: {len(packed)} bytes; each has {BYTES}")
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, BYTES)
    codes = np.ascontiguousarray(rows[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    return Landmarks(codes, rows[:, 8:].astype(np.int32))


def unpack_views(packed: Sequence[str]) -> Seen:
    """All that `views` gave, in one; ValueError for what it cannot have given."""
    if len(packed) > len(SCALES):
        raise ValueError(f"landmarks: {len(packed)} views; there are {len(SCALES)}")
    raw = [raw_bytes(view) for view in packed]
    sets = [unpack(view[_SIZE_BYTES:]) for view in raw]
    if any(len(view) < _SIZE_BYTES for view in raw) or any(len(view.codes) > _MOST_SEEN for view in sets):
        raise ValueError(f"landmarks: a view without a size, or with more than {_MOST_SEEN} landmarks")
    sizes = np.frombuffer(b"".join(view[:_SIZE_BYTES] for view in raw), dtype=">u2").astype(np.int32)
    begins = [np.array([_VIEW_ROWS * number, 0], dtype=np.int32) for number in range(len(sets))]
    places = [view.places + begin for view, begin in zip(sets, begins, strict=True)]
    codes = [view.codes for view in sets]
    return Seen(np.concatenate([_NO_CODES, *codes]), np.concatenate([_NO_PLACES, *places]), sizes.reshape(-1, 2))


def raw_bytes(packed: str) -> bytes:
    """The bytes of a set in base64; ValueError for what is not."""
    try:
        return base64.b64decode(packed, validate=True)
    except ValueError as error:
        raise ValueError("landmarks: not base64") from error


def agreement(recorded: Landmarks, seen: Seen) -> Agreement:
    """How well the recorded landmarks are seen again, in the view and under the shift where the most are."""
    differing = np.bitwise_count(recorded.codes[:, None] ^ seen.codes[None, :])
    ours, theirs = np.nonzero(differing <= LARGEST_DIFFERENCE)
    if len(ours) > _MOST_PAIRS:  # a pattern that repeats itself: its best pairs say as much as all of them
        best = np.argsort(differing[ours, theirs], kind="stable")[:_MOST_PAIRS]
        ours, theirs = ours[best], theirs[best]
    if not len(ours):
        return Agreement(0, 0.0)
    shifts = recorded.places[ours] - seen.places[theirs]
    together = np.abs(shifts[:, None] - shifts[None, :]).max(axis=2) < _SLACK
    # A landmark counts once, however many of the view's it could be.
    counts = [len(set(ours[row].tolist())) for row in together]
    most = int(np.argmax(counts))
    again, shift = np.unique(ours[together[most]]), np.median(shifts[together[most]], axis=0)
    view = int(seen.places[theirs[most], 0]) // _VIEW_ROWS
    reached = _reached(recorded.places - shift - (_VIEW_ROWS * view, 0), seen.sizes[view])
    return Agreement(len(again), float(reached[again].sum() / max(1, reached.sum())))


def _reached(places: NDArray[np.float64], size: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which places lie in a small picture, with enough around them to be known by."""
    inside: NDArray[np.bool_] = (places >= _SURROUNDINGS) & (places < size - _SURROUNDINGS)
    return inside[:, 0] & inside[:, 1]


def _small(grey: Image.Image, scale: float) -> Floats:
    """The picture in which everything has the size it has in a recorded one when it fills `scale` times its share."""
    factor = _SIDE / scale / (grey.width * grey.height) ** 0.5
    size = (max(1, round(grey.width * factor)), max(1, round(grey.height * factor)))
    return np.asarray(grey.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0), dtype=np.float32)


def _set(small: Floats, *, most: int, below: int) -> bytes:
    """The landmarks of a small picture, none in its lowest `below` rows."""
    if min(small.shape) <= 2 * _PATCH:
        return b""
    fine = _blurred(small, _BLOB)
    strength = np.abs(fine - _blurred(fine, _BLOB * (_RATIO**2 - 1) ** 0.5))
    rows, columns = _strongest(strength, most=most, below=below)
    places = np.stack([rows, columns], axis=1).astype(np.uint8)
    return np.concatenate([_codes(fine, rows, columns), places], axis=1).tobytes()


def _strongest(strength: Floats, *, most: int, below: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the local maxima, the strongest of every cell before the second ones of any."""
    peaks = (strength == _neighbourhood_maximum(strength)) & (strength > _FAINTEST)
    # Places are single bytes, which is enough for pictures up to four times as long as they are wide.
    peaks[:_MARGIN] = peaks[-below:] = peaks[256:] = False
    peaks[:, :_MARGIN] = peaks[:, -_MARGIN:] = peaks[:, 256:] = False
    rows, columns = np.nonzero(peaks)
    value = strength[rows, columns]
    cell = rows * _CELLS // strength.shape[0] * _CELLS + columns * _CELLS // strength.shape[1]
    by_cell = np.lexsort((-value, cell))
    begins = np.flatnonzero(np.diff(cell[by_cell], prepend=-1))
    rank = np.empty(len(by_cell), dtype=np.int64)
    rank[by_cell] = np.arange(len(by_cell)) - np.repeat(begins, np.diff(begins, append=len(by_cell)))
    chosen = np.lexsort((-value, rank))[:most]
    return rows[chosen], columns[chosen]


def _codes(fine: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Eight bytes for each place: the signs of the lowest cosine coefficients of what surrounds it."""
    reach = _PATCH * _STEP
    padded = np.pad(fine, reach, mode="edge")
    offsets = reach + np.round((np.arange(_PATCH) - (_PATCH - 1) / 2) * _STEP).astype(np.int64)
    around = padded[(rows[:, None] + offsets)[:, :, None], (columns[:, None] + offsets)[:, None, :]]
    return np.packbits(around.reshape(len(rows), _PATCH**2) @ _waves() > 0, axis=1)


@cache
def _waves() -> Floats:
    """The 64 lowest cosine waves of a patch but the flat one, lowest first: (_PATCH**2, 64)."""
    steps = np.arange(_PATCH)
    lines = np.cos(np.pi * np.outer(steps, steps + 0.5) / _PATCH)
    order = sorted(((u, v) for u in steps for v in steps if u + v), key=lambda wave: (wave[0] + wave[1], wave[0]))
    return np.stack([np.outer(lines[u], lines[v]).ravel() for u, v in order[:64]], axis=1).astype(np.float32)


def _blurred(plane: Floats, sigma: float) -> Floats:
    reach = int(3 * sigma + 0.5)
    steps = np.arange(reach + 1, dtype=np.float32)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights[0] + 2 * weights[1:].sum()
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if axis == side else (0, 0) for side in (0, 1)], mode="reflect")
        lines = [_lines(padded, start, plane.shape[axis], axis) for start in range(2 * reach + 1)]
        plane = weights[0] * lines[reach]
        for step in range(1, reach + 1):
            plane += weights[step] * (lines[reach - step] + lines[reach + step])
    return plane


def _neighbourhood_maximum(plane: Floats) -> Floats:
    for axis in (0, 1):
        padded = np.pad(plane, [(_NEIGHBOURS, _NEIGHBOURS) if axis == side else (0, 0) for side in (0, 1)])
        lines = [_lines(padded, start, plane.shape[axis], axis) for start in range(2 * _NEIGHBOURS + 1)]
        plane = np.maximum.reduce(lines)
    return plane


def _lines(plane: Floats, start: int, count: int, axis: int) -> Floats:
    """`count` rows or columns of the plane, a view of it."""
    return plane[start : start + count] if axis == 0 else plane[:, start : start + count]

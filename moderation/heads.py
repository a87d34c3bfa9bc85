"""One head for each category on the sentence encoder: a vector in, a calibrated score out.

A head adds up two opinions: on which side of a plane the text lies, and whether known examples of the category or
harmless texts are nearer (`moderation.neighbours`).

Not a judge of truth: a head knows the texts it was trained on (`moderation/texts/`) and nothing else.
Heads are trained by `python -m moderation train` and stored as plain arrays; nothing is pickled.

Shapes and units: weights (heads, 512), bias (heads,), knots (heads, 2); `lean` is what a leaning of 1 adds to a
margin; scores in [0, 1]. A raw margin becomes a score through two knots: the margin that scores 0.5 and the one that
scores 0.9, both chosen on harmless text, so 0.5 means "rare among harmless prompts" for every head alike.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation.categories import Category
from moderation.encoder import WIDTH, Vectors
from moderation.errors import ClassifierError
from moderation.neighbours import HARMLESS, Neighbours

HEADS_FILE = Path(__file__).parent / "weights" / "heads.npz"
# Of the bundled file: whoever trains anew writes theirs here, and whoever only swaps the file is noticed.
HEADS_SHA256 = "6a40d9733403b48f1b90cb8b36a24f461de832374ddcb358c5a2f97fa979d8bf"
# Languages in which the heads were measured; text in any other is not covered by them.
LANGUAGES = frozenset({"en", "fr", "es", "pt", "de", "zh", "ru", "ar"})
# The categories texts are written for; see moderation/texts/.
CATEGORIES = frozenset(
    {
        Category.SEXUAL_EXPLICIT,
        Category.VIOLENCE_GRAPHIC,
        Category.HATE_EXTREMISM,
        Category.SELF_HARM,
        Category.DANGEROUS_ILLICIT,
        Category.DIGNITY_STEREOTYPE,
        Category.SYNTHETIC_EVIDENCE,
    }
)
_ARRAYS = ("categories", "weights", "bias", "knots", "encoder", "lean", "known", "kinds")
_NINE_TO_ONE = float(np.log(9.0))  # the logit of 0.9, where the logit of 0.5 is 0


@dataclass(frozen=True, slots=True)
class Heads:
    """Trained heads. `encoder` is the SHA-256 of the encoder weights they belong to."""

    categories: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    knots: npt.NDArray[np.float32]
    lean: float
    neighbours: Neighbours
    encoder: str
    revision: str

    @classmethod
    def load(cls, *, encoder: str, path: Path | None = None) -> Heads:
        """Read trained heads, by default the bundled ones, which have to be `HEADS_SHA256`.

        Raises `ClassifierError` when missing, changed, malformed or made for another encoder.
        """
        expected, path = (None, path) if path else (HEADS_SHA256, HEADS_FILE)
        try:
            content = path.read_bytes()
            revision = hashlib.sha256(content).hexdigest()
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in _ARRAYS}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as wrong:
            raise ClassifierError(
                f"heads: cannot read {path.name}: {wrong}; run `python -m moderation train`"
            ) from wrong
        if expected and revision != expected:
            raise ClassifierError(
                f"heads: {path.name} has SHA-256 {revision}, expected {expected}; reinstall, or change HEADS_SHA256"
            )
        heads = cls(
            categories=tuple(str(name) for name in arrays["categories"]),
            weights=arrays["weights"],
            bias=arrays["bias"],
            knots=arrays["knots"],
            lean=float(arrays["lean"]),
            neighbours=Neighbours(arrays["known"].astype(np.float32), arrays["kinds"]),
            encoder=str(arrays["encoder"]),
            revision=revision,
        )
        heads._check(encoder)
        return heads

    def save(self, path: Path) -> None:
        """Write the heads as an .npz of plain arrays."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            categories=np.array(self.categories),
            weights=self.weights,
            bias=self.bias,
            knots=self.knots,
            lean=np.array(self.lean),
            # Half as many digits leave a likeness right to three decimals.
            known=self.neighbours.vectors.astype(np.float16),
            kinds=self.neighbours.kinds,
            encoder=np.array(self.encoder),
        )

    def margins(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Raw margins, shape (n, heads), for vectors of shape (n, 512)."""
        leanings = self.neighbours.leanings(vectors, len(self.categories))
        return np.asarray(vectors @ self.weights.T + self.bias + self.lean * leanings, dtype=np.float32)

    def scores(self, vectors: Vectors) -> Mapping[str, float]:
        """The highest score of each category over the rows of `vectors`, in [0, 1]."""
        middle, high = self.knots[:, 0], self.knots[:, 1]
        logits = (self.margins(vectors) - middle) / (high - middle) * _NINE_TO_ONE
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
        return {category: float(score) for category, score in zip(self.categories, scores.max(axis=0), strict=True)}

    def _check(self, encoder: str) -> None:
        n = len(self.categories)
        if n == 0 or self.weights.shape != (n, WIDTH) or self.bias.shape != (n,) or self.knots.shape != (n, 2):
            raise ClassifierError("heads: arrays do not fit together; run `python -m moderation train`")
        known, kinds = self.neighbours.vectors, self.neighbours.kinds
        if known.shape != (len(kinds), WIDTH) or set(kinds.tolist()) != {HARMLESS, *range(n)}:
            raise ClassifierError("heads: neighbours do not fit the categories; run `python -m moderation train`")
        if not all(np.isfinite(array).all() for array in (self.weights, self.bias, self.knots, self.lean, known)):
            raise ClassifierError("heads: weights are not finite; run `python -m moderation train`")
        if not (self.knots[:, 1] > self.knots[:, 0]).all():
            raise ClassifierError("heads: knots do not rise; run `python -m moderation train`")
        if self.encoder != encoder:
            raise ClassifierError("heads: trained on another encoder; run `python -m moderation train`")

"""Text and picture classifiers from a folder of the transformers library.

For production models such as guard or safety classifiers that an organisation has on its disk. Local files only,
safetensors only, no code from the folder. A label map says which of the model's labels counts for which category.

Invariants:
- the weights' SHA-256 is the revision; a given one that differs raises before anything is loaded;
- every label of the map exists in the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moderation.categories import checked_category
from moderation.errors import ClassifierError, PolicyError

Labels = Mapping[str, str]  # the model's label -> category


class TransformersText:
    """A `TextClassifier` over a sequence-classification model."""

    def __init__(self, name: str, model: Any, tokenizer: Any, labels: Labels, languages: frozenset[str], revision: str):
        """See `load`."""
        self.id, self._model, self._tokenizer, self._labels = name, model, tokenizer, dict(labels)
        self.languages, self.categories, self.revision = languages, frozenset(labels.values()), revision

    @classmethod
    def load(
        cls, name: str, folder: Path, *, labels: Labels, languages: frozenset[str], sha256: str = ""
    ) -> TransformersText:
        """Load the model in `folder`; raises `ClassifierError` or `PolicyError` naming what is wrong."""
        revision = _checked_folder(name, folder, labels, sha256)
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            model = AutoModelForSequenceClassification.from_pretrained(folder, **_LOCAL).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as fault:
            raise ClassifierError(f"{name}: cannot load {folder.name}: {fault}") from fault
        _check_labels(name, labels, model)
        return cls(name, model, tokenizer, labels, languages, revision)

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """See `TextClassifier.score`."""
        import torch

        batch = self._tokenizer(list(texts), return_tensors="pt", padding=True, truncation=True)
        with torch.inference_mode():
            logits = self._model(**batch).logits
        return by_category(logits, self._model.config, self._labels)


class TransformersPicture:
    """A `PictureClassifier` over an image-classification model."""

    def __init__(self, name: str, model: Any, processor: Any, labels: Labels, revision: str):
        """See `load`."""
        self.id, self._model, self._processor, self._labels = name, model, processor, dict(labels)
        self.categories, self.revision = frozenset(labels.values()), revision

    @classmethod
    def load(cls, name: str, folder: Path, *, labels: Labels, sha256: str = "") -> TransformersPicture:
        """Load the model in `folder`; raises `ClassifierError` or `PolicyError` naming what is wrong."""
        revision = _checked_folder(name, folder, labels, sha256)
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        try:
            processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)  # type: ignore[no-untyped-call]
            model = AutoModelForImageClassification.from_pretrained(folder, **_LOCAL).eval()
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as fault:
            raise ClassifierError(f"{name}: cannot load {folder.name}: {fault}") from fault
        _check_labels(name, labels, model)
        return cls(name, model, processor, labels, revision)

    def score(self, pixels: bytes, width: int, height: int) -> Mapping[str, float]:
        """See `PictureClassifier.score`."""
        import torch
        from PIL import Image

        picture = Image.frombytes("RGB", (width, height), pixels)
        with torch.inference_mode():
            logits = self._model(**self._processor(images=picture, return_tensors="pt")).logits
        return by_category(logits, self._model.config, self._labels)


_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True}


def by_category(logits: Any, config: Any, labels: Labels) -> dict[str, float]:
    """Logits (n, labels) as the highest score of each category: sigmoids of a multi-label model, else a softmax."""
    chances = logits.sigmoid() if config.problem_type == "multi_label_classification" else logits.softmax(dim=-1)
    scores: dict[str, float] = {}
    for column, label in config.id2label.items():
        if (category := labels.get(label)) is not None:
            scores[category] = max(scores.get(category, 0.0), float(chances[:, int(column)].max()))
    return scores


def _checked_folder(name: str, folder: Path, labels: Labels, sha256: str) -> str:
    """The SHA-256 over the folder's weight files, after checking it against the expected one."""
    if not labels:
        raise PolicyError(f"{name}.labels: map at least one label of the model to a category")
    for category in labels.values():
        checked_category(category, field=f"{name}.labels")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ClassifierError(f"{name}: {folder} has no .safetensors file; pickled weights are not loaded")
    digest = hashlib.sha256()
    for path in weights:
        digest.update(path.read_bytes())
    found = digest.hexdigest()
    if sha256 and sha256 != found:
        raise ClassifierError(f"{name}: weights have SHA-256 {found}, expected {sha256}; restore them")
    return found


def _check_labels(name: str, labels: Labels, model: Any) -> None:
    known = set(model.config.id2label.values())
    if unknown := sorted(set(labels) - known):
        raise PolicyError(f"{name}.labels: the model has no label {unknown[0]!r}; it has {', '.join(sorted(known))}")

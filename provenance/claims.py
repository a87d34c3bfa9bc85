"""What is claimed about a picture, as frozen values. `manifest` turns them into C2PA, this module only holds them.

- Names of people and prompt texts do not belong in here; `prompt` is set only where the project's policy publishes it.
- Seeds are strings, digests lowercase hexadecimal SHA-256, times aware.
- `oversight` is a statement of fact about the workflow, not a wish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provenance.canonical import Json, require_sha256, rfc3339
from provenance.labels import LANGUAGES, VisibleLabel


class Oversight(StrEnum):
    """How far people were involved, as C2PA 2.4's `humanOversightLevel` has it."""

    FULLY_AUTONOMOUS = "fully_autonomous"
    PROMPT_GUIDED = "prompt_guided"
    HUMAN_VALIDATED = "human_validated"


@dataclass(frozen=True, slots=True)
class ModelReference:
    """The model by what cannot be renamed: the digest over its weights. `licence` is an SPDX id or its own name."""

    name: str
    revision: str
    weights_sha256: str
    licence: str
    data_manifest_sha256: str | None

    def __post_init__(self) -> None:
        require_sha256("model.weights_sha256", self.weights_sha256)
        if self.data_manifest_sha256 is not None:
            require_sha256("model.data_manifest_sha256", self.data_manifest_sha256)

    @property
    def identifier(self) -> str:
        """Name and revision in one word."""
        return f"{self.name}@{self.revision}" if self.revision else self.name


@dataclass(frozen=True, slots=True)
class AdapterReference:
    """Something small that was loaded beside the model, such as a LoRA, by the digest of its weights."""

    name: str
    weights_sha256: str
    licence: str

    def __post_init__(self) -> None:
        require_sha256("adapter.weights_sha256", self.weights_sha256)


@dataclass(frozen=True, slots=True)
class Governance:
    """Who decided what, in digests. `record` is the picture's `urn:uuid:…`, the same in every entry and manifest.

    `checkpoint_size` and `checkpoint_root` (base64, as in the checkpoint; empty before the first) are those of the last
    checkpoint: they prove that the picture was signed after it. The approver's role and the decision's leaf index
    belong to the release alone.
    """

    record: str
    request_digest: str
    prompt_commitment: str
    seed: str
    scheduler: str
    policy_digest: str
    decision_ids: tuple[str, ...]
    log_origin: str
    entry_id: str
    checkpoint_size: int
    checkpoint_root: str
    approver_role: str | None = None
    decision_leaf_index: int | None = None

    def __post_init__(self) -> None:
        if not self.record.startswith("urn:uuid:"):
            raise ValueError(f"governance.record: {self.record!r} must be the picture's urn:uuid:…")
        for field in ("request_digest", "prompt_commitment", "policy_digest"):
            require_sha256(f"governance.{field}", getattr(self, field))


@dataclass(frozen=True, slots=True)
class Claim:
    """Everything one manifest says. `software` is the name and version of the product that makes the claim.

    `training_mining` maps `cawg.ai_training` and its like to `allowed`, `notAllowed` or `constrained: <the terms>`.
    `label` is "none", "text", "icon" or "simulation", in `language`; `parameters` is what a person needs to make the
    picture again.
    `reference_commitment` is a salted one to the RGB8 pixels of the picture that the model started from, where there
    was one: a bare digest would be recognised in a published file for ever, whatever is erased.
    """

    title: str
    producer: str
    when: datetime
    model: ModelReference
    software: tuple[str, str]
    parameters: Mapping[str, Json]
    governance: Governance
    oversight: Oversight
    training_mining: Mapping[str, str]
    label: str = "text"
    prompt: str | None = None
    reference_commitment: str | None = None
    adapters: tuple[AdapterReference, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        for field in ("title", "producer"):
            if not getattr(self, field).strip():
                raise ValueError(f"claim.{field}: it must not be empty")
        if self.label not in set(VisibleLabel):
            raise ValueError(f"claim.label: {self.label!r} is not one of {', '.join(VisibleLabel)}")
        if self.language not in LANGUAGES:
            raise ValueError(f"claim.language: {self.language!r} is not one of {', '.join(LANGUAGES)}")
        if self.reference_commitment is not None:
            require_sha256("claim.reference_commitment", self.reference_commitment)
        rfc3339(self.when)
        Oversight(self.oversight)

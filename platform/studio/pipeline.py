"""Where the three libraries meet: plain values in, plain values out.

This module alone imports `generation`, `moderation` and `provenance`, and it knows no app of the studio: the apps
hand it words, pixels, bytes and JSON, and get the same back. It keeps what is dear to load (encoder, classifiers,
model child, ledger connection) once per process. The libraries' heavy modules are imported where they are used, so
that the web process and `manage.py` start light.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from generation.engine import GeneratedAsset, Step
from generation.errors import GenerationError, ModelFolderError, SpecError
from generation.spec import GenerationSpec
from moderation.errors import ModerationError
from provenance.errors import LedgerConflictError, LedgerUnavailableError, ProvenanceError

if TYPE_CHECKING:
    from generation.child import GenerationChild
    from generation.vocabulary import Vocabulary
    from moderation.pictures import PictureScreen
    from moderation.policy import Policy
    from moderation.prompts import PromptScreen
    from provenance.keys import CheckpointKey, SigningIdentity, TrustStore
    from provenance.ledger import Ledger, LedgerEntry, Receipt
    from provenance.seal import SignedAsset
    from provenance.verification import Verification

__all__ = [
    "GeneratedAsset",
    "GenerationError",
    "GenerationSpec",
    "LedgerConflictError",
    "LedgerEntry",
    "LedgerUnavailableError",
    "ModelFolderError",
    "ModerationError",
    "ProvenanceError",
    "SpecError",
    "Step",
]

# Policies ----------------------------------------------------------------------------------------------------------


def preset_policy(name: str) -> dict[str, Any]:
    """A sector's policy as JSON: `floor`, `health`, `humanitarian`, `education`, `agriculture`, `child-protection`."""
    from moderation.presets import PRESETS

    return PRESETS[name].to_json()


def policy(document: Mapping[str, Any]) -> Policy:
    """The policy itself. Raises moderation.errors.PolicyError naming the field."""
    from moderation.policy import Policy

    return Policy.from_json(document)


# Screening ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Screened:
    """A decision in plain values: the action's name, the whole record, and what the maker is told."""

    action: str
    decision: dict[str, Any]
    reasons: list[str]


def sensitive(decision: Mapping[str, Any]) -> bool:
    """Whether a kept decision noted anything sexual or violent: live previews are then off."""
    return any(
        str(finding["category"]).startswith(("sexual", "violence")) and finding["action"] != "allow"
        for finding in decision["findings"]
    )


@cache
def _prompt_screen() -> PromptScreen:
    from moderation.prompts import PromptScreen

    return PromptScreen.load()


@cache
def _picture_screen() -> PictureScreen:
    from moderation.pictures import PictureScreen

    return PictureScreen.load()


@cache
def _vocabulary(folder: Path) -> Vocabulary | None:
    from generation.vocabulary import Vocabulary

    return Vocabulary.from_folder(folder) if (folder / "vocabulary.json").exists() else None


def unknown_words(folder: Path, prompt: str) -> tuple[str, ...]:
    """The words of a prompt that a model with a declared vocabulary does not know; empty for open models."""
    vocabulary = _vocabulary(folder)
    return vocabulary.unknown_words(prompt) if vocabulary else ()


def known_words(folder: Path, language: str) -> dict[str, list[str]]:
    """What a model with a declared vocabulary can draw: one word a concept, by field; empty for open models."""
    vocabulary = _vocabulary(folder)
    fields: dict[str, list[str]] = {}
    for concept in vocabulary.concepts if vocabulary else ():
        fields.setdefault(concept.field, []).append((concept.words.get(language) or concept.words["en"])[0])
    return {name: sorted(words) for name, words in sorted(fields.items())}


def screen_prompt(
    prompt: str,
    negative_prompt: str,
    *,
    document: Mapping[str, Any],
    decision_id: UUID,
    at: datetime,
    language: str,
    folder: Path,
) -> Screened:
    """What the policy says about the words.

    `folder` is the model's: a closed vocabulary lends its English rendering.
    """
    vocabulary = _vocabulary(folder)
    decision = _prompt_screen().screen(
        prompt,
        policy=policy(document),
        decision_id=str(decision_id),
        at=at,
        negative_prompt=negative_prompt,
        language=language,
        english=vocabulary.english(prompt) if vocabulary else None,
    )
    return Screened(decision.action.word, decision.to_json(), list(decision.reasons()))


def screen_picture(
    pixels: bytes, width: int, height: int, *, document: Mapping[str, Any], decision_id: UUID, at: datetime
) -> Screened:
    """What the policy says about RGB8 pixels."""
    decision = _picture_screen().screen(
        pixels, width, height, policy=policy(document), decision_id=str(decision_id), at=at
    )
    return Screened(decision.action.word, decision.to_json(), list(decision.reasons()))


def unscreened(stage: str, *, decision_id: UUID, at: datetime, error: str) -> Screened:
    """The decision where a screen failed: a person must look. `error` is the kind of failure, never its text."""
    decision = {
        "id": str(decision_id),
        "stage": stage,
        "action": "review",
        "at": at.isoformat(),
        "findings": [],
        "error": error,
    }
    return Screened("review", decision, ["It could not be screened, so a person has to look at it."])


# Generation --------------------------------------------------------------------------------------------------------


def describe_model(folder: Path, *, slug: str) -> dict[str, Any]:
    """A model folder's catalogue entry in plain values. Raises ModelFolderError."""
    from generation.catalogue import read_model

    entry = read_model(folder, id=slug)
    return {
        "title": entry.title,
        "folder": str(entry.folder),
        "family": entry.family,
        "revision": entry.revision,
        "licence": entry.licence,
        "digest": entry.digest,
        "data_manifest_sha256": entry.data_manifest_sha256 or "",
        "weights": dict(entry.weights),
        "defaults": asdict(entry.defaults),
        "languages": list(entry.languages),
    }


def starter_folder() -> Path:
    """Where the model that ships with the product lies."""
    from generation.catalogue import STARTER

    return STARTER


def starter_slug() -> str:
    """A name for the shipped model that changes with its weights: a registered model never does."""
    from generation.catalogue import STARTER, read_model

    return f"starter-{read_model(STARTER, id='starter').digest[:8]}"


class Press:
    """The model at work: one spawned child that keeps the last used model loaded."""

    def __init__(self) -> None:
        self._child: GenerationChild | None = None
        self._digest = ""

    def generate(self, spec: GenerationSpec, *, folder: Path, digest: str) -> Iterator[Step | GeneratedAsset]:
        """Steps, then pictures. Raises ModelFolderError when the weights are not the ones that were approved."""
        from generation.catalogue import read_model
        from generation.child import GenerationChild

        if self._child is None or self._digest != digest:
            self.close()
            entry = read_model(folder, id=spec.model)
            if entry.digest != digest:
                raise ModelFolderError(
                    f"The weights in {folder} are not the approved ones (digest {entry.digest}, approved {digest})."
                )
            self._child = GenerationChild(entry, threads=settings.GENERATE_THREADS)
            self._digest = digest
        yield from self._child.generate(spec, deadline_s=settings.JOB_DEADLINE_SECONDS)

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.close()
            self._child = None


# Keys and the ledger -----------------------------------------------------------------------------------------------


def trust_folder(slug: str) -> Path:
    """Where an organisation's certificates and (in the sealing process) keys lie."""
    return settings.TRUST_DIR / slug


def create_authority(slug: str, *, name: str, log: str, now: datetime) -> None:
    """A signing chain and a checkpoint key for a new organisation."""
    from provenance.keys import create_authority

    create_authority(
        trust_folder(slug),
        organisation=name,
        passphrase=settings.TRUST_PASSPHRASE.encode(),
        checkpoint_name=log,
        now=now,
    )


def signing_identity(slug: str) -> SigningIdentity:
    """The organisation's signing key; only the sealing process may call this. Raises KeyFileError."""
    from provenance.keys import SigningIdentity

    passphrase = settings.TRUST_PASSPHRASE.encode()
    return SigningIdentity.load(trust_folder(slug), passphrase=passphrase, timestamp_url=settings.TSA_URL or None)


def checkpoint_key(slug: str) -> CheckpointKey:
    """The key that signs the log's checkpoints; only the sealing process may call this."""
    from provenance.keys import CheckpointKey

    return CheckpointKey.load(trust_folder(slug), passphrase=settings.TRUST_PASSPHRASE.encode())


def trust() -> TrustStore:
    """The public half of every organisation's chain."""
    from provenance.keys import TrustStore

    return TrustStore.load(settings.TRUST_DIR)


@cache
def ledger() -> Ledger:
    """This process's connection to the ledger."""
    from provenance.ledger import Ledger

    return Ledger(settings.LEDGER_URL)


def create_ledger() -> None:
    """The ledger's tables and triggers, if they are not there yet."""
    from provenance.ledger import create_tables

    create_tables(settings.LEDGER_ADMIN_URL)


def entry_id(log: str, kind: str, row: str) -> UUID:
    """The entry that a row of ours causes, known before it is written."""
    from provenance.entries import EntryKind, entry_id

    return entry_id(log, EntryKind(kind), row)


def canonical_entry(
    *,
    log: str,
    entry: UUID,
    kind: str,
    at: datetime,
    record: str | None,
    asset: Mapping[str, str] | None,
    body: Mapping[str, Any],
) -> bytes:
    """The very bytes that the ledger will keep and hash."""
    from provenance.entries import EntryKind, canonical_entry

    return canonical_entry(log=log, entry_id=entry, kind=EntryKind(kind), at=at, record=record, asset=asset, body=body)


def commitment(text: str, salt: bytes) -> str:
    """A salted commitment to words that stay elsewhere."""
    from provenance.entries import commitment

    return commitment(text, salt)


def append(entry: bytes) -> Receipt:
    """Append to the ledger; the same bytes again give the same receipt.

    Raises LedgerUnavailableError, LedgerConflictError.
    """
    return ledger().append(entry)


def recorded(entry: UUID) -> Receipt | None:
    """The receipt of an entry, if the ledger has it."""
    return ledger().receipt(entry)


def checkpoint_path(slug: str) -> Path:
    """Where the last checkpoint is kept outside the ledger's database."""
    return settings.CHECKPOINT_DIR / f"{slug}.txt"


def checkpoint(log: str, slug: str, *, now: datetime) -> str:
    """Sign where the log stands; the last note again when it has not grown."""
    return ledger().checkpoint(log, checkpoint_key(slug), now=now)


def entry(entry: UUID) -> LedgerEntry | None:
    """One entry of any log."""
    return ledger().entry(entry)


def entries(log: str) -> Iterator[LedgerEntry]:
    """A log's entries in order, streamed."""
    return ledger().entries(log)


def entries_about(record: str) -> list[LedgerEntry]:
    """The entries about one picture, oldest first."""
    return sorted(ledger().by_record(record), key=lambda entry: entry.sequence)


@dataclass(frozen=True, slots=True)
class LogProblem:
    """What an audit of a log found: the invariant it breaks, the entry, and how."""

    invariant: int
    subject: str
    reason: str


def audit_log(log: str, slug: str) -> list[LogProblem]:
    """Recompute a log's tree and compare it with the checkpoint kept outside its database."""
    path = checkpoint_path(slug)
    outside = path.read_text(encoding="utf-8") if path.exists() else None
    report = ledger().audit(log, trust=trust(), outside=outside)
    return [
        LogProblem(2, f"entry {problem.sequence} ({problem.entry_id}) of {log}", problem.reason)
        for problem in report.problems
    ]


def write_pack(destination: Path, *, log: str, pictures: Sequence[tuple[str, bytes]], now: datetime) -> None:
    """The auditor's offline pack: files, entries, proofs, checkpoint, trust roots and the script that checks them."""
    from provenance.pack import write_pack

    write_pack(destination, pictures=pictures, ledger=ledger(), log=log, trust=trust(), now=now)


# Sealing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Everything a manifest says about how a picture came to be, in plain values."""

    slug: str
    producer: str
    log: str
    record: str
    title: str
    when: datetime
    entry: UUID
    model: Mapping[str, str]
    recipe: Mapping[str, Any]
    seed: str
    request_digest: str
    prompt_commitment: str
    policy_digest: str
    decision_ids: Sequence[str]
    label: str
    training_mining: str
    prompt: str | None
    approver_role: str | None = None
    decision_sequence: int | None = None


def _claim(facts: Circumstances) -> Any:
    from provenance.claims import Claim, Governance, ModelReference, Oversight
    from studio import __version__

    size, root = _checkpoint_head(facts.log)
    recipe = facts.recipe
    return Claim(
        title=facts.title,
        producer=facts.producer,
        when=facts.when,
        model=ModelReference(
            name=facts.model["title"],
            revision=facts.model["revision"],
            weights_sha256=facts.model["digest"],
            licence=facts.model["licence"],
            data_manifest_sha256=facts.model["data_manifest_sha256"] or None,
        ),
        software=("Imprimatur", __version__),
        parameters={name: recipe["spec"][name] for name in ("steps", "guidance", "width", "height")},
        governance=Governance(
            record=facts.record,
            request_digest=facts.request_digest,
            prompt_commitment=facts.prompt_commitment,
            seed=facts.seed,
            scheduler=recipe["scheduler"]["class"],
            policy_digest=facts.policy_digest,
            decision_ids=tuple(facts.decision_ids),
            log_origin=facts.log,
            entry_id=str(facts.entry),
            checkpoint_size=size,
            checkpoint_root=root,
            approver_role=facts.approver_role,
            decision_leaf_index=facts.decision_sequence,
        ),
        oversight=Oversight.HUMAN_VALIDATED if facts.approver_role else Oversight.PROMPT_GUIDED,
        training_mining={
            "cawg.ai_generative_training": facts.training_mining,
            "cawg.ai_training": facts.training_mining,
        },
        label=facts.label,
        prompt=facts.prompt,
    )


def _checkpoint_head(log: str) -> tuple[int, str]:
    """Size and base64 root of the last checkpoint (C2SP tlog-checkpoint: origin, size, root), or of the empty log."""
    note = ledger().latest_checkpoint(log)
    if note is None:
        return 0, ""
    lines = note.split("\n")
    return int(lines[1]), lines[2]


def seal(pixels: bytes, width: int, height: int, facts: Circumstances) -> SignedAsset:
    """Label, mark, describe and sign, in that order. Raises KeyFileError, SealError."""
    from provenance.seal import seal

    return seal(pixels, width, height, _claim(facts), signing_identity(facts.slug))


def release(first: bytes, facts: Circumstances) -> SignedAsset:
    """The second manifest, with the first file as its parent; the pixels stay equal. Raises KeyFileError, SealError."""
    from provenance.seal import release

    return release(first, _claim(facts), signing_identity(facts.slug))


# The check ---------------------------------------------------------------------------------------------------------


def verify(data: bytes) -> Verification:
    """The answer for bytes we made or stored ourselves. Raises LedgerUnavailableError."""
    from provenance.verification import verify

    return verify(data, trust=trust(), ledger=ledger())


def verify_stranger(data: bytes) -> Verification:
    """The same for bytes from anybody, parsed in a limited process."""
    from provenance.verification import verify_isolated

    return verify_isolated(data, trust=trust(), ledger=ledger())


def sha256(data: bytes) -> str:
    """Lowercase hex."""
    return hashlib.sha256(data).hexdigest()

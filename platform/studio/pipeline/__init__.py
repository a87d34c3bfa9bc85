"""Where the three libraries meet: plain values in, plain values out.

This package alone imports `generation`, `moderation` and `provenance`, and it knows no app of the studio: the apps
hand it words, pixels, bytes and JSON, and get the same back. It keeps what is dear to load (encoder, classifiers,
model child, ledger connection) once per process. The libraries' heavy modules are imported where they are used, so
that the web process and `manage.py` start light. Apps use what this module names, and nothing below it.
"""

from typing import TYPE_CHECKING

from generation.engine import GeneratedAsset, Reference, Step
from generation.errors import GenerationError, ModelFolderError, SpecError
from generation.spec import GenerationSpec
from generation.training.errors import LessonError, TrainingError
from moderation.errors import ModerationError
from provenance.errors import LedgerConflictError, LedgerUnavailableError, ProvenanceError
from studio.pipeline.delivering import Offer, label_languages, make_rendition, offers, pixel_size, report
from studio.pipeline.generating import (
    Press,
    check_spec,
    describe_model,
    known_words,
    starter_folder,
    starter_slug,
    starts_from_pictures,
    unknown_words,
)
from studio.pipeline.keys import create_authority, trust_folder
from studio.pipeline.records import (
    append,
    audit_log,
    canonical_entry,
    checkpoint,
    checkpoint_path,
    commitment,
    create_ledger,
    entries,
    entries_about,
    entry,
    entry_id,
    ledger,
    recorded,
    write_pack,
)
from studio.pipeline.screening import (
    Screened,
    beyond_appeal,
    policy,
    preset_policy,
    rate,
    screen_picture,
    screen_prompt,
    sensitive,
    unscreened,
)
from studio.pipeline.sealing import Circumstances, release, seal, verify, verify_stranger
from studio.pipeline.teaching import (
    Lineage,
    can_be_taught,
    card_text,
    lineage_of,
    manifest_of,
    refuse_lesson,
    spoken_languages,
    trainer,
)

if TYPE_CHECKING:
    from provenance.ledger import LedgerEntry

__all__ = [
    "Circumstances",
    "GeneratedAsset",
    "GenerationError",
    "GenerationSpec",
    "LedgerConflictError",
    "LedgerEntry",
    "LedgerUnavailableError",
    "LessonError",
    "Lineage",
    "ModelFolderError",
    "ModerationError",
    "Offer",
    "Press",
    "ProvenanceError",
    "Reference",
    "Screened",
    "SpecError",
    "Step",
    "TrainingError",
    "append",
    "audit_log",
    "beyond_appeal",
    "can_be_taught",
    "canonical_entry",
    "card_text",
    "check_spec",
    "checkpoint",
    "checkpoint_path",
    "commitment",
    "create_authority",
    "create_ledger",
    "describe_model",
    "entries",
    "entries_about",
    "entry",
    "entry_id",
    "known_words",
    "label_languages",
    "ledger",
    "lineage_of",
    "make_rendition",
    "manifest_of",
    "offers",
    "pixel_size",
    "policy",
    "preset_policy",
    "rate",
    "recorded",
    "refuse_lesson",
    "release",
    "report",
    "screen_picture",
    "screen_prompt",
    "seal",
    "sensitive",
    "spoken_languages",
    "starter_folder",
    "starter_slug",
    "starts_from_pictures",
    "trainer",
    "trust_folder",
    "unknown_words",
    "unscreened",
    "verify",
    "verify_stranger",
    "write_pack",
]

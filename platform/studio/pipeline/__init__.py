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
from moderation.errors import ModerationError
from provenance.errors import LedgerConflictError, LedgerUnavailableError, ProvenanceError
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
from studio.pipeline.policies import (
    SECTORS,
    SEEN_IN_PICTURES,
    Joined,
    checked_example,
    checked_term,
    digest_of,
    expected,
    explanation,
    grade,
    grades,
    joined,
    limitable,
    policy_changes,
    rejudged_picture,
    relaxable,
    screened_languages,
    threshold_words,
    what_to_change,
)
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

if TYPE_CHECKING:
    from provenance.ledger import LedgerEntry

__all__ = [
    "SECTORS",
    "SEEN_IN_PICTURES",
    "Circumstances",
    "GeneratedAsset",
    "GenerationError",
    "GenerationSpec",
    "Joined",
    "LedgerConflictError",
    "LedgerEntry",
    "LedgerUnavailableError",
    "ModelFolderError",
    "ModerationError",
    "Press",
    "ProvenanceError",
    "Reference",
    "Screened",
    "SpecError",
    "Step",
    "append",
    "audit_log",
    "beyond_appeal",
    "canonical_entry",
    "check_spec",
    "checked_example",
    "checked_term",
    "checkpoint",
    "checkpoint_path",
    "commitment",
    "create_authority",
    "create_ledger",
    "describe_model",
    "digest_of",
    "entries",
    "entries_about",
    "entry",
    "entry_id",
    "expected",
    "explanation",
    "grade",
    "grades",
    "joined",
    "known_words",
    "ledger",
    "limitable",
    "policy",
    "policy_changes",
    "preset_policy",
    "rate",
    "recorded",
    "rejudged_picture",
    "relaxable",
    "release",
    "screen_picture",
    "screen_prompt",
    "screened_languages",
    "seal",
    "sensitive",
    "starter_folder",
    "starter_slug",
    "starts_from_pictures",
    "threshold_words",
    "trust_folder",
    "unknown_words",
    "unscreened",
    "verify",
    "verify_stranger",
    "what_to_change",
    "write_pack",
]

"""Questions from a page to the screens: what would a policy say about these words, or this picture?

The web process loads no model, so the control worker answers. Question and answer pass through the cache, sealed
under the asker's own key, for at most `KEPT_SECONDS`; neither is logged or stored anywhere else, and only the asker's
key opens the answer. Answers name categories and no scores: a score that is shown can be mined.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.cache import cache

from studio import pipeline, vault
from studio.accounts.models import Membership, Organisation, SubjectKey
from studio.jobs import bell, words
from studio.policies.judging import judge_pixels, judge_words

KEPT_SECONDS = 120
_HEAD = struct.Struct(">III")  # bytes of JSON, width, height


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `documents` are the policies to ask, by the name the page has for them; `folder` the model's."""

    prompt: str
    negative_prompt: str
    language: str
    folder: str
    documents: Mapping[str, Mapping[str, Any]]
    picture: pipeline.Reference | None = field(default=None, compare=False)


def ask(asker: Membership, question: Question) -> UUID:
    """Put a question to the worker; returns the name under which its answer will be found."""
    pk = uuid4()
    sealed = vault.seal(_packed(question), key=words.key_for(asker), purpose=_purpose("question", pk))
    cache.set(f"question-{pk}", (asker.pk, sealed), KEPT_SECONDS)
    bell.ring_question(pk)
    return pk


def answer(pk: UUID, *, at: datetime) -> bool:
    """Answer a question, in the worker; returns whether there was one. It is forgotten as soon as it is read."""
    kept = cache.get(f"question-{pk}")
    cache.delete(f"question-{pk}")
    joined = SubjectKey.objects.select_related("membership__organisation")
    key = joined.filter(membership=kept[0]).first() if kept else None
    if key is None:
        return False
    wrapped, organisation = bytes(key.wrapped), key.membership.organisation
    question = _unpacked(vault.unseal(kept[1], key=wrapped, purpose=_purpose("question", pk)))
    found = {name: _said(question, document, organisation, at) for name, document in question.documents.items()}
    sealed = vault.seal(json.dumps(found).encode(), key=wrapped, purpose=_purpose("answer", pk))
    cache.set(f"answer-{pk}", sealed, KEPT_SECONDS)
    return True


def answered(pk: UUID, asker: Membership) -> dict[str, Any] | None:
    """The answer by document: under `words` and `picture`, `action`, `reasons`, `changes` and `findings`.

    None while there is none, or when somebody else asked.
    """
    sealed = cache.get(f"answer-{pk}")
    if sealed is None:
        return None
    try:
        opened = vault.unseal(sealed, key=words.key_for(asker), purpose=_purpose("answer", pk))
    except vault.SealBrokenError:
        return None
    found: dict[str, Any] = json.loads(opened)
    return found


def _said(question: Question, document: Mapping[str, Any], organisation: Organisation, at: datetime) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if question.prompt:
        folder = Path(question.folder) if question.folder else None
        said["words"] = _plain(
            judge_words(
                question.prompt,
                question.negative_prompt,
                document=document,
                language=question.language,
                folder=folder,
                at=at,
            )
        )
    if question.picture:
        said["picture"] = _plain(judge_pixels(question.picture, document=document, organisation=organisation, at=at))
    return said


def _plain(screened: pipeline.Screened) -> dict[str, Any]:
    """A decision without its scores."""
    names = ("category", "action", "coverage", "mode")
    findings = [{name: finding[name] for name in names} for finding in screened.decision["findings"]]
    return {
        "action": screened.action,
        "reasons": screened.reasons,
        "changes": screened.changes,
        "findings": findings,
        "normalised": bool(screened.decision.get("normalised")),
        "language": screened.decision.get("language", ""),
    }


def _packed(question: Question) -> bytes:
    picture = question.picture
    fields = {name: value for name, value in asdict(question).items() if name != "picture"}
    text = json.dumps(fields).encode()
    width, height, pixels = (picture.width, picture.height, picture.pixels) if picture else (0, 0, b"")
    return _HEAD.pack(len(text), width, height) + text + pixels


def _unpacked(data: bytes) -> Question:
    length, width, height = _HEAD.unpack_from(data)
    fields, pixels = json.loads(data[_HEAD.size : _HEAD.size + length]), data[_HEAD.size + length :]
    return Question(**fields, picture=pipeline.Reference(pixels, width, height) if pixels else None)


def _purpose(kind: str, pk: UUID) -> str:
    return f"policy {kind} {pk}"

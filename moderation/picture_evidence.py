"""Findings from each source about one picture: the frame, registered references, lettering, added classifiers.

Each function looks at the same pixels and answers with findings; none of them decides. A source that fails
answers with findings of coverage `error` that hold, so a fault can never let a picture pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from moderation.actions import Action, Coverage, Mode, Stage
from moderation.categories import Category
from moderation.classifiers import PictureClassifier, checked_scores
from moderation.decision import Finding
from moderation.evidence import failed
from moderation.faces import FaceCounter
from moderation.frames import Frame, Kind
from moderation.lettering import TextReader, as_prompt
from moderation.policy import Policy
from moderation.prompts import PromptScreen
from moderation.references import Likeness, Registry
from moderation.views import View

# How sure each likeness makes the screen: only a copy of the whole reference can be refused without a person.
_LIKENESS_SCORES = {Likeness.COPY: 1.0, Likeness.CROP: 0.6, Likeness.NEAR: 0.6}
# A frame of one colour or of noise is a fault of the model; a gradient may be what was asked for, so it is noted.
_EMPTINESS = {
    Kind.PICTURE: (0.0, Action.ALLOW),
    Kind.FEATURELESS: (0.5, Action.ANNOTATE),
    Kind.UNIFORM: (1.0, Action.REVIEW),
    Kind.NOISE: (1.0, Action.REVIEW),
}
_FEW_LETTERS = 4  # lettering with fewer letters is a smudge that was read as text


def about_frame(frame: Frame) -> Finding:
    """One finding on whether the frame shows anything at all."""
    score, action = _EMPTINESS[frame.kind]
    return Finding(
        Category.DEGENERATE_OUTPUT,
        score,
        action,
        source="frame",
        detail=frame.to_json(),
    )


def from_references(registry: Registry | None, picture: View, policy: Policy) -> Iterator[Finding]:
    """One finding for each registered picture found again; a match always asks a person at least."""
    if registry is None:
        return
    try:
        matches = tuple(registry.matches(picture))
    except Exception as fault:  # noqa: BLE001 - whatever goes wrong, the picture is held
        yield failed(Category.IP_STYLE, "references", policy, fault)
        return
    for match in matches:
        score, threshold = _LIKENESS_SCORES[match.likeness], policy.threshold(Stage.PICTURE, match.reference.category)
        yield Finding(
            match.reference.category,
            score,
            Action.REVIEW if threshold is None else threshold.action(score),
            source="references",
            revision=registry.revision,
            mode=Mode.ENFORCE if threshold is None else threshold.mode,
            threshold=threshold,
            detail=match.to_json(),
        )


def from_lettering(
    reader: TextReader | None,
    prompts: PromptScreen | None,
    picture: View,
    policy: Policy,
    *,
    decision_id: str,
    at: datetime,
) -> Iterator[Finding]:
    """What stands in the picture, read and judged by the rules for prompts; words themselves are not kept."""
    if reader is None or prompts is None:
        yield Finding(Category.LETTERING, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED)
        return
    try:
        text = as_prompt(reader.read(picture))
        found: tuple[Finding, ...] = ()
        if sum(map(str.isalpha, text)) >= _FEW_LETTERS:
            found = prompts.screen(text, policy=policy, decision_id=decision_id, at=at).findings
    except Exception as fault:  # noqa: BLE001 - whatever goes wrong, the picture is held
        yield failed(Category.LETTERING, reader.id, policy, fault)
        return
    digest = hashlib.sha256(text.encode()).hexdigest()
    yield Finding(
        Category.LETTERING, None, Action.ALLOW, source=reader.id, detail={"letters": len(text), "sha256": digest}
    )
    yield from _standing_in_picture(found)


def _standing_in_picture(findings: Iterable[Finding]) -> Iterator[Finding]:
    """What the prompt screen noted; an unread language does not count, since painted letters seldom make words."""
    for finding in findings:
        if finding.action > Action.ALLOW and finding.category != Category.UNCOVERED_LANGUAGE:
            detail = {**finding.detail, "where": "lettering"}
            yield replace(finding, source=f"lettering:{finding.source}", detail=detail)


def from_classifier(classifier: PictureClassifier, picture: View, policy: Policy) -> Iterator[Finding]:
    """One finding for each category the policy looks for and the classifier scores."""
    wanted = sorted(classifier.categories & set(policy.categories(Stage.PICTURE)))
    try:
        height, width, _ = picture.shape
        answer = classifier.score(picture.tobytes(), width, height)
        scores = checked_scores(answer, source=classifier.id, categories=classifier.categories)
    except Exception as fault:  # noqa: BLE001 - whatever a classifier does wrong, the picture is held
        yield from (failed(category, classifier.id, policy, fault) for category in wanted)
        return
    for category in wanted:
        threshold = policy.threshold(Stage.PICTURE, category)
        if threshold is not None:
            yield Finding(
                category,
                scores[category],
                threshold.action(scores[category]),
                source=classifier.id,
                revision=classifier.revision,
                mode=threshold.mode,
                threshold=threshold,
            )


def unlooked(
    categories: Iterable[str], findings: Iterable[Finding], faces: FaceCounter | None, picture: View
) -> Iterator[Finding]:
    """One `not_screened` for each category nobody looked at; beside `real_person`, how many faces there are."""
    seen = {str(finding.category) for finding in findings if finding.source != "references"}
    for category in dict.fromkeys(map(str, categories)):
        if category not in seen:
            detail = _faces(faces, picture) if category == Category.REAL_PERSON else {}
            yield Finding(category, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED, detail=detail)


def _faces(faces: FaceCounter | None, picture: View) -> dict[str, int | str]:
    """Faces counted, or why they were not; whose they are is looked at by nobody."""
    if faces is None:
        return {"faces": "not counted"}
    try:
        return {"faces": faces.count(picture)}
    except Exception as fault:  # noqa: BLE001 - a count is information and decides nothing, so its failure holds nothing
        return {"faces": f"not counted: {type(fault).__name__}"}

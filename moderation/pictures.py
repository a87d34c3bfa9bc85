"""The picture screen: RGB8 pixels in, a `Decision` out.

Not able to see violence, hate, style or likeness: nothing bundled looks for them, and the record says
`not_screened` for each unless a classifier is added. Never blackens or changes a picture.

Invariants:
- a picture is blocked for nudity only where both opinions agree on the same view; doubt or
  disagreement holds it (section 3 of the policy model: 0.8, 0.3, and a difference above 0.5);
- a missing, failing or lying network leads to a hold, never to an allow;
- an empty or uniform frame is `degenerate_output`: held, neither passed nor blocked.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from moderation.actions import Action, Coverage, Mode, Reach, Stage
from moderation.categories import Category
from moderation.classifiers import PictureClassifier, checked_scores
from moderation.decision import Decision, Finding, decide, stamp
from moderation.errors import ClassifierError, PolicyError
from moderation.nudity import Nsfwjs, OpenNsfw, Opinion
from moderation.policy import Policy, Threshold
from moderation.references import Likeness, Registry
from moderation.views import View, as_view, views

DISAGREEMENT = 0.5  # a larger difference between the two opinions asks a person
_UNIFORM = 2.0  # standard deviation of pixel values, of 255, below which a frame shows nothing
_UNSEEN = (Category.VIOLENCE_GRAPHIC, Category.HATE_EXTREMISM, Category.IP_STYLE, Category.REAL_PERSON)


class MissingOpinion:
    """Stands where a network could not be loaded, so that every picture is held and the reason kept."""

    revision = ""

    def __init__(self, name: str, reason: str) -> None:
        """`reason` is kept in each record."""
        self.id, self._reason = name, reason

    def scores(self, views: Sequence[View]) -> list[float]:
        """Always raises `ClassifierError` with the reason the network could not be loaded."""
        raise ClassifierError(self._reason)


class PictureScreen:
    """Everything needed to screen pictures, loaded once. May be shared by threads."""

    def __init__(
        self,
        *,
        first: Opinion,
        second: Opinion,
        classifiers: Sequence[PictureClassifier] = (),
        references: Registry | None = None,
    ) -> None:
        """`first` and `second` are the two opinions on nudity; `classifiers` look for other categories."""
        if first.id == second.id:
            raise PolicyError("second: two opinions on nudity must come from two networks")
        self._first, self._second, self._classifiers = first, second, tuple(classifiers)
        self._references = references

    @classmethod
    def load(
        cls, *, threads: int = 1, classifiers: Sequence[PictureClassifier] = (), references: Registry | None = None
    ) -> PictureScreen:
        """Load both networks; one that is missing or changed makes the screen hold everything and say why."""
        return cls(first=_opennsfw(threads), second=_nsfwjs(threads), classifiers=classifiers, references=references)

    def screen(
        self, pixels: bytes, width: int, height: int, *, policy: Policy, decision_id: str, at: datetime
    ) -> Decision:
        """Screen one picture of height x width x 3 bytes; raises `InputError` when the sizes do not fit."""
        began = time.perf_counter()
        moment, picture = stamp(at), as_view(pixels, width, height)
        findings = tuple(self._findings(picture, policy))
        return Decision(
            id=decision_id,
            stage=Stage.PICTURE,
            action=decide(findings),
            findings=findings,
            language="",
            coverage=Reach.PARTIAL if any(f.coverage is Coverage.NOT_SCREENED for f in findings) else Reach.FULL,
            raw_sha256=hashlib.sha256(pixels).hexdigest(),
            normalised_sha256=None,
            normalised=False,
            policy_digest=policy.digest,
            at=moment,
            latency_ms=(time.perf_counter() - began) * 1000.0,
        )

    def _findings(self, picture: View, policy: Policy) -> Iterator[Finding]:
        yield _frame(picture)
        nudity = policy.threshold(Stage.PICTURE, Category.SEXUAL_EXPLICIT)
        if nudity is not None:
            yield from self._nudity(views(picture), nudity, policy)
        yield from _copies(self._references, picture, policy)
        seen = {Category.SEXUAL_EXPLICIT.value}
        for classifier in self._classifiers:
            for finding in _from_classifier(classifier, picture, policy):
                seen.add(finding.category)
                yield finding
        named = (*policy.categories(Stage.PICTURE), *_UNSEEN)
        for category in dict.fromkeys(str(name) for name in named):
            if category not in seen:
                yield Finding(category, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED)

    def _nudity(self, looks: Sequence[View], threshold: Threshold, policy: Policy) -> Iterator[Finding]:
        answers = []
        for opinion in (self._first, self._second):
            try:
                answers.append(opinion.scores(looks))
            except Exception as fault:  # noqa: BLE001 - whatever a network does wrong, the picture is held
                yield _failed(Category.SEXUAL_EXPLICIT, opinion.id, policy, fault)
        if len(answers) == 2:
            yield self._rule(list(zip(*answers, strict=True)), threshold)

    def _rule(self, pairs: Sequence[tuple[float, float]], threshold: Threshold) -> Finding:
        """The two opinions on each view, and the strictest of what follows from them."""
        actions = [nudity_action(one, other, threshold) for one, other in pairs]
        return Finding(
            Category.SEXUAL_EXPLICIT,
            max(max(pair) for pair in pairs),
            max(actions),
            source="nudity",
            revision=f"{self._first.revision}+{self._second.revision}",
            mode=threshold.mode,
            threshold=threshold,
            detail={
                self._first.id: [round(one, 4) for one, _ in pairs],
                self._second.id: [round(other, 4) for _, other in pairs],
            },
        )


def nudity_action(one: float, other: float, threshold: Threshold) -> Action:
    """What follows from two opinions in [0, 1]: the weaker one decides a block, the stronger one a hold."""
    if threshold.action(min(one, other)) is Action.BLOCK:
        return Action.BLOCK
    doubt = min(threshold.action(max(one, other)), Action.REVIEW)
    return max(doubt, Action.REVIEW if abs(one - other) > DISAGREEMENT else Action.ALLOW)


def _frame(picture: View) -> Finding:
    deviation = float(picture.std(axis=(0, 1)).max())
    empty = deviation < _UNIFORM
    return Finding(
        Category.DEGENERATE_OUTPUT,
        1.0 if empty else 0.0,
        Action.REVIEW if empty else Action.ALLOW,
        source="frame",
        detail={"deviation": round(deviation, 2), "mean": round(float(np.mean(picture)), 1)},
    )


def _copies(registry: Registry | None, picture: View, policy: Policy) -> Iterator[Finding]:
    """One finding for each registered picture found again: a copy scores 1, a crop 0.6."""
    if registry is None:
        return
    try:
        matches = registry.matches(picture)
    except Exception as fault:  # noqa: BLE001 - whatever goes wrong, the picture is held
        yield _failed(Category.IP_STYLE, "references", policy, fault)
        return
    for match in matches:
        score = 1.0 if match.likeness is Likeness.COPY else 0.6
        threshold = policy.threshold(Stage.PICTURE, match.reference.category)
        yield Finding(
            match.reference.category,
            score,
            Action.REVIEW if threshold is None else threshold.action(score),
            source="references",
            revision=registry.revision,
            mode=Mode.ENFORCE if threshold is None else threshold.mode,
            threshold=threshold,
            detail={
                "reference": match.reference.id,
                "label": match.reference.label,
                "likeness": match.likeness.value,
                "bits": match.bits,
            },
        )


def _from_classifier(classifier: PictureClassifier, picture: View, policy: Policy) -> Iterator[Finding]:
    wanted = sorted(classifier.categories & set(policy.categories(Stage.PICTURE)))
    try:
        height, width, _ = picture.shape
        answer = classifier.score(picture.tobytes(), width, height)
        scores = checked_scores(answer, source=classifier.id, categories=classifier.categories)
    except Exception as fault:  # noqa: BLE001 - whatever a classifier does wrong, the picture is held
        yield from (_failed(category, classifier.id, policy, fault) for category in wanted)
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


def _failed(category: str, source: str, policy: Policy, fault: Exception) -> Finding:
    reason = str(fault) if isinstance(fault, ClassifierError) else f"{type(fault).__name__}: {fault}"
    return Finding(
        category,
        None,
        policy.on_failure,
        source=source,
        coverage=Coverage.ERROR,
        detail={"fault": reason[:300]},
    )


def _opennsfw(threads: int) -> Opinion:
    try:
        return OpenNsfw.load(threads=threads)
    except Exception as fault:  # noqa: BLE001 - a screen without this network holds everything and says why
        return MissingOpinion(OpenNsfw.id, str(fault))


def _nsfwjs(threads: int) -> Opinion:
    try:
        return Nsfwjs.load(threads=threads)
    except Exception as fault:  # noqa: BLE001 - see above
        return MissingOpinion(Nsfwjs.id, str(fault))

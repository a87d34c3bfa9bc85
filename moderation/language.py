"""Which language a text is read as, and whether the classifiers were measured in it.

Not general language identification: short prompts fool every detector ("goat" reads as Basque), so
the form's language is the prior, detection chooses among the organisation's languages, and only long
and unmistakable text overrides the form. Text outside the classifiers' languages is `Reach.NONE`.

Two signs must agree before Latin text is called foreign to the classifiers: the unrestricted detector
names another language, and the encoder reads the text in short pieces, as it does with languages it
never saw (English prompts average 3.4 letters a piece, Swahili about 2.3).
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from moderation.actions import Reach
from moderation.errors import ClassifierError

WEIGHTS_SHA256 = "f4f4a2c3465ca1f081541037f9cac23021d68151c2f709c55ae5eedfca522963"
_SURE = 0.9  # probability from which detection overrides the form's language
# Probability from which an undeclared language is taken at its word. Of 2,179 prompts in the covered languages none
# reached 0.55 for another one; their neighbours (Galician, Aragonese, Occitan) are what comes nearest.
_PLAINLY_FOREIGN = 0.7
_FOREIGN = 0.5  # probability of an undeclared language that needs the encoder's agreement
_LETTERS_PER_PIECE = 2.6  # below this, the encoder reads in fragments
_SHORT = 20  # letters; shorter text says too little about its language
_FEW = 10  # letters; from here Cyrillic or Arabic text can plainly be none of the script's main language
_HARDLY = 0.05  # what is left to Russian or Arabic then; of 1,123 training lines of that length in them, one had less
_LONG = 15  # letters; from here a language is recognised that the encoder reads in whole words

# Scripts written by one language of the encoder, or by none of the classifiers' languages.
_SCRIPT_LANGUAGE = dict(
    pair.split("=")
    for pair in [
        "CJK=zh",
        "HIRAGANA=ja",
        "KATAKANA=ja",
        "HANGUL=ko",
        "THAI=th",
        "DEVANAGARI=hi",
        "BENGALI=bn",
        "TAMIL=ta",
        "TELUGU=te",
        "KANNADA=kn",
        "MALAYALAM=ml",
        "GUJARATI=gu",
        "GURMUKHI=pa",
        "SINHALA=si",
        "ETHIOPIC=am",
        "GEORGIAN=ka",
        "ARMENIAN=hy",
        "HEBREW=he",
        "GREEK=el",
        "KHMER=km",
        "LAO=lo",
        "MYANMAR=my",
        "TIBETAN=bo",
        "MONGOLIAN=mn",
        "NKO=nqo",
        "ORIYA=or",
        "THAANA=dv",
    ]
)
# Letters that Russian or Arabic do not have, and the languages that do.
_TELLTALE = {**dict.fromkeys("іїєґ", "uk"), **dict.fromkeys("ўәөүңғқһҷӣў", "kk"), **dict.fromkeys("ђћџљњј", "sr"),
             **dict.fromkeys("پچژگک", "fa"), **dict.fromkeys("ٹڈڑےں", "ur"), **dict.fromkeys("ډړښې", "ps")}  # fmt: skip
_KANA = frozenset({"HIRAGANA", "KATAKANA"})  # one of these letters among Chinese ones makes it Japanese
_CYRILLIC = ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn")
_ARABIC = ("ar", "fa", "ur", "ps", "ug")
_ENGLISH_KIN = frozenset({"en", "pcm", "sco"})  # short English reads as its kin
_KIN = {"ms": "id", "sk": "cs", "bs": "hr", "sr": "hr", "nb": "no", "nn": "no", "rn": "rw", "xh": "zu"}


@dataclass(frozen=True, slots=True)
class Language:
    """`code`: ISO 639-1 as read; `reach`: full where the classifiers declare it, else none."""

    code: str
    reach: Reach


class LanguageReader:
    """Reads the language of texts with the naive-Bayes model of py3langid (BSD-3, weights in its wheel)."""

    def __init__(self, free: Any) -> None:
        """`free` has `rank(text) -> [(language, probability), ...]` over all languages."""
        self._free = free

    @classmethod
    def load(cls) -> LanguageReader:
        """Load the model; raises `ClassifierError` when the package is missing, broken or changed."""
        path = _weights()
        try:
            from py3langid.langid import LanguageIdentifier

            if (found := hashlib.sha256(path.read_bytes()).hexdigest()) != WEIGHTS_SHA256:
                raise ClassifierError(f"language: weights have SHA-256 {found}, expected {WEIGHTS_SHA256}; reinstall")
            return cls(LanguageIdentifier.from_model_file(path, norm_probs=True))
        except (ImportError, OSError, ValueError) as missing:
            raise ClassifierError("language: install the package py3langid==0.4.0") from missing

    def read(
        self, text: str, *, form: str, declared: tuple[str, ...], covered: frozenset[str], letters_per_piece: float
    ) -> Language:
        """The language `text` is screened in.

        `form`: the language of the form; `declared`: the organisation's; `covered`: the classifiers';
        `letters_per_piece`: letters of the text divided by the encoder's pieces.
        """
        code = self._code(text, form, declared, covered, letters_per_piece)
        return Language(code, Reach.FULL if code in covered else Reach.NONE)

    def _code(
        self, text: str, form: str, declared: tuple[str, ...], covered: frozenset[str], letters_per_piece: float
    ) -> str:
        script = main_script(text)
        if script in _SCRIPT_LANGUAGE:
            return _SCRIPT_LANGUAGE[script] if _KANA.isdisjoint(scripts(text)) else "ja"
        if script in ("CYRILLIC", "ARABIC"):
            return self._by_script(text, _CYRILLIC if script == "CYRILLIC" else _ARABIC)
        ranked = _joined(self._ranked(text))
        letters = sum(map(str.isalpha, text))
        if foreign := _foreign(ranked[0], covered | {form}, letters, letters_per_piece):
            return foreign
        if letters < _SHORT:
            return form
        return _among(ranked, {*declared, form, *covered}) or form

    def _by_script(self, text: str, languages: tuple[str, ...]) -> str:
        for letter, language in _TELLTALE.items():
            if letter in text.casefold():
                return language
        letters = sum(map(str.isalpha, text))
        ranked = [(code, probability) for code, probability in self._ranked(text) if code in languages]
        if letters < _FEW or not ranked:
            return languages[0]
        if dict(ranked).get(languages[0], 0.0) < _HARDLY * sum(probability for _, probability in ranked):
            return ranked[0][0]
        return (_among(ranked, set(languages)) if letters >= _SHORT else "") or languages[0]

    def _ranked(self, text: str) -> list[tuple[str, float]]:
        """The model's answer, checked."""
        ranked = [(str(code), float(probability)) for code, probability in self._free.rank(text)]
        if not ranked or not all(math.isfinite(probability) for _, probability in ranked):
            raise ClassifierError("language: the model answered with something that is no probability")
        return ranked


class MissingLanguageReader(LanguageReader):
    """Stands where the model could not be loaded, so that every prompt is held and the reason kept."""

    def __init__(self, reason: str) -> None:
        """`reason` is why it could not be loaded."""
        super().__init__(None)
        self._reason = reason

    def read(
        self, text: str, *, form: str, declared: tuple[str, ...], covered: frozenset[str], letters_per_piece: float
    ) -> Language:
        """Always raises `ClassifierError` with the reason."""
        raise ClassifierError(self._reason)


def _weights() -> Path:
    spec = find_spec("py3langid")
    if spec is None or spec.origin is None:
        raise ClassifierError("language: install the package py3langid==0.4.0")
    return Path(spec.origin).parent / "data" / "model.npz.xz"


def _joined(ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Near kin counted as one language, none of them covered: the detector halves its certainty between them."""
    summed: dict[str, float] = {}
    for code, probability in ranked:
        name = _KIN.get(code, code)
        summed[name] = summed.get(name, 0.0) + probability
    return sorted(summed.items(), key=lambda pair: -pair[1])


def _foreign(best: tuple[str, float], known: frozenset[str], letters: int, letters_per_piece: float) -> str:
    """The language of text that is plainly in none of the `known` ones, or an empty string."""
    code, probability = best
    if code in known | _ENGLISH_KIN:
        return ""
    in_fragments = probability >= _FOREIGN and letters_per_piece < _LETTERS_PER_PIECE
    return code if in_fragments or (probability >= _PLAINLY_FOREIGN and letters >= _LONG) else ""


def _among(ranked: list[tuple[str, float]], allowed: set[str]) -> str:
    """The best of `allowed` when it holds most of their joint probability, else an empty string."""
    chosen = [(code, probability) for code, probability in ranked if code in allowed]
    total = sum(probability for _, probability in chosen)
    if not chosen or total <= 0.0 or chosen[0][1] / total < _SURE:
        return ""
    return chosen[0][0]


def scripts(text: str) -> Counter[str]:
    """How many letters of each script, by the first word of their Unicode names (CJK, LATIN, ...)."""
    return Counter(
        unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0] for letter in text if letter.isalpha()
    )


def main_script(text: str) -> str:
    """The script most letters belong to; LATIN where there are no letters."""
    counted = scripts(text).most_common(1)
    return counted[0][0] if counted else "LATIN"

"""Undo the ways a word is hidden from a screen: a better return than a better model.

Not a spelling corrector and not a translator. The original text is always kept and screened as well;
this module makes the second reading and says which steps changed it.

Invariants:
- normalising a normalised text changes nothing;
- look-alike letters are mapped only where scripts are mixed, so Russian and Greek stay what they are;
- digits become letters only in words that have both ("4k", "3d", "35mm", "1980s" stay).

Look-alikes are those of Unicode Technical Standard #39 that occur between Latin, Cyrillic and Greek.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\ufff0-\uffff\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
_LOOKALIKE_PAIRS = (
    "аa еe оo рp сc уy хx іi јj ѕs ԁd ԛq ԝw һh ӏl гr пn тt кk мm нh вb "
    "АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS ԌG ѴV "
    "αa οo εe νv ιi ρp τt υu κk χx ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX "
    "ɡg ɑa ɩi ʟl ᴀa ᴇe ᴏo ᴜu ıi"
)
_LOOKALIKES = str.maketrans({pair[0]: pair[1] for pair in _LOOKALIKE_PAIRS.split()})
_LEET = str.maketrans("0345789@$!|€+", "oeastbgasilet")
_LEET_WORD = re.compile(r"[\w@$!|€+]+")
_MEASURE = re.compile(  # 4k, 35mm, 1980s, 2nd; H2O, B2B; mp3, f16
    r"\d+(?:[.,x]\d+)*(?:[kdmglspwvhe]|[mck]m|[kmc]g|m[lpb]|p[xm]|am|st|nd|rd|th|yo|yr|fps|dpi|hz|gb|min|in|ft|er|eme)"
    r"|[A-Z]-?\d+[A-Z]?|[A-Z]{2,3}\d+|[a-z]\d{1,2}|mp\d|\d+"
)
_LETTER = r"[^\W\d_]"
_PUNCTUATION = re.escape("'’´`-,;:!?()/&+\"“”@#$%^=<>{}[]\\")
_DOTTED = re.compile(r"(?<![^\W_])[^\W\d_](?:([.\-_*·•~|/,+])\s?[^\W\d_])(?:\1\s?[^\W\d_])+(?![^\W_])")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?: [^\W\d_]){3,}(?![^\W_])")
_INNER_MARK = re.compile(rf"(?<={_LETTER})(?:[*]|[^\w\s{_PUNCTUATION}])+(?={_LETTER})")
_HUMP = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPACELESS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_ARABIC_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
_ARABIC_LETTERS = str.maketrans("أإآٱىة", "اااايه")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A second reading of a text. `steps` names what was undone, in order; empty if nothing was."""

    text: str
    steps: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything but white space differs from the original."""
        return bool(self.steps)


def normalise(text: str, *, one: str = "") -> Normalised:
    """Return the second reading of `text`.

    `one`: the letter every "1" inside a word stands for, "i" or "l"; by default it is guessed each time.
    """
    text = " ".join(text.split())
    steps: dict[str, None] = {}
    while True:
        before = text
        for name, undo in _STEPS:
            undone = " ".join(undo(text, one).split())
            if undone != text:
                steps[name] = None
            text = undone
        if text == before:  # One step can uncover work for another, so they run until nothing changes.
            return Normalised(text, tuple(steps))


def fold(text: str) -> str:
    """Case, accents of Latin letters and Arabic vowel marks taken away: the form words are compared in."""
    folded: list[str] = []
    # Twice, because taking a letter's ornament away can uncover a capital: "𝝖" decomposes to "Α".
    caseless = unicodedata.normalize("NFKD", text.casefold()).casefold()
    for character in unicodedata.normalize("NFKD", caseless):
        if unicodedata.combining(character) and folded and ("a" <= folded[-1] <= "z" or folded[-1] == "е"):
            continue
        folded.append(character)
    joined = unicodedata.normalize("NFC", "".join(folded))
    return _ARABIC_MARKS.sub("", joined).translate(_ARABIC_LETTERS)


def has_spaces_between_words(text: str) -> bool:
    """Whether the script of `text` separates words by spaces (not so Chinese, Japanese and Thai)."""
    return _SPACELESS.search(text) is None


def _compatible(text: str, _one: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _visible(text: str, _one: str) -> str:
    return _INVISIBLE.sub("", text)


def _without_stacked_marks(text: str, _one: str) -> str:
    """Drop combining marks beyond the first on a Latin letter; ordinary accents are composed already."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if unicodedata.combining(character) and kept and kept[-1].isascii():
            continue
        kept.append(character)
    return "".join(kept)


def _one_script(text: str, _one: str) -> str:
    latin_text = sum("a" <= c <= "z" for c in text.lower()) * 2 > sum(c.isalpha() for c in text)
    return re.sub(r"\w+", lambda word: _latin_word(word.group(), latin_text=latin_text), text)


def _latin_word(word: str, *, latin_text: bool) -> str:
    """Map look-alikes in a word of mixed script, or in a word wholly of look-alikes in a Latin text."""
    if word.isascii():
        return word
    mapped = word.translate(_LOOKALIKES)
    has_latin = any("a" <= c <= "z" for c in word.lower())
    is_latin = all(unicodedata.name(c, "").startswith("LATIN") for c in mapped if c.isalpha())
    return mapped if is_latin and (has_latin or latin_text) else word


def _letters_for_digits(text: str, one: str) -> str:
    return _LEET_WORD.sub(lambda word: _plain_word(word.group(), one), text)


def _plain_word(word: str, one: str) -> str:
    if word.isalpha() or not any(map(str.isalpha, word)) or _MEASURE.fullmatch(word):
        return word
    if not any(c.isdigit() or c in "@$|€" for c in word) and not re.search(r"\w[!+]\w", word):
        return word  # "wow!" is an exclamation, "k!ll" is not
    word, end = (word.rstrip("!+"), word[len(word.rstrip("!+")) :])
    return re.sub("1", lambda place: one or _letter_for_one(word, place.start()), word).translate(_LEET) + end


def _letter_for_one(word: str, at: int) -> str:
    """`1` stands for l after a vowel ("sexua1") or in a cluster before one ("b1ood"), else for i ("k1ll")."""
    before, after = word[at - 1 : at].lower(), word[at + 1 : at + 2].lower()
    vowels = set("aeou034@")
    if before and before in vowels and after not in vowels:
        return "l"
    return "l" if before and before in "bcfgkps" and after in vowels else "i"


def _joined_letters(text: str, _one: str) -> str:
    joined = _DOTTED.sub(lambda run: re.sub(r"[\W_]", "", run.group()), text)
    return _SPACED.sub(lambda run: run.group().replace(" ", ""), joined)


def _without_inner_marks(text: str, _one: str) -> str:
    return _INNER_MARK.sub("", text)


def _unstretched(text: str, _one: str) -> str:
    return _STRETCHED.sub(r"\1", text)


def _quiet(text: str, _one: str) -> str:
    """Lower case for a text wholly in capitals: the encoder was trained on ordinary writing."""
    return text.lower() if text.isupper() else text


def _parted(text: str, _one: str) -> str:
    """ "ManyWordsWithoutSpaces" parted at its capitals; names with one hump stay."""
    return re.sub(r"\w{8,}", lambda word: _at_humps(word.group()), text.replace("_", " "))


def _at_humps(word: str) -> str:
    parts = _HUMP.split(word)
    return " ".join(parts) if len(parts) > 2 else word


_STEPS = (
    ("invisible characters", _visible),
    ("compatibility forms", _compatible),
    ("stacked marks", _without_stacked_marks),
    ("look-alike letters", _one_script),
    ("digits for letters", _letters_for_digits),
    ("separated letters", _joined_letters),
    ("marks inside words", _without_inner_marks),
    ("stretched letters", _unstretched),
    ("joined words", _parted),
    ("capitals", _quiet),
)

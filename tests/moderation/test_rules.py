"""Rules over concepts, one by one: what makes one fire, what excuses it, and how far a head is softened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moderation.concepts import Lexicon, Span
from moderation.errors import ClassifierError
from moderation.rules import Hit, Rule, RuleBook, Softening, strongest

TREE, RED, FENCE = Span(0, 4, "tree"), Span(5, 8, "red"), Span(3, 6, "fence")


def rule(**changes: Any) -> Rule:
    return Rule(**{"id": "r", "category": "ip_style", "all": ("tree",), "score": 0.7, **changes})


def test_a_rule_needs_all_of_its_concepts_and_rests_on_each_place() -> None:
    both = rule(all=("tree", "red"))
    assert both.hit({"tree": (TREE,), "red": (RED,)}) == Hit(both, 0.7, (TREE, RED))
    assert both.hit({"tree": (TREE,)}) is both.hit({"red": (RED,)}) is both.hit({}) is None


def test_any_needs_one_of_its_concepts_as_well() -> None:
    either = rule(any=("red", "blue"))
    assert either.hit({"tree": (TREE,)}) is None
    assert either.hit({"red": (RED,)}) is None
    assert either.hit({"tree": (TREE,), "red": (RED,)}) == Hit(either, 0.7, (TREE, RED))


def test_unless_excuses_and_softer_brings_down() -> None:
    soft = rule(unless=("drill",), softer=("drawing",), softer_score=0.2)
    assert soft.hit({"tree": (TREE,), "drill": (RED,)}) is None
    assert soft.hit({"tree": (TREE,), "drawing": (RED,)}) == Hit(soft, 0.2, (TREE,))
    assert soft.hit({"tree": (TREE,)}) == Hit(soft, 0.7, (TREE,))


def test_what_is_covered_counts_for_nothing() -> None:
    covered = rule(unless_covered="fence", any=("red",))
    assert covered.hit({"tree": (TREE,), "red": (RED,), "fence": (FENCE,)}) is None, "both are covered"
    far = Span(20, 23, "red")
    elsewhere = (Span(30, 34, "tree"),)
    assert covered.hit({"tree": (TREE, *elsewhere), "red": (RED, far), "fence": (FENCE,)}) == Hit(
        covered, 0.7, (*elsewhere, far)
    )
    assert covered.hit({"tree": elsewhere, "red": (RED,), "fence": (FENCE,)}) is None, "the only choice is covered"


def test_the_strongest_hit_of_each_rule_stays() -> None:
    one, other = rule(), rule(id="s")
    weak, strong, equal = Hit(one, 0.3, (TREE,)), Hit(one, 0.8, (RED,)), Hit(one, 0.8, (FENCE,))
    other_hit = Hit(other, 0.1, ())
    assert strongest([weak, strong, equal, other_hit]) == {"r": strong, "s": other_hit}
    assert strongest([strong, weak]) == {"r": strong}


def test_a_head_is_softened_as_far_as_said_and_no_further(rules: RuleBook) -> None:
    soft = Softening("self_harm", by="counter", most=0.45, under=0.95)
    book = RuleBook(rules.lexicon, (), (soft,), "0")

    def softened(score: float | None, *texts: str, language: str = "en") -> dict[str, float]:
        scores = {"ip_style": 0.9} | ({} if score is None else {"self_harm": score})
        return book.softened(scores, texts, language=language)

    assert softened(0.9, "a poster", "suicide PREVENTION") == {"ip_style": 0.9, "self_harm": 0.45}
    assert softened(0.2, "prevention") == {"ip_style": 0.9, "self_harm": 0.2}
    assert softened(0.95, "prevention") == {"ip_style": 0.9, "self_harm": 0.95}
    assert softened(0.9, "a poster") == {"ip_style": 0.9, "self_harm": 0.9}
    assert softened(None, "prevention").get("self_harm", 0.0) == 0.0


def test_a_phrase_of_one_language_softens_in_that_language_alone(tmp_path: Path) -> None:
    (tmp_path / "concepts.toml").write_text('[calm]\nen = "quiet"\n', encoding="utf-8")
    book = RuleBook(
        Lexicon.load(tmp_path / "concepts.toml", gated=True),
        (rule(all=("calm",)),),
        (Softening("x", "calm", 0.1),),
        "0",
    )
    assert book.softened({"x": 1.0}, ["quiet"], language="en") == {"x": 0.1}
    assert book.softened({"x": 1.0}, ["quiet"], language="fr") == {"x": 1.0}
    assert [hit.rule.id for hit in book.hits("Quiet", language="en")] == ["r"]
    assert book.hits("quiet", language="fr") == ()
    assert book.names(["loud", "Quiet"], "calm", "noise", language="en")
    assert not book.names(["quiet"], "calm", "noise", language="fr")
    assert not book.names(["quiet"], "calm", "calm", language="en")
    assert book.categories == {"ip_style"}


def test_what_is_unwanted_is_a_concept_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "concepts.toml").write_text('[calm]\nen = "quiet"\n', encoding="utf-8")
    lexicon = Lexicon.load(tmp_path / "concepts.toml", gated=True)
    book = RuleBook(lexicon, (rule(all=("not:calm",)),), (), "0")
    assert [hit.rule.id for hit in book.hits("loud", language="en", negative="Quiet")] == ["r"]
    assert book.hits("quiet", language="en") == book.hits("loud", language="fr", negative="quiet") == ()


GOOD = '[[rule]]\nid="x"\ncategory="sexual_minors"\nall=["photo"]\nscore=1.0\n'
SOFT = '[[soften]]\ncategory="ip_style"\nby="photo"\nmost=0.4\n'


def test_rules_are_read_with_their_lists_and_known_by_both_files(tmp_path: Path, rules: RuleBook) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(GOOD + SOFT, encoding="utf-8")
    book = RuleBook.load(file, rules.lexicon)
    assert book.rules == (Rule("x", "sexual_minors", ("photo",), 1.0),)
    assert book.softenings == (Softening("ip_style", "photo", 0.4),)
    assert RuleBook.load(file).revision == book.revision != rules.revision
    assert RuleBook.load().revision == rules.revision
    assert RuleBook.load(file, Lexicon("other")).revision != book.revision


@pytest.mark.parametrize(
    "broken",
    [
        GOOD,
        SOFT,
        GOOD + SOFT.replace("most=0.4\n", ""),
        GOOD.replace('["photo"]', "[]") + SOFT,
        GOOD.replace("1.0", "0.0") + SOFT,
        GOOD.replace("1.0", "1.1") + SOFT,
        GOOD.replace("sexual_minors", "nothing") + SOFT,
        GOOD.replace("score", "scores") + SOFT,
    ],
)
def test_rules_that_say_nothing_are_refused(tmp_path: Path, broken: str, rules: RuleBook) -> None:
    (tmp_path / "rules.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ClassifierError, match=r"^rules: cannot read rules.toml: .*; restore the file$"):
        RuleBook.load(tmp_path / "rules.toml", rules.lexicon)

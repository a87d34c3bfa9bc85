"""Vocabulary and tokenizer: one reading of every prompt, in every declared language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from generation.errors import ModelFolderError
from generation.training import tokenizer
from generation.training.tokens import Alphabet
from generation.training.words import LANGUAGES, UNREVIEWED
from generation.vocabulary import Vocabulary, normalise
from tests.generation.training.conftest import STARTER


@pytest.fixture(scope="session")
def reader(
    vocabulary: Vocabulary, alphabet: Alphabet, tmp_path_factory: pytest.TempPathFactory
) -> PreTrainedTokenizerBase:
    out = tmp_path_factory.mktemp("tokenizer")
    tokenizer.write(vocabulary, alphabet, out)
    loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(out)
    return loaded


@given(data=st.data())
def test_tokenizer_and_vocabulary_read_alike(
    data: st.DataObject, vocabulary: Vocabulary, reader: PreTrainedTokenizerBase, alphabet: Alphabet
) -> None:
    language = data.draw(st.sampled_from(LANGUAGES))
    known = [phrase.form for phrase in vocabulary.phrases() if phrase.language == language]
    parts = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=4))
    separator = data.draw(st.sampled_from([", ", " "]))
    prompt = separator.join(parts)
    found = [phrase.token for phrase in vocabulary.read(prompt)[0] if phrase.token]
    assert reader(prompt)["input_ids"] == alphabet.caption(found)


def test_every_language_names_every_concept(vocabulary: Vocabulary) -> None:
    assert len(vocabulary.concepts) >= 300
    for concept in vocabulary.concepts:
        for language in LANGUAGES:
            assert concept.words[language], (concept.id, language)


def test_all_fields_are_served(vocabulary: Vocabulary) -> None:
    fields = [concept.field for concept in vocabulary.concepts]
    assert all(fields.count(field) >= 30 for field in ("health", "agriculture", "education", "aid", "weather"))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A woman farmer with dark skin, red background", ["concept:farmer/woman", "tone:dark", "colour:red"]),
        ("une agricultrice à la peau foncée, fond rouge", ["concept:farmer/woman", "tone:dark", "colour:red"]),
        ("红色背景的猫和狗", ["colour:red", "concept:cat", "and", "concept:dog"]),
        ("महिला किसान और गाय", ["concept:farmer/woman", "and", "concept:cow"]),
        ("two cows", ["two", "concept:cow"]),
        ("امرأة", ["concept:person/woman"]),
        ("ng'ombe na mbuzi", ["concept:cow", "and", "concept:goat"]),
    ],
)
def test_prompts_are_read_by_meaning(vocabulary: Vocabulary, prompt: str, expected: list[str]) -> None:
    found, unknown = vocabulary.read(prompt)
    assert [phrase.token for phrase in found if phrase.token] == expected
    assert unknown == ()


def test_unknown_words_are_named_once_and_in_order(vocabulary: Vocabulary) -> None:
    prompt = "a dragon and a zeppelin with a dragon near a cow"
    assert vocabulary.unknown_words(prompt) == ("dragon", "zeppelin", "near")


def test_words_are_not_found_inside_other_words(vocabulary: Vocabulary) -> None:
    assert vocabulary.unknown_words("catalogue") == ("catalogue",)


def test_english_renders_known_prompts_only(vocabulary: Vocabulary) -> None:
    assert vocabulary.english("vaca em fundo azul") == "cow blue background"
    assert vocabulary.english("vaca voadora") is None
    assert vocabulary.english("fundo azul") is None


@given(st.text(max_size=80))
def test_any_text_can_be_read(vocabulary: Vocabulary, text: str) -> None:
    found, unknown = vocabulary.read(text)
    assert sum(len(p.form) for p in found) + sum(len(w) for w in unknown) <= len(normalise(text))


def test_unreviewed_languages_are_declared(vocabulary: Vocabulary) -> None:
    assert vocabulary.unreviewed == UNREVIEWED
    assert vocabulary.languages == LANGUAGES


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"concepts": 3}'])
def test_a_broken_vocabulary_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(ModelFolderError, match=r"vocabulary\.json"):
        Vocabulary.from_folder(tmp_path)


def test_lexicons_name_declared_concepts_only(alphabet: Alphabet) -> None:
    folder = Path(tokenizer.__file__).parent / "lexicon"
    names = {name.removeprefix("concept:") for name in alphabet.names if name.startswith("concept:")}
    for language in LANGUAGES:
        lexicon = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
        assert set(lexicon["extra"]) | set(lexicon["replace"]) <= names, language
        assert set(lexicon["phrases"]) <= set(alphabet.names), language


def test_the_committed_tokenizer_is_the_one_of_the_committed_vocabulary(
    vocabulary: Vocabulary, reader: PreTrainedTokenizerBase
) -> None:
    committed = AutoTokenizer.from_pretrained(STARTER / "tokenizer")
    assert committed.backend_tokenizer.to_str() == reader.backend_tokenizer.to_str()

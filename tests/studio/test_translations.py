"""Translations: compiled as they are written, the same placeholders, no gap in any language."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

import moderation.wording
from moderation import explaining
from moderation.policy import Policy
from moderation.presets import PRESETS
from provenance.survival import TRANSFORMS
from studio.audit import inspecting, writing
from studio.jobs import finishing, reference
from studio.policies import reading
from studio.portrayals import measuring
from studio.references import registering
from studio.wording import REASONS_KEPT, SENTENCES, TRIALS_KEPT
from tests.studio import translations

CODES = sorted(code for code, _ in settings.LANGUAGES if code != "en")
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[sdf]|\{\w+\}")


def test_every_declared_language_has_a_file() -> None:
    assert [source.parents[1].name for source in translations.sources()] == CODES


@pytest.mark.parametrize("source", translations.sources(), ids=lambda source: source.parents[1].name)
def test_a_file_is_compiled_as_it_is_written(source: Path) -> None:
    assert source.with_suffix(".mo").read_bytes() == translations.compiled(translations.catalogue(source)), (
        "run `make messages`"
    )


@pytest.mark.parametrize("source", translations.sources(), ids=lambda source: source.parents[1].name)
def test_placeholders_survive_translation(source: Path) -> None:
    for message in translations.messages(translations.catalogue(source)):
        if not translations.translated(message):
            continue
        wanted = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        names = set(PLACEHOLDER.findall(wanted[-1]))
        for form in forms:
            found = set(PLACEHOLDER.findall(form))
            # "One picture" need not repeat the number; anything else would be shown to nobody, or break the page.
            assert found <= names, (message.id, form)
            assert len(forms) > 1 or found == names, (message.id, form)


@pytest.mark.parametrize("source", translations.sources(), ids=lambda source: source.parents[1].name)
def test_whatever_is_marked_is_translated(source: Path) -> None:
    missing = [
        message.id
        for message in translations.messages(translations.catalogue(source))
        if not translations.translated(message)
    ]
    assert not missing


def test_what_the_screens_say_to_people_is_known_to_translators() -> None:
    """The library's sentences are kept in its own English; the pages read them out in the reader's language."""
    said = [*moderation.wording.MEANING.values(), *moderation.wording.REMEDY.values()]
    said += [*explaining.EXPLANATION.values(), *(words for _, words in explaining.GRADES)]
    assert set(map(str, said)) <= SENTENCES


def test_why_something_waits_or_failed_is_known_to_translators() -> None:
    """Rows keep it in English, whoever asked; the pages read it out."""
    kept = [*finishing.WAITING.values(), reference.GONE, registering.GONE, measuring.NOTHING]
    assert {*kept, inspecting.STUCK, inspecting.UNREADABLE, writing.STUCK} <= REASONS_KEPT


def test_what_was_tried_on_a_file_is_known_to_translators() -> None:
    """A release's report keeps it in the library's English; the picture page reads it out."""
    assert set(TRANSFORMS) <= TRIALS_KEPT


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_in_english_a_policy_reads_as_the_library_tells_it(preset: Policy) -> None:
    document = preset.to_json()
    for limit in preset.limits:
        told = explaining.threshold_words(limit.threshold)
        assert reading.follows(document, limit.stage.value, limit.category) == told


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(("code", "direction"), [("ar", "rtl"), ("sw", "ltr"), ("en", "ltr")])
def test_a_reader_chooses_a_language_and_keeps_it(client: Client, code: str, direction: str) -> None:
    chosen = client.post(reverse("language"), {"language": code, "next": reverse("check")})
    assert chosen.status_code == 302
    page = client.get(chosen["Location"]).content.decode()
    assert f'<html lang="{code}" dir="{direction}">' in page

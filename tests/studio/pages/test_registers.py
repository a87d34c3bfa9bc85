"""The desk's registers speak to people: every field, kept word and deed has a name in their language.

Who may read which register is shown in test_access.py.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.utils import label_for_field
from django.db.models import BinaryField, Model
from django.test import Client
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import strip_tags

from studio.accounts.models import OperatorAct, Organisation
from studio.catalogue.models import Lesson
from studio.catalogue.models import Model as Weights
from studio.catalogue.states import LESSON_ENDS
from studio.jobs.models import Picture
from studio.jobs.states import JobState
from studio.review.models import ReviewRequest
from studio.site import site
from studio.trail.models import AuditRow
from studio.wording import DEEDS, REGISTERS, THINGS

Browse = Callable[[str], Client]
STUDIO = Path(__file__).parents[3] / "platform" / "studio"
REGISTERED = [model for model in site._registry if model is not ReviewRequest]
# How a deed's or a field's own name looks: two words joined as only programs join them.
DEEDS_OF = "|".join({verb.partition(".")[0] for verb in DEEDS})
BARE = re.compile(rf"\b[a-z0-9]+_[a-z0-9_]+\b|\b(?:{DEEDS_OF})\.[a-z_]+\b")


def read(page: str) -> str:
    """What people read on a page of the desk: codes, documents and the panel's icons left out."""
    inside = page.partition('<div class="desk" role="main">')[2]
    inside = re.sub(r"<(code|pre)\b.*?</\1>|<span[^>]*material-symbols[^>]*>[^<]*</span>", "", inside, flags=re.S)
    # A log is named by a test's own name here.
    return strip_tags(inside).replace(Organisation.objects.get(slug="sample-aid").log, "")


def row(model: type[Model], pk: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def verbs() -> Iterator[str]:
    """The deeds that the product's own source notes, as far as they are written out there."""
    for path in STUDIO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            said: list[ast.expr] = []
            match node:
                case ast.keyword(arg="verb", value=value) | ast.Assign(targets=[ast.Name(id="verb")], value=value):
                    said = [value]
                case ast.Call(func=ast.Name(id="_note" | "_move" | "_repeat"), args=args):
                    said = list(args)
            for part in said:
                for one in ast.walk(part):
                    if isinstance(one, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(one.value)):
                        yield str(one.value)


def test_every_deed_has_words() -> None:
    written = set(verbs())
    assert {"picture.record", "policy.shadow_end", "webhook.pause", "review.unflag"} <= written
    joined = {f"job.{state.lower()}" for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)}
    joined |= {f"lesson.{state.lower()}" for state in LESSON_ENDS} | {"lesson.start", "lesson.give_back"}
    joined |= {f"operator.{kind}" for kind in OperatorAct.Kind.values}
    assert written | joined <= set(DEEDS)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_field_has_a_name_in_the_reader_s_language(model: type[Model]) -> None:
    register = site._registry[model]
    assert model.__name__ in REGISTERS
    assert model._meta.model_name in THINGS
    for field in [*model._meta.fields, *model._meta.many_to_many]:
        if not isinstance(field, BinaryField) and (not register.fields or field.name in register.fields):
            assert isinstance(field.verbose_name, Promise), field.name
    for column in register.list_display:
        assert isinstance(label_for_field(column, model, register), Promise), column


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_a_row_s_own_page_shows_no_bare_names(
    role: str, language: str, released: Picture, lesson: Lesson, browse: Browse
) -> None:
    client = browse(role)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    read_so_far = set()
    for model in REGISTERED:
        register = site._registry[model]
        for pk in model._default_manager.values_list("pk", flat=True)[:100]:
            answer = client.get(row(model, pk))
            if answer.status_code != 200:
                assert not register.has_view_permission(answer.wsgi_request)
                continue
            read_so_far.add(model.__name__)
            assert not BARE.findall(read(answer.content.decode())), (model, pk)
    assert {"Picture", "Job", "AuditRow", "Screening", "ReviewDecision", "Release", "Lesson", "Shaper"} <= read_so_far
    assert set(AuditRow.objects.values_list("object_kind", flat=True)) <= set(THINGS)


def test_a_row_s_own_page_has_what_an_auditor_compares(released: Picture, browse: Browse) -> None:
    page = browse("auditor").get(row(Picture, released.pk)).content.decode()
    for code in (released.pk, released.sha256, released.pixel_sha256, released.leaf, released.manifest):
        assert f"<code>{code}</code>" in page
    assert 'Kind of file</dt><dd dir="auto">PNG<' in page
    assert row(Weights, released.model_id) in page
    assert reverse("picture", args=[released.pk]) in page
    noted = AuditRow.objects.get(verb="release.publish", object_id=str(released.pk))
    page = browse("auditor").get(row(AuditRow, noted.pk)).content.decode()
    assert "The released file was signed, recorded and published" in read(page)
    assert "<code>release.publish</code>" in page


def test_lists_and_filters_say_deeds_in_words(released: Picture, browse: Browse) -> None:
    client = browse("auditor")
    page = client.get(reverse("admin:trail_auditrow_changelist")).content.decode()
    shown = strip_tags(page)
    assert "submitted it for review" in shown
    assert not re.search(r"\breview\.submit\b", shown)
    assert "?verb=review.submit" in page
    narrowed = client.get(reverse("admin:trail_auditrow_changelist"), {"verb": "review.submit"})
    assert [one.verb for one in narrowed.context["cl"].result_list] == ["review.submit"]


def test_a_row_of_others_is_not_there(released: Picture, browse: Browse, outsider: Client) -> None:
    assert outsider.get(row(Picture, released.pk)).status_code == 302
    assert browse("creator").get(row(Picture, released.pk), follow=True).status_code == 403
    assert browse("auditor").post(row(Picture, released.pk), {"state": "DISCARDED"}).status_code == 403

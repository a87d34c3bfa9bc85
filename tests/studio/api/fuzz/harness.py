"""The run itself: an organisation with pictures, a token, and the checks that every answer has to pass.

Examples follow a description half of the time and break it the other half. Keys in addresses and bodies are made up
or, as often, those of real things, because of made-up ones nothing but 404 is to be learnt.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from studio import limits
from studio.api import asking, likeness
from studio.api.actions import make_token
from studio.api.models import Scope
from studio.api.routes import jobs
from studio.operations.sample import Sample
from studio.projects.actions import open_campaign
from studio.wsgi import application
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENTS = ("/api/v1/openapi.json", "/v1/openapi.json")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass(slots=True)
class Report:
    """How often was asked, what was answered by status, and what must not be."""

    asked: int = 0
    operations: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Office:
    """Real things by the first part of their addresses, and a token that opens them."""

    secret: str
    keys: dict[str, UUID]
    slug: str


def run(examples: int, office: Office) -> Report:
    """Ask about so many examples, as many of each operation."""
    found = [operation for document in DOCUMENTS for operation in _operations(document)]
    report = Report(operations=len(found))
    answers: Counter[int] = Counter()
    for operation in found:
        for mode in MODES:
            try:
                _ask(operation, mode, office, ceil(examples / len(found) / len(MODES)), answers)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  whatever it is, it is what the run is for
                report.failures.append(f"{operation.method.upper()} {operation.path}: {error}")
    report.asked, report.answers = answers.total(), dict(sorted(answers.items()))
    return report


def wait_for_nobody(put: Callable[[Any, str, Any], None]) -> None:
    """No worker is there to be waited for, and turns would hide what lies behind them; `put` is as `setattr`."""
    for module, name in ((asking, "ANSWER_SECONDS"), (likeness, "WAIT_SECONDS"), (jobs, "MOST_WAIT_SECONDS")):
        put(module, name, 0)
    for name in ("CALLS_A_MINUTE", "MAKES_A_MINUTE", "CHECKS_A_MINUTE", "TRIALS_A_MINUTE"):
        put(limits, name, 10**9)


def _operations(document: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi(document, application)
    for result in schema.get_all_operations():
        yield result.ok()


def _ask(operation: Any, mode: GenerationMode, office: Office, examples: int, answers: Counter[int]) -> None:
    headers = {"Authorization": f"Bearer {office.secret}"}

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 100,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def one(case: Any, real: bool) -> None:
        if real:
            _name_real_things(case, office)
        answer = case.call(headers=headers)
        answers[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    try:
        one()
    except schemathesis.errors.SchemathesisError as error:
        # An operation that has nothing to break takes no examples that would.
        if mode == GenerationMode.POSITIVE:
            raise
        answers[0] += 0 if "negative" in str(error).lower() or "Unsatisfiable" in type(error).__name__ else 1


def _name_real_things(case: Any, office: Office) -> None:
    kind = case.operation.path.removeprefix("/api/v1/").partition("/")[0]
    for name in case.path_parameters or {}:
        case.path_parameters[name] = {"pk": str(office.keys.get(kind, "")), "slug": office.slug, "kind": "signed"}[name]
    if isinstance(case.body, dict) and "campaign" in case.body:
        case.body["campaign"] = str(office.keys["campaigns"])


def furnished(sample: Sample) -> Office:
    """A campaign with a picture, and a token of the creator's."""
    now = timezone.now()
    creator = sample.people["creator"]
    campaign = open_campaign(
        actor=creator,
        project=sample.project,
        slug="fuzz",
        name="Fuzz",
        purpose="To be asked about.",
        languages=["en", "fr"],
        channels=["web"],
        at=now,
    )
    job = ask(campaign, now)
    picture = print_pictures(job, now)[0]
    _, secret = make_token(
        actor=creator,
        organisation=sample.organisation,
        name="fuzz",
        scopes=tuple(Scope),
        campaign=campaign,
        expires=now + timedelta(days=1),
        at=now,
    )
    keys = {"projects": sample.project.pk, "campaigns": campaign.pk, "jobs": job.pk, "pictures": picture.pk}
    return Office(secret, keys, sample.model.slug)

"""What licences of models forbid, so far as this product can see to it: a small table of those that models come under.

- A clause is told in our own words, with the place where the licence says it. It is no legal advice, and the table is
  no substitute for reading: who approves a model has read its licence.
- A licence that is not in the table forbids nothing here; the custodian who approves the model says what it allows.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import models
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _


class Use(models.TextChoices):
    """What pictures are made for, as far as licences of models ask."""

    CHARITABLE = "charitable", _("Charitable, educational or public work, without payment")
    COMMERCIAL = "commercial", _("Commercial: sold, advertising what is sold, or for a company's own business")
    MEDICAL = "medical", _("Giving medical advice, or reading medical results")
    JUSTICE = "justice", _("Law enforcement, justice, immigration or asylum")
    AUTOMATED = "automated", _("Decisions about people that nobody but a program takes")


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a licence forbids: for which uses, what it says in our words, and where."""

    uses: frozenset[Use]
    says: str
    place: str


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its name, with the clauses that forbid uses; none where everything is allowed."""

    name: str
    clauses: tuple[Clause, ...] = ()

    def forbids(self, use: str) -> Clause | None:
        """The clause that forbids a use, if one does."""
        return next((clause for clause in self.clauses if use in clause.uses), None)


def _never(place: str) -> tuple[Clause, ...]:
    """What the RAIL family of licences forbids, in the same words each time."""
    return (
        Clause(
            frozenset({Use.MEDICAL}),
            gettext_noop("the model is not to give medical advice or to interpret medical results"),
            place,
        ),
        Clause(
            frozenset({Use.JUSTICE}),
            gettext_noop(
                "the model is not to make or spread information for justice, law enforcement, immigration or asylum"
            ),
            place,
        ),
        Clause(
            frozenset({Use.AUTOMATED}),
            gettext_noop("the model is not to be used for fully automated decisions that harm somebody's legal rights"),
            place,
        ),
    )


def _only_non_commercial(place: str, says: str) -> tuple[Clause, ...]:
    return (Clause(frozenset({Use.COMMERCIAL}), says, place),)


RAIL = _never(gettext_noop("section III, paragraph 5, and Attachment A"))
LICENCES: Mapping[str, Licence] = MappingProxyType(
    {
        "apache-2.0": Licence("Apache License 2.0"),
        "mit": Licence("MIT License"),
        "bsd-3-clause": Licence("BSD 3-Clause License"),
        "cc0-1.0": Licence("Creative Commons Zero 1.0"),
        "cc-by-4.0": Licence("Creative Commons Attribution 4.0"),
        "cc-by-nc-4.0": Licence(
            "Creative Commons Attribution-NonCommercial 4.0",
            _only_non_commercial(
                gettext_noop("sections 1(i) and 2(a)(1)"),
                gettext_noop(
                    "it may be used only where commercial advantage or payment is not what is mainly intended"
                ),
            ),
        ),
        "creativeml-openrail-m": Licence("CreativeML Open RAIL-M", RAIL),
        "openrail++": Licence("CreativeML Open RAIL++-M", RAIL),
        "flux-1-dev-non-commercial-license": Licence(
            "FLUX.1 [dev] Non-Commercial License",
            (
                *_only_non_commercial(
                    gettext_noop("sections 1(c), 2(b) and 4(a)"),
                    gettext_noop(
                        "the model may be used only without payment, direct or indirect, outside of production and "
                        "business; a charity may use it for charitable purposes"
                    ),
                ),
                Clause(
                    frozenset({Use.JUSTICE}),
                    gettext_noop(
                        "the model is not to be used for surveillance, for military purposes or for biometric "
                        "processing"
                    ),
                    gettext_noop("section 4(a)"),
                ),
            ),
        ),
        "stabilityai-ai-community": Licence(
            "Stability AI Community License",
            _only_non_commercial(
                gettext_noop("section III"),
                gettext_noop(
                    "commercial use needs a registration with Stability AI, and a licence of its own from a yearly "
                    "revenue of one million US dollars on"
                ),
            ),
        ),
    }
)
# What model cards call the same licence.
SAME: Mapping[str, str] = MappingProxyType(
    {
        "bigscience-openrail-m": "creativeml-openrail-m",
        "openrail": "creativeml-openrail-m",
        "creativeml-openrail++-m": "openrail++",
        "openrail++-m": "openrail++",
        "flux-1-dev": "flux-1-dev-non-commercial-license",
        "stability-ai-community": "stabilityai-ai-community",
        "stabilityai-community": "stabilityai-ai-community",
    }
)


def licence_of(named: str) -> Licence | None:
    """The licence that a model card names, if it is in the table."""
    key = named.strip().lower()
    return LICENCES.get(SAME.get(key, key))


def forbidden(named: Iterable[str], uses: Collection[str]) -> list[str]:
    """Each use that one of the licences forbids, in a sentence that quotes the clause and says where it stands."""
    found = []
    for licence in filter(None, map(licence_of, dict.fromkeys(named))):
        for use in (use for use in Use if use in uses):
            if clause := licence.forbids(use):
                said = _("%(use)s: %(licence)s, %(place)s, says that %(clause)s.")
                where, says = gettext(clause.place), gettext(clause.says)
                found.append(said % {"use": use.label, "licence": licence.name, "place": where, "clause": says})
    return found


def asks_for_a_use(named: Iterable[str]) -> bool:
    """Whether one of the licences forbids anything, so that what a project is for must be known."""
    return any(licence.clauses for licence in filter(None, map(licence_of, named)))

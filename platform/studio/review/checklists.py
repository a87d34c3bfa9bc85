"""What a maker answers before a picture is reviewed: three questions for every sector, and one more for some.

The record keeps a question's English words with its answer, whatever language it was asked in. Nothing is decided by an
answer; a reviewer reads them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_noop

from studio.projects.models import PolicyVersion

GENERAL: Mapping[str, str] = MappingProxyType(
    {
        "resembles_somebody": gettext_noop("Could anybody take a person in it for somebody who really exists?"),
        "passes_for_real": gettext_noop("Could anybody take it for a photograph of something that really happened?"),
        "shows_dignity": gettext_noop(
            "Are the people or places it stands for shown with dignity, as they would show themselves?"
        ),
    }
)
# By the name of the sector that a policy was begun with.
SECTORS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "humanitarian": {
            "puts_at_risk": gettext_noop("Could it put anybody at risk, or a community, if they were recognised in it?")
        },
        "health": {
            "shows_practice": gettext_noop("Does it show care, dress and tools as good practice there has them?")
        },
        "education": {"suits_age": gettext_noop("Is everything in it right for the age it is made for?")},
        "agriculture": {
            "shows_truly": gettext_noop("Would somebody who knows the crop, the animal or the disease find it correct?")
        },
        "child-protection": {
            "keeps_children_safe": gettext_noop(
                "Is every child in it shown safe, clothed, and as nobody in particular?"
            )
        },
    }
)


def questions_under(policy: PolicyVersion) -> Mapping[str, str]:
    """The questions about a picture that was made under this policy, by the names of their fields."""
    return {**GENERAL, **SECTORS.get(str(policy.document.get("name", "")), {})}

"""How states, verdicts, categories and languages look and read on the pages.

A stamp is a shape, a word and a tone together, never colour alone. The shapes are drawn in templates/studio/shapes/.
Nothing here decides anything: an unknown name is shown as it is, in the neutral tone.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.catalogue.models import Model
from studio.catalogue.states import LessonState
from studio.jobs.states import JobState, PictureState
from studio.languages import language
from studio.wording import (
    EXPECTATIONS,
    MARKERS,
    MATTERS,
    answered,
    category,
    credentials,
    deed,
    invariant,
    licence,
    read_out,
    screen,
)

register = template.Library()
register.filter(answered)
register.filter(category)
register.filter(deed)
register.filter(invariant)
register.filter(language)
register.filter(licence)
register.filter(screen)
register.filter(credentials.action)
register.filter(credentials.integrity)
register.filter(credentials.kept)
register.filter(credentials.label_field)
register.filter(credentials.release_status)
register.filter(credentials.signer)
register.filter(credentials.source)
J, P = JobState, PictureState


class Tone(StrEnum):
    """The colour of a stamp. SEAL is kept for what has been released."""

    PLAIN = "plain"
    GOOD = "good"
    CAUTION = "caution"
    REFUSED = "refused"
    SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One stamp."""

    word: str | Promise
    shape: str
    tone: Tone = Tone.PLAIN

    @property
    def drawing(self) -> str:
        """The template that draws the shape, in a box of 16 by 16."""
        return f"studio/shapes/{self.shape}.svg"


_SHAPES = {
    J.DRAFT: ("pencil", Tone.PLAIN),
    J.SUBMITTED: ("lens", Tone.PLAIN),
    J.HELD: ("pause", Tone.CAUTION),
    J.BLOCKED: ("stop", Tone.REFUSED),
    J.QUEUED: ("clock", Tone.PLAIN),
    J.GENERATING: ("press", Tone.PLAIN),
    J.DONE: ("tick", Tone.PLAIN),
    J.FAILED: ("alert", Tone.CAUTION),
    J.LOST: ("alert", Tone.CAUTION),
    J.CANCELLED: ("dash", Tone.PLAIN),
    P.GENERATED: ("lens", Tone.PLAIN),
    P.QUARANTINED: ("pause", Tone.CAUTION),
    P.CHECKED: ("press", Tone.PLAIN),
    P.SIGNED: ("press", Tone.PLAIN),
    P.RECORDED: ("sheet", Tone.PLAIN),
    P.IN_REVIEW: ("lens", Tone.PLAIN),
    P.CHANGES_REQUESTED: ("pencil", Tone.CAUTION),
    P.APPROVED: ("tick", Tone.GOOD),
    P.REJECTED: ("stop", Tone.REFUSED),
    P.RELEASED: ("seal", Tone.SEAL),
    P.WITHDRAWN: ("struck", Tone.REFUSED),
    P.DISCARDED: ("dash", Tone.PLAIN),
    LessonState.WAITING: ("clock", Tone.PLAIN),
    LessonState.TRAINING: ("press", Tone.PLAIN),
    Model.State.UNAPPROVED: ("pause", Tone.CAUTION),
    Model.State.APPROVED: ("tick", Tone.GOOD),
    Model.State.WITHDRAWN: ("struck", Tone.REFUSED),
}
_VERDICTS = {
    "ours": Stamp(_("Genuine and unchanged"), "seal", Tone.GOOD),
    "ours-recovered": Stamp(_("Recognised, but re-saved"), "tick", Tone.CAUTION),
    "not-released": Stamp(_("Never released"), "pause", Tone.CAUTION),
    "withdrawn": Stamp(_("Withdrawn"), "struck", Tone.REFUSED),
    "unrecorded": Stamp(_("Signed but not on record"), "alert", Tone.CAUTION),
    "altered": Stamp(_("Altered"), "stop", Tone.REFUSED),
    "other-signer": Stamp(_("Signed by somebody else"), "sheet", Tone.PLAIN),
    "no-credentials": Stamp(_("No credentials"), "question", Tone.PLAIN),
    "unreadable": Stamp(_("Not a picture we can open"), "dash", Tone.PLAIN),
    "unchecked": Stamp(_("Not checked"), "pause", Tone.CAUTION),
}
_ACTIONS = {
    "allow": Stamp(_("Nothing found"), "tick"),
    "annotate": Stamp(_("Noted"), "pencil", Tone.PLAIN),
    "review": Stamp(_("Held for a person"), "pause", Tone.CAUTION),
    "block": Stamp(_("Blocked"), "stop", Tone.REFUSED),
    "not_screened": Stamp(_("Not screened"), "question", Tone.PLAIN),
    "error": Stamp(_("The check failed"), "alert", Tone.CAUTION),
    "ruling let through": Stamp(_("Let through"), "tick", Tone.GOOD),
    "ruling refused": Stamp(_("Refused"), "stop", Tone.REFUSED),
}
_POLICIES = {
    "draft open": Stamp(_("Being written"), "pencil"),
    "draft proposed": Stamp(_("Waiting for approval"), "lens", Tone.CAUTION),
    "draft published": Stamp(_("In force"), "tick", Tone.GOOD),
    "screen missing": Stamp(_("Not installed"), "alert", Tone.CAUTION),
    "screen failing": Stamp(_("Failing"), "alert", Tone.CAUTION),
    "protected waiting": Stamp(_("Being read"), "lens"),
    "protected in_force": Stamp(_("In force"), "tick", Tone.GOOD),
    "protected refused": Stamp(_("Not used"), "alert", Tone.CAUTION),
    "protected over": Stamp(_("Ran out"), "dash"),
    "draft discarded": Stamp(_("Put aside"), "dash"),
    "in force": Stamp(_("In force"), "tick", Tone.GOOD),
    "superseded": Stamp(_("Superseded"), "sheet"),
    "passed examples": Stamp(_("All examples as they must be"), "tick", Tone.GOOD),
    "failed examples": Stamp(_("Examples fail"), "stop", Tone.REFUSED),
    "as expected": Stamp(_("As it must be"), "tick", Tone.GOOD),
    "not as expected": Stamp(_("Not as it must be"), "stop", Tone.REFUSED),
}
_WEBHOOKS = {
    "endpoint active": Stamp(_("Active"), "tick", Tone.GOOD),
    "endpoint paused": Stamp(_("Paused"), "pause"),
    "endpoint silent": Stamp(_("Stopped answering"), "alert", Tone.CAUTION),
    "delivery waiting": Stamp(_("Waiting"), "clock"),
    "delivery delivered": Stamp(_("Delivered"), "tick", Tone.GOOD),
    "delivery failed": Stamp(_("Given up"), "alert", Tone.CAUTION),
}
STAMPS = MappingProxyType(
    {state: Stamp(state.label, shape, tone) for state, (shape, tone) in _SHAPES.items()}
    | _VERDICTS
    | _ACTIONS
    | _POLICIES
    | _WEBHOOKS
)


@register.inclusion_tag("studio/parts/stamp.html")
def stamp(name: str, size: str = "") -> dict[str, Any]:
    """The stamp of a state, a verdict or a screen's action; `size="large"` for the one that a page is about."""
    return {"stamp": STAMPS.get(name, Stamp(str(name), "dash")), "size": size}


@register.inclusion_tag("studio/parts/finding.html")
def finding(value: dict[str, Any]) -> dict[str, Any]:
    """The stamp of one screening finding: what was not screened is never shown as passed."""
    name = value["action"] if value["coverage"] == "screened" else value["coverage"]
    return {"name": name, "shadow": value["mode"] != "enforce" and name not in {"not_screened", "allow"}}


@register.filter
def state(name: str) -> str:
    """A state in a word."""
    return str(STAMPS[name].word) if name in STAMPS else name


@register.filter
def marker(name: str) -> str:
    """A group or role of a representation report in plain words."""
    return str(MARKERS.get(name, name.replace("-", " ").replace("_", " ")))


@register.filter
def told(sentence: str) -> str:
    """What a screen said, or why a row waits or failed, in the reader's language."""
    return read_out(sentence)


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 as a whole percentage."""
    return f"{100 * share:.0f} %"


@register.filter
def span(time: timedelta) -> str:
    """A stretch of time in its largest sensible unit."""
    minutes = time.total_seconds() / 60
    if minutes < 1:
        return gettext("under a minute")
    if minutes < 90:
        return gettext("%(n)s min") % {"n": f"{minutes:.0f}"}
    hours = minutes / 60
    return (
        gettext("%(n)s h") % {"n": f"{hours:.0f}"} if hours < 48 else gettext("%(n)s days") % {"n": f"{hours / 24:.0f}"}
    )


@register.filter
def matter(name: str) -> str:
    """What a change of a policy is about, in plain words."""
    return str(MATTERS.get(name) or category(name))


@register.filter
def expectation(name: str) -> str:
    """What must happen to an example of a policy: "must be …"."""
    return str(EXPECTATIONS.get(name, name))


@register.simple_tag
def unscreened(findings: list[dict[str, Any]]) -> list[str]:
    """The categories of an answer that nothing looked at, in plain words."""
    seen = {found["category"] for found in findings if found["coverage"] == "screened"}
    missing = dict.fromkeys(found["category"] for found in findings if found["coverage"] == "not_screened")
    return [category(name).lower() for name in missing if name not in seen and name != "uncovered_language"]


@register.filter
def spoken(word: str) -> str:
    """The word of a LANGUAGE:WORD."""
    return word.partition(":")[2]


@register.filter
def spoken_in(word: str) -> str:
    """The language of a LANGUAGE:WORD, by its name."""
    return language(word.partition(":")[0])


@register.filter
def host(origin: str) -> str:
    """The log's host from its origin `<host>/<slug>`."""
    return origin.partition("/")[0]

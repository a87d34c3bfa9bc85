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

from studio.catalogue.models import Model
from studio.catalogue.states import LessonState
from studio.jobs.states import JobState, PictureState
from studio.languages import language

register = template.Library()
register.filter(language)
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

    word: str
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
    "ours": Stamp("Genuine and unchanged", "seal", Tone.GOOD),
    "ours-recovered": Stamp("Recognised, but re-saved", "tick", Tone.CAUTION),
    "not-released": Stamp("Never released", "pause", Tone.CAUTION),
    "withdrawn": Stamp("Withdrawn", "struck", Tone.REFUSED),
    "unrecorded": Stamp("Signed but not on record", "alert", Tone.CAUTION),
    "altered": Stamp("Altered", "stop", Tone.REFUSED),
    "other-signer": Stamp("Signed by somebody else", "sheet", Tone.PLAIN),
    "no-credentials": Stamp("No credentials", "question", Tone.PLAIN),
    "unreadable": Stamp("Not a picture we can open", "dash", Tone.PLAIN),
}
_ACTIONS = {
    "allow": Stamp("Nothing found", "tick"),
    "annotate": Stamp("Noted", "pencil", Tone.PLAIN),
    "review": Stamp("Held for a person", "pause", Tone.CAUTION),
    "block": Stamp("Blocked", "stop", Tone.REFUSED),
    "not_screened": Stamp("Not screened", "question", Tone.PLAIN),
    "error": Stamp("The check failed", "alert", Tone.CAUTION),
}
_POLICIES = {
    "draft open": Stamp("Being written", "pencil"),
    "draft proposed": Stamp("Waiting for approval", "lens", Tone.CAUTION),
    "draft published": Stamp("In force", "tick", Tone.GOOD),
    "screen missing": Stamp("Not installed", "alert", Tone.CAUTION),
    "screen failing": Stamp("Failing", "alert", Tone.CAUTION),
    "protected waiting": Stamp("Being read", "lens"),
    "protected in_force": Stamp("In force", "tick", Tone.GOOD),
    "protected refused": Stamp("Not used", "alert", Tone.CAUTION),
    "protected over": Stamp("Ran out", "dash"),
    "draft discarded": Stamp("Put aside", "dash"),
    "in force": Stamp("In force", "tick", Tone.GOOD),
    "superseded": Stamp("Superseded", "sheet"),
    "passed examples": Stamp("All examples as they must be", "tick", Tone.GOOD),
    "failed examples": Stamp("Examples fail", "stop", Tone.REFUSED),
    "as expected": Stamp("As it must be", "tick", Tone.GOOD),
    "not as expected": Stamp("Not as it must be", "stop", Tone.REFUSED),
}
_WEBHOOKS = {
    "endpoint active": Stamp("Active", "tick", Tone.GOOD),
    "endpoint paused": Stamp("Paused", "pause"),
    "endpoint silent": Stamp("Stopped answering", "alert", Tone.CAUTION),
    "delivery waiting": Stamp("Waiting", "clock"),
    "delivery delivered": Stamp("Delivered", "tick", Tone.GOOD),
    "delivery failed": Stamp("Given up", "alert", Tone.CAUTION),
}
STAMPS = MappingProxyType(
    {state: Stamp(str(state.label), shape, tone) for state, (shape, tone) in _SHAPES.items()}
    | _VERDICTS
    | _ACTIONS
    | _POLICIES
    | _WEBHOOKS
)
CATEGORIES = MappingProxyType(
    {
        "sexual_minors": "Sexual content with minors",
        "sexual_explicit": "Nudity and sexual content",
        "violence_graphic": "Graphic violence",
        "hate_extremism": "Hate and extremism",
        "self_harm": "Self-harm",
        "dangerous_illicit": "Dangerous or illegal goods",
        "dignity_stereotype": "Dignity and stereotypes",
        "synthetic_evidence": "Made-up evidence of real events",
        "real_person": "Real, named people",
        "photoreal_child": "Lifelike children",
        "ip_style": "Artists, brands and characters",
        "evasion": "Words disguised to get past the check",
        "degenerate_output": "A black or broken picture",
        "uncovered_language": "A language the check cannot read",
        "lettering": "Words in the picture",
    }
)
# What a change of a policy may be about, besides a category.
MARKERS = MappingProxyType({"unmarked": "nobody named", "somebody": "people in no role", "several": "several at once"})
MATTERS = MappingProxyType(
    {
        "term": "Words",
        "custom": "A category of your own",
        "name": "Name",
        "languages": "Languages",
        "on_failure": "When a check itself fails",
        "label": "Visible label",
    }
)
EXPECTATIONS = MappingProxyType(
    {"allow": "let through", "stop": "stopped or looked at by a reviewer", "block": "refused"}
)
LICENCES = MappingProxyType(
    {
        "see-lineage": "that of the model it was taught from, and those of its pictures",
        "unknown": "not stated",
    }
)
DEEDS = MappingProxyType(
    {
        "user.password": "changed their password",
        "user.sign_in": "signed in",
        "user.create": "got an account",
        "user.second_step": "changed their second step",
        "user.second_step_lost": "removed somebody's second step, which was lost",
        "user.close": "closed somebody's account here",
        "user.reopen": "let somebody in again",
        "invitation.make": "invited somebody",
        "invitation.accept": "took up an invitation",
        "invitation.withdraw": "withdrew an invitation",
        "role.grant": "gave a role",
        "role.revoke": "took a role away",
        "operator.sign_in": "signed in as the operator of the installation",
        "operator.administrator": "named an administrator, as the operator of the installation",
        "quota.set": "set how many pictures may be asked for",
        "project.terms": "set the project's budget and what it is for",
        "retention.set": "set how long things are kept",
        "hold.place": "held it for an inquiry",
        "hold.lift": "lifted the hold",
        "keys.ask": "asked for signing keys",
        "setup.finish": "ended the first steps",
        "picture.erase": "The picture was erased: kept long enough, and released by nobody",
        "words.erase": "The words were erased: kept long enough",
        "job.submit": "asked for pictures",
        "job.screen": "The words were screened",
        "job.rule": "ruled on the held request",
        "job.reveal": "looked at the picture to start from",
        "job.cancel": "cancelled the request",
        "job.done": "The pictures were made",
        "job.give_back": "The request went back into line",
        "portrayal.ask": "asked whom the pictures show",
        "portrayal.read": "had the prompts read for whom they name",
        "reference.add": "handed in a picture to protect",
        "reference.read": "The picture is protected",
        "reference.refuse": "The picture could not be protected",
        "reference.remove": "took a protected picture out",
        "policy.suggest": "proposed a word to be allowed for a while",
        "project.label": "chose the language of the label",
        "picture.generate": "The picture was made",
        "picture.check": "The picture was screened",
        "picture.rule": "ruled on the held-back picture",
        "picture.reveal": "looked at the held-back picture",
        "picture.seal": "The picture was labelled and signed",
        "picture.record": "The picture was entered in the ledger",
        "review.submit": "submitted it for review",
        "review.decide": "decided about it",
        "review.comment": "commented on it",
        "review.flag": "flagged it",
        "review.unflag": "lifted the flag",
        "review.invite": "asked somebody outside for a decision",
        "review.uninvite": "took an invitation back",
        "release.ask": "asked for its release",
        "rendition.ask": "asked for a rendition",
        "rendition.record": "A rendition was signed and recorded",
        "release.publish": "The released file was signed, recorded and published",
        "release.withdraw": "withdrew it",
        "inspection.ask": "had the books checked",
        "report.ask": "asked for a report",
        "report.cancel": "cancelled a report",
        "report.done": "A report was made and recorded",
        "release.stop": "Its release was stopped by a recall",
    }
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
    return STAMPS[name].word if name in STAMPS else name


@register.filter
def category(name: str) -> str:
    """A moderation category in plain words."""
    return CATEGORIES.get(name, name.removeprefix("custom:").replace("-", " ").replace("_", " ").capitalize())


@register.filter
def marker(name: str) -> str:
    """A group or role of a representation report in plain words."""
    return MARKERS.get(name, name.replace("-", " ").replace("_", " "))


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 as a whole percentage."""
    return f"{100 * share:.0f} %"


@register.filter
def span(time: timedelta) -> str:
    """A stretch of time in its largest sensible unit."""
    minutes = time.total_seconds() / 60
    if minutes < 1:
        return "under a minute"
    if minutes < 90:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


@register.filter
def matter(name: str) -> str:
    """What a change of a policy is about, in plain words."""
    return MATTERS.get(name) or category(name)


@register.filter
def expectation(name: str) -> str:
    """What must happen to an example of a policy: "must be …"."""
    return EXPECTATIONS.get(name, name)


@register.simple_tag
def unscreened(findings: list[dict[str, Any]]) -> list[str]:
    """The categories of an answer that nothing looked at, in plain words."""
    seen = {found["category"] for found in findings if found["coverage"] == "screened"}
    missing = dict.fromkeys(found["category"] for found in findings if found["coverage"] == "not_screened")
    return [category(name).lower() for name in missing if name not in seen and name != "uncovered_language"]


@register.filter
def deed(verb: str) -> str:
    """An audit row's verb in plain words; those that begin small follow the name of who did it."""
    return DEEDS.get(verb, verb.replace(".", ": ").replace("_", " "))


@register.filter
def licence(name: str) -> str:
    """A model's licence in words, where its card states none of its own."""
    return LICENCES.get(name, name)


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

"""The verdicts of a check in the words of a lay person: what it means, and what to do with it.

Not the verdicts themselves, which the provenance library gives. An unknown one is explained as `unreadable` is:
it claims nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict's headline, its meaning, and what to do, translated where they are shown; `tone` is the stamp's."""

    headline: str
    meaning: str
    advice: str
    tone: str = "plain"


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {
        "ours": Explanation(
            _("This picture was released here, and not one bit of it has changed since."),
            _("It was made with artificial intelligence, and a person approved it. Signature, file and ledger agree."),
            _("You can see its public record below."),
            "good",
        ),
        "ours-recovered": Explanation(
            _("We recognise this picture, but the file was saved again after we released it."),
            _(
                "Its credentials were lost on the way, as happens when a website resizes or re-compresses pictures. "
                "It was made with artificial intelligence. Small changes since then cannot be ruled out."
            ),
            _("Compare it with the original in the public record."),
            "caution",
        ),
        "not-released": Explanation(
            _("This picture was made here, but it was never released."),
            _("The file is unchanged, yet nobody approved it for the public: it may be in review, or it was rejected."),
            _("Do not take it for a statement of the organisation. Ask them how it came to you."),
            "caution",
        ),
        "withdrawn": Explanation(
            _("This picture was released here and later withdrawn."),
            _("It is genuine, but the organisation no longer stands by it."),
            _("Please do not use it any more."),
            "refused",
        ),
        "unrecorded": Explanation(
            _("This file carries our signature, but our ledger knows nothing of it."),
            _("Every picture signed here has an entry. Without one, the signing key may have been misused."),
            _("Do not trust it, and please tell the organisation."),
            "caution",
        ),
        "altered": Explanation(
            _("This picture was changed after it was signed."),
            _("Its credentials no longer match it: something in the file is not as it was when it was signed."),
            _("Do not rely on what it shows. Ask whoever gave it to you for the original."),
            "refused",
        ),
        "other-signer": Explanation(
            _("This picture is signed and intact, but by somebody else."),
            _("The credentials in it belong to another signer; we can say nothing about that signer."),
            _("Look for the signer's own check page."),
        ),
        "no-credentials": Explanation(
            _("We found no credentials of any kind, which proves nothing."),
            _(
                "It does not show that the picture is real, nor that a machine made it, nor that it does not come from "
                "here: credentials are easily lost when a picture is copied, cropped or photographed."
            ),
            _("If it matters, ask whoever published it where it comes from."),
        ),
        "unreadable": Explanation(
            _("We cannot open this file as a picture."),
            _(
                "It may be damaged, of a kind we do not read, or too large. PNG, JPEG, WebP and AVIF pictures work "
                "best."
            ),
            _("Try the original file rather than a screenshot or a document that holds it."),
        ),
    }
)


REVOKED = Explanation(
    _("This file carries our signature, but with a key that was taken back."),
    _(
        "The organisation does not stand by what that key signed since it was taken back: it may have been in other "
        "hands."
    ),
    _("Do not trust it, and please tell the organisation."),
    "refused",
)


def explain(verdict: str, *, signer: str) -> Explanation:
    """The explanation of a verdict about a file with this signer."""
    if signer.startswith("revoked:"):
        return REVOKED
    return EXPLANATIONS.get(verdict, EXPLANATIONS["unreadable"])

"""The verdicts of a check in the words of a lay person: what it means, and what to do with it.

Not the verdicts themselves, which the provenance library gives. An unknown one is explained as `unreadable` is:
it claims nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict's headline, its meaning, and what to do; `tone` is the stamp's."""

    headline: str
    meaning: str
    advice: str
    tone: str = "plain"


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {
        "ours": Explanation(
            "This picture was released here, and not one bit of it has changed since.",
            "It was made with artificial intelligence, and a person approved it. Signature, file and ledger agree.",
            "You can see its public record below.",
            "good",
        ),
        "ours-recovered": Explanation(
            "We recognise this picture, but the file was saved again after we released it.",
            "Its credentials were lost on the way, as happens when a website resizes or re-compresses pictures. "
            "It was made with artificial intelligence. Small changes since then cannot be ruled out.",
            "Compare it with the original in the public record.",
            "caution",
        ),
        "not-released": Explanation(
            "This picture was made here, but it was never released.",
            "The file is unchanged, yet nobody approved it for the public: it may be in review, or it was rejected.",
            "Do not take it for a statement of the organisation. Ask them how it came to you.",
            "caution",
        ),
        "withdrawn": Explanation(
            "This picture was released here and later withdrawn.",
            "It is genuine, but the organisation no longer stands by it.",
            "Please do not use it any more.",
            "refused",
        ),
        "unrecorded": Explanation(
            "This file carries our signature, but our ledger knows nothing of it.",
            "Every picture signed here has an entry. Without one, the signing key may have been misused.",
            "Do not trust it, and please tell the organisation.",
            "caution",
        ),
        "altered": Explanation(
            "This picture was changed after it was signed.",
            "Its credentials no longer match it: something in the file is not as it was when it was signed.",
            "Do not rely on what it shows. Ask whoever gave it to you for the original.",
            "refused",
        ),
        "other-signer": Explanation(
            "This picture is signed and intact, but by somebody else.",
            "The credentials in it belong to another signer; we can say nothing about that signer.",
            "Look for the signer's own check page.",
        ),
        "no-credentials": Explanation(
            "We found no credentials of any kind, which proves nothing.",
            "It does not show that the picture is real, nor that a machine made it, nor that it does not come from "
            "here: credentials are easily lost when a picture is copied, cropped or photographed.",
            "If it matters, ask whoever published it where it comes from.",
        ),
        "unreadable": Explanation(
            "We cannot open this file as a picture.",
            "It may be damaged, of a kind we do not read, or too large. PNG, JPEG, WebP and AVIF pictures work best.",
            "Try the original file rather than a screenshot or a document that holds it.",
        ),
    }
)


def explain(verdict: str) -> Explanation:
    """The explanation of a verdict."""
    return EXPLANATIONS.get(verdict, EXPLANATIONS["unreadable"])

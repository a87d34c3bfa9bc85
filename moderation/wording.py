"""Plain words for makers: what a category means, and what to change. No scores: a score shown can be mined.

The sentences are English; the caller's pages may translate them by category, which travels with them.
"""

from __future__ import annotations

from moderation.categories import Category

MEANING: dict[str, str] = {
    Category.SEXUAL_MINORS: "The text brings a child or teenager together with sexual words. This is always refused.",
    Category.SEXUAL_EXPLICIT: "It may show nudity or sexual content.",
    Category.VIOLENCE_GRAPHIC: "It may show graphic violence, injury or cruelty.",
    Category.HATE_EXTREMISM: "It may demean a group of people or promote an extremist movement.",
    Category.SELF_HARM: "It touches on self-harm or suicide.",
    Category.DANGEROUS_ILLICIT: "It touches on weapons, drugs or another unlawful or dangerous activity.",
    Category.DIGNITY_STEREOTYPE: "It may show people as helpless, or reduce them to a stereotype.",
    Category.SYNTHETIC_EVIDENCE: "It asks for an invented event to look like a real news or documentary photograph.",
    Category.REAL_PERSON: "It names or describes a real, identifiable person.",
    Category.PHOTOREAL_CHILD: "It asks for a photograph-like picture of a child.",
    Category.IP_STYLE: "It names an artist, a brand or a protected character.",
    Category.EVASION: "It is written in a way that hides words from the check, or asks to switch the check off.",
    Category.DEGENERATE_OUTPUT: "The picture is empty, uniform or broken.",
    Category.UNCOVERED_LANGUAGE: "Nothing installed here can read this language, so a person has to.",
    Category.LETTERING: "Words stand in the picture.",
}

REMEDY: dict[str, str] = {
    Category.SEXUAL_EXPLICIT: "Describe people clothed; for health teaching, ask for an 'anatomical diagram'.",
    Category.VIOLENCE_GRAPHIC: "Show what helps rather than the injury: first aid, shelter, people rebuilding.",
    Category.HATE_EXTREMISM: "Take out the group, symbol or slogan, or show people together as equals.",
    Category.SELF_HARM: "Show support: someone listening, a helpline poster, a calm place.",
    Category.DANGEROUS_ILLICIT: "Show prevention or safe practice instead of the dangerous thing itself.",
    Category.DIGNITY_STEREOTYPE: "Show people as active and capable: name what they do or decide.",
    Category.SYNTHETIC_EVIDENCE: "Say that it is an illustration or a drill; leave out news agencies.",
    Category.REAL_PERSON: "Describe a role instead of naming a person: 'a nurse', 'a minister at a desk'.",
    Category.PHOTOREAL_CHILD: "Ask for an illustration or a drawing instead of a photograph.",
    Category.IP_STYLE: "Describe the look in words: flat colours, ink line, soft light.",
    Category.EVASION: "Write the words out plainly.",
    Category.DEGENERATE_OUTPUT: "Generate again with another seed or more steps.",
    Category.UNCOVERED_LANGUAGE: "Write it in a language the organisation has declared, or wait for a reviewer.",
}


def meaning(category: str, label: str = "") -> str:
    """One plain sentence about `category`; `label` is the organisation's own name of a custom category."""
    return MEANING.get(category, f"It falls under your organisation's category '{label or category}'.")


def remedy(category: str) -> str:
    """What to change, or an empty string where nothing can be changed."""
    return REMEDY.get(
        category, "" if category == Category.SEXUAL_MINORS else "Ask the owner of this rule what it is for."
    )

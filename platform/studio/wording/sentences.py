"""Whole sentences that are kept in English, by a library or in a row, and read out in the reader's language."""

from django.utils.translation import gettext, gettext_noop

# What the moderation library says in whole sentences: the library's own English, as it is kept, and the reader's.
SENTENCES = frozenset(
    {
        gettext_noop("The text brings a child or teenager together with sexual words. This is always refused."),
        gettext_noop("It may show nudity or sexual content."),
        gettext_noop("It may show graphic violence, injury or cruelty."),
        gettext_noop("It may demean a group of people or promote an extremist movement."),
        gettext_noop("It touches on self-harm or suicide."),
        gettext_noop("It touches on weapons, drugs or another unlawful or dangerous activity."),
        gettext_noop("It may show people as helpless, or reduce them to a stereotype."),
        gettext_noop("It asks for an invented event to look like a real news or documentary photograph."),
        gettext_noop("It names or describes a real, identifiable person."),
        gettext_noop("It asks for a photograph-like picture of a child."),
        gettext_noop("It names an artist, a brand or a protected character."),
        gettext_noop("It is written in a way that hides words from the check, or asks to switch the check off."),
        gettext_noop("The picture is empty, uniform or broken."),
        gettext_noop("Nothing installed here can read this language, so a person has to."),
        gettext_noop("Words stand in the picture."),
        gettext_noop("Describe people clothed; for health teaching, ask for an 'anatomical diagram'."),
        gettext_noop("Show what helps rather than the injury: first aid, shelter, people rebuilding."),
        gettext_noop("Take out the group, symbol or slogan, or show people together as equals."),
        gettext_noop("Show support: someone listening, a helpline poster, a calm place."),
        gettext_noop("Show prevention or safe practice instead of the dangerous thing itself."),
        gettext_noop("Show people as active and capable: name what they do or decide."),
        gettext_noop("Say that it is an illustration or a drill; leave out news agencies."),
        gettext_noop("Describe a role instead of naming a person: 'a nurse', 'a minister at a desk'."),
        gettext_noop("Ask for an illustration or a drawing instead of a photograph."),
        gettext_noop("Describe the look in words: flat colours, ink line, soft light."),
        gettext_noop("Write the words out plainly."),
        gettext_noop("Generate again with another seed or more steps."),
        gettext_noop("Write it in a language the organisation has declared, or wait for a reviewer."),
        gettext_noop("Ask the owner of this rule what it is for."),
        gettext_noop("Children or teenagers together with anything sexual. Always refused, in every policy."),
        gettext_noop("Nudity and sexual acts. Teaching about bodies and birth comes close to it."),
        gettext_noop("Wounds, killing and cruelty shown closely. First aid and surgery come close to it."),
        gettext_noop("Contempt for a group of people, and the signs and slogans of extremist movements."),
        gettext_noop("Suicide and self-injury. Texts that prevent them use the same words, so ask, do not refuse."),
        gettext_noop("Weapons, drugs, poisons and how to misuse them. Safety teaching uses the same words."),
        gettext_noop("People shown as helpless, or as a type of their origin instead of as a person."),
        gettext_noop("Invented events made to look like news or documentary photographs."),
        gettext_noop("Somebody who really exists, by name or unmistakable description."),
        gettext_noop("Children as in a photograph, who could be taken for real ones."),
        gettext_noop("The manner of a named artist, a brand, a protected character."),
        gettext_noop("Words disguised to get past the check, or a demand to switch it off."),
        gettext_noop("at the faintest sign"),
        gettext_noop("at a faint sign"),
        gettext_noop("when it is likely"),
        gettext_noop("when it is very likely"),
        gettext_noop("when it is nearly certain"),
        gettext_noop("when it is plain"),
        gettext_noop("when it is beyond doubt"),
        gettext_noop("Let through."),
        gettext_noop("Noted."),
        gettext_noop("A reviewer is asked."),
        gettext_noop("Refused."),
        gettext_noop("It could not be screened, so a person has to look at it."),
        gettext_noop("A part of the check did not work, so a person has to look."),
    }
)

# What was tried on a file after it was signed, as its report keeps it.
TRIALS_KEPT = frozenset(
    {
        gettext_noop("as delivered"),
        gettext_noop("metadata stripped"),
        gettext_noop("saved again, XMP kept"),
        gettext_noop("JPEG quality 50"),
        gettext_noop("half the size"),
        gettext_noop("a website's chain"),
        gettext_noop("a tenth cropped off"),
    }
)
# Why something waits or came to nothing, as the rows keep it.
REASONS_KEPT = frozenset(
    {
        gettext_noop("It waits to be checked; an administrator has to look."),
        gettext_noop("It waits for its signature; an administrator has to look."),
        gettext_noop("It waits for the ledger; an administrator has to look."),
        gettext_noop("The model's files cannot be read, or are not the approved ones; a custodian has to look."),
        gettext_noop("the worker went silent"),
        gettext_noop("The words of this request were erased."),
        gettext_noop("The model was withdrawn before this request's turn came; ask again with another."),
        gettext_noop("The picture to start from was erased or is missing; ask again with the picture."),
        gettext_noop("The worker that taught it went silent."),
        gettext_noop("The pictures were erased, or are missing; hand them in again."),
        gettext_noop("The file was erased before it was read; hand it in again."),
        gettext_noop("The worker that checked it stopped three times. An administrator has to look at its log."),
        gettext_noop("The worker that wrote it stopped three times. Ask for less at once, and tell an administrator."),
        gettext_noop("No picture here has a prompt that names people, so there is nothing to report on."),
        gettext_noop("The files of the model cannot be read, or are not the approved ones; an administrator must look"),
        gettext_noop(
            "The ledger could not be read, so nothing is known. Ask again; if that fails too, an administrator has to "
            "look."
        ),
    }
)


def read_out(sentence: str) -> str:
    """One of these sentences in the reader's language; any other is returned as it is."""
    return gettext(sentence) if sentence in SENTENCES | REASONS_KEPT | TRIALS_KEPT else sentence

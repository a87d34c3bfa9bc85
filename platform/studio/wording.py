"""What categories, deeds, licences and the matters of policies are called on the pages, in plain words.

Not the words of states and verdicts, which stand beside their stamps (templatetags/stamps.py). An unknown name is shown
as it is; nothing here decides anything.
"""

from types import MappingProxyType

from django.utils.translation import gettext, gettext_noop
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
LICENCES = MappingProxyType(
    {
        "see-lineage": _("that of the model it was taught from, and those of its pictures"),
        "unknown": _("not stated"),
    }
)
DEEDS = MappingProxyType(
    {
        "user.password": _("changed their password"),
        "user.sign_in": _("signed in"),
        "user.create": _("got an account"),
        "user.second_step": _("changed their second step"),
        "user.second_step_lost": _("removed somebody's second step, which was lost"),
        "user.close": _("closed somebody's account here"),
        "user.reopen": _("let somebody in again"),
        "invitation.make": _("invited somebody"),
        "invitation.accept": _("took up an invitation"),
        "invitation.withdraw": _("withdrew an invitation"),
        "role.grant": _("gave a role"),
        "role.revoke": _("took a role away"),
        "operator.sign_in": _("signed in as the operator of the installation"),
        "operator.administrator": _("named an administrator, as the operator of the installation"),
        "organisation.colour": _("set the colour of the public pages"),
        "quota.set": _("set how many pictures may be asked for"),
        "project.terms": _("set the project's budget and what it is for"),
        "retention.set": _("set how long things are kept"),
        "hold.place": _("held it for an inquiry"),
        "hold.lift": _("lifted the hold"),
        "keys.ask": _("asked for signing keys"),
        "setup.finish": _("ended the first steps"),
        "installation.restore": _("The installation was restored from a backup"),
        "picture.erase": _("The picture was erased: kept long enough, and released by nobody"),
        "words.erase": _("The words were erased: kept long enough"),
        "job.submit": _("asked for pictures"),
        "job.screen": _("The words were screened"),
        "job.rule": _("ruled on the held request"),
        "job.reveal": _("looked at the picture to start from"),
        "job.cancel": _("cancelled the request"),
        "job.done": _("The pictures were made"),
        "job.give_back": _("The request went back into line"),
        "portrayal.ask": _("asked whom the pictures show"),
        "portrayal.read": _("had the prompts read for whom they name"),
        "reference.add": _("handed in a picture to protect"),
        "reference.read": _("The picture is protected"),
        "reference.refuse": _("The picture could not be protected"),
        "reference.remove": _("took a protected picture out"),
        "policy.suggest": _("proposed a word to be allowed for a while"),
        "project.label": _("chose the language of the label"),
        "picture.generate": _("The picture was made"),
        "picture.check": _("The picture was screened"),
        "picture.rule": _("ruled on the held-back picture"),
        "picture.reveal": _("looked at the held-back picture"),
        "picture.seal": _("The picture was labelled and signed"),
        "picture.record": _("The picture was entered in the ledger"),
        "review.submit": _("submitted it for review"),
        "review.describe": _("Its description was screened"),
        "review.decide": _("decided about it"),
        "review.comment": _("commented on it"),
        "review.flag": _("flagged it"),
        "review.unflag": _("lifted the flag"),
        "review.invite": _("asked somebody outside for a decision"),
        "review.uninvite": _("took an invitation back"),
        "release.ask": _("asked for its release"),
        "rendition.ask": _("asked for a rendition"),
        "rendition.record": _("A rendition was signed and recorded"),
        "release.publish": _("The released file was signed, recorded and published"),
        "release.withdraw": _("withdrew it"),
        "inspection.ask": _("had the books checked"),
        "report.ask": _("asked for a report"),
        "report.cancel": _("cancelled a report"),
        "report.done": _("A report was made and recorded"),
        "release.stop": _("Its release was stopped by a recall"),
    }
)
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
    return gettext(sentence) if sentence in SENTENCES or sentence in REASONS_KEPT else sentence


# What the registers of the desk are called, by the model whose rows they list.
REGISTERS = {
    "Organisation": _("Organisations"),
    "Membership": _("Members"),
    "User": _("Accounts"),
    "RoleGrant": _("Roles"),
    "OperatorAct": _("What operators did"),
    "Invitation": _("Invitations"),
    "AuditRow": _("Actions"),
    "LedgerIntent": _("Ledger entries"),
    "Model": _("Models"),
    "ModelDecision": _("Decisions about models"),
    "Material": _("What taught the models"),
    "Lesson": _("Lessons"),
    "Job": _("Requests"),
    "Picture": _("Pictures"),
    "Screening": _("What the screens said"),
    "Shaper": _("Who shaped what"),
    "Project": _("Projects"),
    "Campaign": _("Campaigns"),
    "PolicyVersion": _("Policy versions"),
    "ReviewDecision": _("Decisions"),
    "HoldRuling": _("Rulings on what was held"),
    "Release": _("Releases"),
    "Withdrawal": _("Withdrawals"),
}
# The heads of the registers' columns, by the names of their fields; what Django names itself is not here.
COLUMNS = MappingProxyType(
    {
        "accepted": _("Accepted"),
        "accepted_by": _("Accepted by"),
        "action": _("Finding"),
        "actor": _("Who"),
        "appended": _("Entered"),
        "approved_by": _("Approved by"),
        "approver": _("Approved by"),
        "asked": _("Asked for"),
        "at": _("When"),
        "author": _("Written by"),
        "budget": _("Budget"),
        "campaign": _("Campaign"),
        "concept": _("Concept"),
        "consent": _("Consent"),
        "count": _("Pictures"),
        "created": _("Created"),
        "custodian": _("Custodian"),
        "digest": _("Digest"),
        "email": _("E-mail address"),
        "ended": _("Ended"),
        "family": _("Family"),
        "final": _("Final"),
        "how": _("How"),
        "id": _("Key"),
        "index": _("Place in its request"),
        "invited_by": _("Invited by"),
        "job": _("Request"),
        "kind": _("Kind"),
        "label": _("Visible label"),
        "languages": _("Languages"),
        "let_through": _("Let through"),
        "licence": _("Licence"),
        "log": _("Log"),
        "made": _("Sent"),
        "membership": _("Member"),
        "model": _("Model"),
        "name": _("Name"),
        "number": _("Number"),
        "object_id": _("Key"),
        "object_kind": _("Of what"),
        "operator": _("Operator"),
        "organisation": _("Organisation"),
        "outcome": _("Decision"),
        "parent": _("Taught from"),
        "picture": _("Picture"),
        "project": _("Project"),
        "pseudonym": _("Pseudonym"),
        "public_reason": _("Public reason"),
        "published": _("In force since"),
        "reason": _("Reason"),
        "reference": _("The picture to start from"),
        "registered": _("Registered"),
        "released_by": _("Released by"),
        "requester": _("Maker"),
        "reviewer": _("Reviewer"),
        "role": _("Role"),
        "row": _("Row"),
        "sequence": _("Entry"),
        "sha256": _("SHA-256"),
        "slug": _("Short name"),
        "source": _("Source"),
        "stage": _("Stage"),
        "state": _("Status"),
        "submitted": _("Asked for"),
        "title": _("Title"),
        "user": _("Person"),
        "verb": _("Action"),
        "withdrawn": _("Withdrawn"),
        "withdrawn_by": _("Withdrawn by"),
        "words": _("Words"),
    }
)

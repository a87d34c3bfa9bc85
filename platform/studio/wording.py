"""What categories, deeds, licences and the matters of policies are called on the pages, in plain words.

Not the words of states and verdicts, which stand beside their stamps (templatetags/stamps.py). An unknown name is shown
as it is; nothing here decides anything.
"""

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
    {"unmarked": _("nobody named"), "somebody": _("people in no role"), "several": _("several at once")}
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

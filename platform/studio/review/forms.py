"""What makers fill in to have a picture approved, and what reviewers and outsiders fill in to decide."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.jobs.models import Job, Picture
from studio.policies.proposing import allowable
from studio.review.checklists import questions_under
from studio.review.models import PER_MILLE, ReviewDecision, ReviewRequest
from studio.review.reasons import REASONS
from studio.wording import ANSWERS, category

USUALLY_ALLOWED, LONGEST_ALLOWED = timedelta(days=90), timedelta(days=365)
DESCRIBE = _("Describe it for people who cannot see it")
HOW_TO_DESCRIBE = _(
    "Say what somebody must know who hears the page read out: who does what, where, and what matters of it for this "
    "purpose. One or two sentences, without “picture of”. It travels with the picture."
)


class AskForm(forms.Form):
    """What is said of every picture that is submitted together: what for, where, when, and the checklist.

    The channels are those that the pictures' campaigns have in common, the questions those of all their policies.
    Asking again begins with what was written before.
    """

    purpose = forms.CharField(
        label=_("What is it for?"),
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text=_("The reviewer decides for this purpose."),
    )
    channel = forms.ChoiceField(label=_("Where will it be seen?"))
    due = forms.DateField(
        label=_("Needed by"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, pictures: Sequence[Picture], **kwargs: Any) -> None:
        before = ReviewRequest.objects.filter(picture__in=pictures).order_by("-at").first()
        if before is not None:
            names = set(self.base_fields) & {"purpose", "channel", "alt_text", "due"}
            kwargs.setdefault("initial", {name: getattr(before, name) for name in names})
        super().__init__(*args, **kwargs)
        campaigns = [set(picture.job.campaign.channels) for picture in pictures]
        shared = [name for name in pictures[0].job.campaign.channels if all(name in one for one in campaigns)]
        channels = {**{name: name for name in shared}, "Other": gettext("Other")}
        self.fields["channel"].choices = list(channels.items())  # type: ignore[attr-defined]
        self.questions = {
            name: one for picture in pictures for name, one in questions_under(picture.job.policy).items()
        }
        for name, question in self.questions.items():
            self.fields[name] = forms.ChoiceField(
                label=_(question), choices=list(ANSWERS.items()), widget=forms.RadioSelect
            )

    def answers(self) -> dict[str, str]:
        """The checklist: each question with its answer."""
        return {question: self.cleaned_data[name] for name, question in self.questions.items()}


class SubmitForm(AskForm):
    """Asking for approval of one picture.

    `before` is how often it had been submitted when the page was made; a form that does not say was never sent.
    """

    alt_text = forms.CharField(
        label=DESCRIBE, widget=forms.Textarea({"rows": 3, "dir": "auto"}), help_text=HOW_TO_DESCRIBE
    )
    before = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    field_order = ("purpose", "channel", "alt_text", "due")

    def __init__(self, *args: Any, picture: Picture, **kwargs: Any) -> None:
        super().__init__(*args, pictures=[picture], **kwargs)
        self.fields["before"].initial = picture.review_requests.count()

    def anew(self) -> None:
        """Let the same words be sent once more: as the page stands now."""
        again = QueryDict(mutable=True)
        again.update(self.data)
        again["before"] = str(self.fields["before"].initial)
        self.data = again

    def words(self) -> dict[str, Any]:
        """The arguments of `review.actions.submit_for_review` but for who, which, when and how often before."""
        said = {name: self.cleaned_data[name] for name in self.field_order}
        return {**said, "checklist": self.answers()}


class DescribeForm(forms.Form):
    """One of several pictures: whether it is submitted, and its own description, which only then is asked for.

    `before` is how often it had been submitted when the page was made.
    """

    chosen = forms.BooleanField(label=_("Submit this one"), required=False)
    alt_text = forms.CharField(label=DESCRIBE, widget=forms.Textarea({"rows": 3, "dir": "auto"}))
    before = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def clean(self) -> None:
        """One that is left out needs no description."""
        if not self.cleaned_data.get("chosen"):
            self.errors.pop("alt_text", None)


class WithdrawForm(forms.Form):
    """Recalling a released picture."""

    public_reason = forms.CharField(
        label=_("Reason, shown to the public"),
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text=_("Whoever checks the file reads this. Name no person."),
    )


class DecideForm(forms.Form):
    """A decision about a picture in review, bound to the file that was on the page."""

    outcome = forms.ChoiceField(label=_("Decision"), choices=ReviewDecision.Outcome.choices, widget=forms.RadioSelect)
    reasons = forms.MultipleChoiceField(
        label=_("Reasons"), required=False, choices=list(REASONS.items()), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("The maker reads it. Unless you approve, choose a reason above or write one here, or both."),
    )
    seen_sha256 = forms.CharField(widget=forms.HiddenInput)


class OutsideForm(DecideForm):
    """The same from somebody without an account, who says who they are and why, whatever they decide."""

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput({"dir": "auto", "autocomplete": "name"})
    )
    field_order = ("outcome", "reasons", "reason", "name", "seen_sha256")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Compulsory, whatever you decide. The maker and the reviewers read it.")


class CommentForm(forms.Form):
    """Something said about the picture, perhaps about a place in it."""

    text = forms.CharField(label=_("Comment"), widget=forms.Textarea({"rows": 2, "dir": "auto"}), max_length=2000)
    x = forms.IntegerField(
        label=_("Across"),
        required=False,
        min_value=0,
        max_value=PER_MILLE,
        help_text=_("From 0, left, to 1000, right."),
    )
    y = forms.IntegerField(
        label=_("Down"), required=False, min_value=0, max_value=PER_MILLE, help_text=_("From 0, top, to 1000, bottom.")
    )

    def clean(self) -> None:
        """A place has both its numbers or none."""
        if (self.cleaned_data.get("x") is None) != (self.cleaned_data.get("y") is None) and not self.errors:
            self.add_error("x", _("A place has two numbers: across and down. Or leave both empty."))


class FlagForm(forms.Form):
    """A warning to the other reviewers."""

    reason = forms.CharField(
        label=_("Why should it be looked at by itself?"), max_length=300, widget=forms.TextInput({"dir": "auto"})
    )


class InviteForm(forms.Form):
    """Asking somebody outside for a decision."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput({"autocomplete": "off"}))
    hours = forms.TypedChoiceField(
        label=_("The link works for"),
        coerce=int,
        choices=[(24, _("a day")), (72, _("three days")), (168, _("a week")), (336, _("two weeks"))],
        initial=72,
    )


class RuleForm(forms.Form):
    """A reviewer's answer to something a screen held back."""

    ruling = forms.ChoiceField(
        label=_("Ruling"),
        choices=[("let_through", _("Let it through")), ("refuse", _("Refuse it"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Compulsory. The maker reads it, and it stays on record."),
    )

    def arguments(self) -> dict[str, Any]:
        """The arguments of `rule_on_hold` and `rule_on_picture` but for who, which and when."""
        return {"let_through": self.cleaned_data["ruling"] == "let_through", "reason": self.cleaned_data["reason"]}


class AppealRuleForm(RuleForm):
    """A reviewer's answer to an appeal: once, or with a word that is allowed for a while from then on."""

    word = forms.CharField(
        label=_("Allow a word from now on"),
        required=False,
        max_length=120,
        widget=forms.TextInput({"dir": "auto"}),
        help_text=_(
            "A word or phrase of this request that is wrongly taken for a sign of something. Left empty, this "
            "request alone is let through."
        ),
    )
    category = forms.ChoiceField(label=_("It is no sign of"), required=False)
    expires = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("It becomes a proposal to the policy, which somebody else has to put in force."),
    )

    def __init__(self, *args: Any, job: Job, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._job, self._today = job, today
        categories = allowable(job)
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            (name, f"{category(name)} (in {place.name})") for name, place in categories.items()
        ]
        self.initial.setdefault("expires", today + USUALLY_ALLOWED)
        if not categories:
            for name in ("word", "category", "expires"):
                del self.fields[name]

    def clean(self) -> None:
        """A word is allowed only with a request that is let through, and for a time."""
        typed = self.cleaned_data
        if not typed.get("word"):
            return
        if typed.get("ruling") == "refuse":
            self.add_error("word", gettext("A word can be allowed only where the request is let through."))
        if (ends := typed.get("expires")) is None:
            self.add_error("expires", gettext("Say until when the word is allowed."))
        elif not self._today < ends <= self._today + LONGEST_ALLOWED:
            self.add_error(
                "expires", gettext("Choose a day within the next %(days)s days.") % {"days": LONGEST_ALLOWED.days}
            )

    def term(self, *, owner: str) -> dict[str, Any] | None:
        """The word as a policy's JSON has it, to the end of its last day; None where none is to be allowed."""
        typed = self.cleaned_data
        if not typed.get("word"):
            return None
        until = datetime.combine(typed["expires"], time.max, tzinfo=UTC).replace(microsecond=0)
        return {
            "word": typed["word"],
            "category": typed["category"],
            "language": self._job.language,
            "owner": owner,
            "reason": typed["reason"][:200],
            "expires": until.isoformat(),
        }

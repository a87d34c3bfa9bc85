"""What makers fill in to have a picture approved, and what reviewers fill in to decide."""

from typing import Any

from django import forms

from studio.jobs.models import Picture
from studio.review.models import ReviewDecision

ANSWERS = [("yes", "Yes"), ("no", "No"), ("unsure", "Not sure")]
# Asked of every picture, whatever the sector; the answers are kept with the request and shown to the reviewer.
QUESTIONS = {
    "resembles_somebody": "Could anybody take a person in it for somebody who really exists?",
    "passes_for_real": "Could anybody take it for a photograph of something that really happened?",
    "shows_dignity": "Are the people or places it stands for shown with dignity, as they would show themselves?",
}


class SubmitForm(forms.Form):
    """Asking for approval of one picture."""

    purpose = forms.CharField(
        label="What is it for?",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text="The reviewer decides for this purpose.",
    )
    channel = forms.ChoiceField(label="Where will it be seen?")
    alt_text = forms.CharField(
        label="Describe it for people who cannot see it",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text="One or two sentences. It travels with the picture.",
    )
    due = forms.DateField(
        label="Needed by", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, picture: Picture, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = [*picture.job.campaign.channels, "Other"]
        self.fields["channel"].choices = [(name, name) for name in dict.fromkeys(channels)]  # type: ignore[attr-defined]
        for name, question in QUESTIONS.items():
            self.fields[name] = forms.ChoiceField(label=question, choices=ANSWERS, widget=forms.RadioSelect)

    def words(self) -> dict[str, Any]:
        """The arguments of `review.actions.submit_for_review` but for who, which and when."""
        cleaned = dict(self.cleaned_data)
        checklist = {QUESTIONS[name]: cleaned.pop(name) for name in QUESTIONS}
        return {**cleaned, "checklist": checklist}


class WithdrawForm(forms.Form):
    """Recalling a released picture."""

    public_reason = forms.CharField(
        label="Reason, shown to the public",
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text="Whoever checks the file reads this. Name no person.",
    )


class DecideForm(forms.Form):
    """A reviewer's decision about a picture in review, bound to the file that was on the page."""

    outcome = forms.ChoiceField(label="Decision", choices=ReviewDecision.Outcome.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text="The maker reads it. Compulsory unless you approve.",
    )
    seen_sha256 = forms.CharField(widget=forms.HiddenInput)


class RuleForm(forms.Form):
    """A reviewer's answer to something a screen held back."""

    ruling = forms.ChoiceField(
        label="Ruling", choices=[("let_through", "Let it through"), ("refuse", "Refuse it")], widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text="Compulsory. The maker reads it, and it stays on record.",
    )

    def arguments(self) -> dict[str, Any]:
        """The arguments of `rule_on_hold` and `rule_on_picture` but for who, which and when."""
        return {"let_through": self.cleaned_data["ruling"] == "let_through", "reason": self.cleaned_data["reason"]}

"""What the authors and approvers of a policy fill in: choices in words, from which the policy's JSON is made.

A policy's numbers appear as grades ("when it is likely"); a number that is none of them stays choosable as it is, so
that opening and saving a form changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.languages import language
from studio.policies.reading import follows, grade
from studio.policies.scope import LABELS, Scope
from studio.projects.models import PolicyVersion, Project
from studio.wording import category, read_out

STEPS = (("annotate", _("Note it")), ("review", _("Ask a reviewer")), ("block", _("Refuse it")))
STAGES = (("prompt", _("In the words of a request")), ("picture", _("In finished pictures")))
NEVER = ""
FEWEST_SENTENCES, MOST_SENTENCES = 3, 40
# How near a prompt has to come to an example sentence: paraphrases score 0.6 to 0.8, unrelated sentences below 0.3.
LIKENESS = {0.6: _("it says about the same"), 0.75: _("it says nearly the same"), 0.5: _("it is about the same matter")}
FOLLOWS = {"review": _("Ask a reviewer"), "block": _("Refuse it"), "annotate": _("Note it")}
SECTOR_WORDS = {
    "humanitarian": (
        _("Humanitarian aid"),
        _("Dignity first: nothing that passes for real evidence, no named people unseen."),
    ),
    "health": (
        _("Health"),
        _("Bodies, wounds and prevention may be taught; a reviewer looks before anything is refused."),
    ),
    "education": (_("Education"), _("People, brands and stereotypes are looked at; the rest stands on the floor.")),
    "agriculture": (
        _("Agriculture"),
        _("Dangerous goods, such as pesticides, and dignity are looked at by a reviewer."),
    ),
    "child-protection": (
        _("Child protection"),
        _("The strictest: hardly any nudity, and every lifelike child is looked at."),
    ),
}


class StartForm(forms.Form):
    """What a draft begins with."""

    start = forms.ChoiceField(label=_("Start from"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current, above = scope.in_force(), scope.above()
        choices = []
        if current:
            choices.append(
                (
                    "in-force",
                    gettext("What is in force here: version %(number)s, “%(name)s”")
                    % {"number": current.number, "name": current.own["name"]},
                )
            )
        if above:
            choices.append(
                (
                    "above",
                    gettext("The policy of %(name)s: version %(number)s")
                    % {"name": scope.organisation.name, "number": above.number},
                )
            )
        choices += [(sector, "{}. {}".format(*SECTOR_WORDS[sector])) for sector in pipeline.SECTORS]
        self.fields["start"].choices = choices  # type: ignore[attr-defined]
        self.initial.setdefault("start", choices[0][0])


@dataclass(frozen=True, slots=True)
class Row:
    """One category on the form: its choices, and what stands above it."""

    category: str
    explanation: str
    fields: list[BoundField]
    watch: BoundField
    above: str
    vain: bool
    seen: bool


class PolicyForm(forms.Form):
    """The whole of a policy but for its terms and examples."""

    name = forms.CharField(label=_("Name of this policy"), max_length=80)
    languages = forms.MultipleChoiceField(
        label=_("Languages you write in"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Short texts fool every detector of languages; it chooses among these."),
    )
    uncovered_language = forms.ChoiceField(
        label=_("A text in a language that nothing installed here can read"),
        choices=[("review", _("Ask a reviewer")), ("block", _("Refuse it"))],
    )
    on_failure = forms.ChoiceField(
        label=_("When a check itself fails"),
        choices=[("review", _("Ask a reviewer")), ("block", _("Refuse it"))],
        help_text=_("Nothing is ever let through because a check failed."),
    )
    label = forms.ChoiceField(
        label=_("Label that people see in every picture"),
        help_text=_("It is part of the pixels, and stays when a file loses its signature."),
    )
    may_relax = forms.MultipleChoiceField(
        label=_("Where may projects be looser than this policy?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Everywhere else a project can only be stricter. It also lets projects allow single words there."),
    )

    def __init__(
        self, *args: Any, own: Mapping[str, Any], scope: Scope, above: PolicyVersion | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._own, self._scope = own, scope
        spoken = dict.fromkeys([*pipeline.screened_languages(), *own["languages"]])
        self.fields["languages"].choices = [(code, language(code)) for code in spoken]  # type: ignore[attr-defined]
        least = LABELS.index(above.label) if above else 0
        self.fields["label"].choices = [  # type: ignore[attr-defined]
            (value, word) for value, word in Project.Label.choices if LABELS.index(value) >= least
        ]
        if scope.project:
            del self.fields["may_relax"]
        else:
            self.fields["may_relax"].choices = [(name, category(name)) for name in pipeline.limitable("prompt")]  # type: ignore[attr-defined]
        if own["uncovered_language"] == "allow":
            self.fields["uncovered_language"].choices.insert(0, ("allow", gettext("Let it through")))  # type: ignore[attr-defined]
        for stage, name in self._limits():
            self._add(stage, name, own["stages"][stage].get(name) or {})

    def _limits(self) -> Iterator[tuple[str, str]]:
        """Every category at every stage that the policy, or the floor, looks for."""
        for stage, _title in STAGES:
            for name in dict.fromkeys([*pipeline.limitable(stage), *self._own["stages"][stage]]):
                yield stage, name

    def _add(self, stage: str, name: str, threshold: Mapping[str, Any]) -> None:
        for step, word in STEPS:
            bound = threshold.get(f"{step}_at")
            field = forms.ChoiceField(label=word, choices=_grades(bound), required=False)
            field.initial = _value(bound)
            self.fields[f"{stage}.{name}.{step}"] = field
        watch = forms.BooleanField(label=gettext("Only watch: record it, act on nothing"), required=False)
        watch.initial = threshold.get("mode") == "shadow"
        self.fields[f"{stage}.{name}.watch"] = watch

    def rows(self, above: Mapping[str, Any], refused: Sequence[str]) -> list[tuple[str, str, list[Row]]]:
        """The categories by stage, each beside what stands `above` it; `refused` are the paths asked for in vain."""
        return [
            (stage, str(title), [self._row(stage, name, above, refused) for s, name in self._limits() if s == stage])
            for stage, title in STAGES
        ]

    def _row(self, stage: str, name: str, above: Mapping[str, Any], refused: Sequence[str]) -> Row:
        key = f"{stage}.{name}"
        return Row(
            category=name,
            explanation=read_out(pipeline.explanation(name)),
            fields=[self[f"{key}.{step}"] for step, _ in STEPS],
            watch=self[f"{key}.watch"],
            above=follows(above, stage, name),
            vain=f"stages.{key}" in refused,
            seen=stage == "prompt" or name in pipeline.SEEN_IN_PICTURES,
        )

    def own(self) -> dict[str, Any]:
        """The policy as filled in, with the terms and own categories it had."""
        stages: dict[str, dict[str, Any]] = {stage: {} for stage, _title in STAGES}
        for stage, name in self._limits():
            stages[stage][name] = self._threshold(f"{stage}.{name}")
        names = ("name", "languages", "uncovered_language", "on_failure")
        return {**self._own, **{name: self.cleaned_data[name] for name in names}, "stages": stages}

    def _threshold(self, key: str) -> dict[str, Any]:
        """The bounds of one category; a milder step that a stricter one overtakes has nothing left to do."""
        typed = [self.cleaned_data[f"{key}.{step}"] for step, _ in STEPS]
        annotate, review, block = (float(value) if value else None for value in typed)
        review = None if review and block and review >= block else review
        ceiling = min((bound for bound in (review, block) if bound), default=None)
        annotate = None if annotate and ceiling and annotate >= ceiling else annotate
        mode = "shadow" if self.cleaned_data[f"{key}.watch"] else "enforce"
        return {"annotate_at": annotate, "review_at": review, "block_at": block, "mode": mode}

    def changes(self) -> dict[str, Any]:
        """The arguments of `actions.change_draft`."""
        named: tuple[str, ...] = ("label", "may_relax")
        return {"own": self.own()} | {name: self.cleaned_data[name] for name in named if name in self.fields}


def initial(own: Mapping[str, Any], label: str, may_relax: Sequence[str]) -> dict[str, Any]:
    """What a PolicyForm shows at first, but for the categories."""
    names = ("name", "languages", "uncovered_language", "on_failure")
    return {**{name: own[name] for name in names}, "label": label, "may_relax": list(may_relax)}


def _value(bound: float | None) -> str:
    return NEVER if bound is None else f"{bound:g}"


def _grades(bound: float | None) -> list[tuple[str, str]]:
    """The grades to choose from, and the one that is set, whatever it is."""
    bounds = sorted({value for value, _ in pipeline.grades()} | ({bound} if bound is not None else set()))
    return [(NEVER, gettext("never")), *((_value(value), grade(value)) for value in reversed(bounds))]


class TermForm(forms.Form):
    """One word that is allowed or refused."""

    kind = forms.ChoiceField(
        label=_("This word is"),
        choices=[("deny", pgettext_lazy("a word", "refused")), ("allow", pgettext_lazy("a word", "allowed"))],
        help_text=_("A refused word is a plain case of its category; an allowed one stops being a sign of it."),
    )
    word = forms.CharField(label=_("Word or phrase"), max_length=120, widget=forms.TextInput({"dir": "auto"}))
    category = forms.ChoiceField(label=_("It is about"))
    language = forms.ChoiceField(label=_("In texts in"))
    reason = forms.CharField(
        label=_("Why?"), max_length=200, help_text=_("Makers are told, when their request is stopped.")
    )
    expires = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("It has no effect after this day. Left empty, it holds until somebody takes it out."),
    )

    def __init__(self, *args: Any, own: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict.fromkeys([*pipeline.limitable("prompt"), *own["stages"]["prompt"]])
        self.fields["category"].choices = [(name, category(name)) for name in names]  # type: ignore[attr-defined]
        spoken = [(code, language(code)) for code in own["languages"]]
        self.fields["language"].choices = [("*", gettext("any language")), *spoken]  # type: ignore[attr-defined]

    def term(self, *, owner: str) -> dict[str, Any]:
        """The term as a policy's JSON has it; it holds until the end of its last day."""
        typed = dict(self.cleaned_data)
        day = typed.pop("expires")
        until = datetime.combine(day, time.max, tzinfo=UTC).replace(microsecond=0).isoformat() if day else None
        return {**typed, "scope": "everywhere", "owner": owner, "expires": until}


class CategoryForm(forms.Form):
    """A category of an organisation's own, told by example sentences."""

    label = forms.CharField(
        label=_("Its name"),
        max_length=60,
        widget=forms.TextInput({"dir": "auto"}),
        help_text=_("Makers and reviewers read it when a request is stopped."),
    )
    texts = forms.CharField(
        label=_("Example sentences, one a line"),
        max_length=6000,
        widget=forms.Textarea({"rows": 6, "dir": "auto"}),
        help_text=format_lazy(
            _(
                "At least {least}, as makers might write them. They are part of the policy, and whoever may read the "
                "draft reads them. Never write any about children and sexual content."
            ),
            least=FEWEST_SENTENCES,
        ),
    )
    action = forms.ChoiceField(
        label=_("What follows"),
        choices=list(FOLLOWS.items()),
    )
    likeness = forms.ChoiceField(
        label=_("How alike must a prompt be?"),
        choices=[(f"{bound:g}", words) for bound, words in LIKENESS.items()],
        help_text=_("The last finds most, and most that was not meant; try it before you propose the draft."),
    )

    def clean_texts(self) -> list[str]:
        """The sentences, each once."""
        lines = (" ".join(line.split()) for line in self.cleaned_data["texts"].splitlines())
        sentences = [line for line in dict.fromkeys(lines) if line]
        if len(sentences) < FEWEST_SENTENCES:
            raise forms.ValidationError(
                gettext("There are %(n)s; write at least %(least)s.") % {"n": len(sentences), "least": FEWEST_SENTENCES}
            )
        if len(sentences) > MOST_SENTENCES:
            raise forms.ValidationError(
                gettext("There are %(n)s; keep the %(most)s that differ most.")
                % {"n": len(sentences), "most": MOST_SENTENCES}
            )
        return sentences

    def added_to(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The policy `own` with this category; one of the same name is replaced."""
        typed = self.cleaned_data
        name = f"custom:{slugify(typed['label']) or pipeline.digest_of(typed['label'])[:8]}"
        entry = {"category": name, "label": typed["label"], "examples": typed["texts"]}
        bounds = {f"{step}_at": None for step, _ in STEPS} | {f"{typed['action']}_at": float(typed["likeness"])}
        prompts = {**own["stages"]["prompt"], name: {**bounds, "mode": "enforce"}}
        kept = [other for other in own["custom"] if other["category"] != name]
        return {**own, "custom": [*kept, entry], "stages": {**own["stages"], "prompt": prompts}}


class ExamplesForm(forms.Form):
    """Example prompts, one a line."""

    expect = forms.ChoiceField(
        label=_("These prompts must be"),
        choices=[
            ("allow", _("let through, without asking anybody")),
            ("stop", _("stopped: a reviewer is asked, or they are refused")),
            ("block", _("refused")),
        ],
    )
    language = forms.ChoiceField(label=_("Written in"))
    texts = forms.CharField(
        label=_("Prompts, one a line"),
        widget=forms.Textarea({"rows": 5, "dir": "auto"}),
        help_text=_(
            "Write them as your makers would. Never write examples of sexual content with children: that is "
            "refused in every policy, and nobody needs to write it to know."
        ),
    )

    def __init__(self, *args: Any, own: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(code, language(code)) for code in own["languages"]]  # type: ignore[attr-defined]

    def examples(self) -> list[dict[str, Any]]:
        """Each line as an example."""
        lines = (line.strip() for line in self.cleaned_data["texts"].splitlines())
        rest = {name: self.cleaned_data[name] for name in ("expect", "language")}
        return [{"text": line, **rest} for line in dict.fromkeys(lines) if line]


class ReasonForm(forms.Form):
    """Why a draft is sent back."""

    reason = forms.CharField(label=_("What should be changed?"), widget=forms.Textarea({"rows": 3, "dir": "auto"}))


class PublishForm(forms.Form):
    """The approver's word."""

    seen_digest = forms.CharField(widget=forms.HiddenInput)
    exception = forms.CharField(
        label=_("Why is it published although examples fail?"),
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Your name and this reason stay with the version."),
    )


class TryForm(forms.Form):
    """Words, or a picture, to try a draft with."""

    prompt = forms.CharField(
        label=_("What a maker might write"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
    language = forms.ChoiceField(label=_("Language"))
    picture = forms.FileField(
        label=_("Or a picture"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("It is looked at as a finished picture would be, and not kept."),
    )

    def __init__(self, *args: Any, own: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(code, language(code)) for code in own["languages"]]  # type: ignore[attr-defined]


class CheckForm(forms.Form):
    """What the create page sends to be checked while it is written: nothing has to be right yet."""

    prompt = forms.CharField(required=False, max_length=10_000)
    negative_prompt = forms.CharField(required=False, max_length=10_000)
    language = forms.CharField(required=False, max_length=8)
    model = forms.CharField(required=False, max_length=40)

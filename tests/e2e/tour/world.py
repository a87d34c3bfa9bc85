"""The sample organisation in the middle of its work, for the tour: real workers, the model that ships, real decisions.

It is filled once into an empty folder, through the same actions as in service; where there is one already, it is used
as it stands. Importing this module needs Django set up.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from studio import pipeline
from studio.accounts import inviting as arrivals
from studio.accounts.actions import set_quota
from studio.audit.inspecting import ask_inspection
from studio.audit.models import Inspection, Report, SavedFilter
from studio.audit.registering import registered
from studio.audit.reporting import ask_report
from studio.jobs.actions import submit
from studio.jobs.models import Job, Picture, Star
from studio.jobs.states import JOB_ENDS, VISIBLE, JobState, PictureState
from studio.operations.processes import Processes
from studio.operations.sample import Sample, prepare_sample
from studio.policies import rehearsing
from studio.policies.actions import ask_rehearsal, begin_draft, change_draft, preview, propose_draft
from studio.policies.publishing import publish_draft
from studio.policies.scope import Scope
from studio.projects.actions import open_campaign, open_project, set_terms
from studio.projects.models import Campaign, Project
from studio.review.actions import decide, release, submit_for_review, withdraw
from studio.review.checklists import questions_under
from studio.review.commenting import comment
from studio.review.flags import flag
from studio.review.inviting import invite
from studio.review.models import ReviewRequest
from studio.review.plans import StageDraft, set_plan
from studio.review.rendering import ask_for_rendition
from studio.review.rulings import rule_on_picture
from studio.trail.actions import pending

TOKEN = "tour-" + "o" * 38
PATIENCE_SECONDS = 1200
# What is asked for, by campaign: the words, and how many pictures.
RAINS = (
    ("woman farmer, green background", 2),
    ("umbrella with rain drops, light blue background", 2),
    ("ambulance, white background", 1),
    ("rescue worker's helmet, orange background", 1),
)
GARDEN = (
    ("potted plant, light blue background", 2),
    ("mushroom, white background", 1),
    ("deciduous tree, red background", 1),
    ("kite, yellow background", 1),
)
CLINIC = (
    ("health worker, blue background", 2),
    ("lungs, blue background", 1),
    ("toothbrush, yellow background", 1),
)
BLOCKED = "fake news photo of a flooded city, looks like real agency footage"
HELD = "starving crying child begging for food, empty plate"


@dataclass(frozen=True, slots=True)
class World:
    """What the tour goes to see, by name; `pictures` by the first words of what was asked for."""

    sample: Sample
    campaigns: dict[str, Campaign]
    pictures: dict[str, list[Picture]]
    held: Job
    blocked: Job


def find() -> World:
    """The world that the databases hold."""
    sample = prepare_sample(at=timezone.now())
    campaigns = {one.slug: one for one in Campaign.objects.select_related("project")}
    pictures: dict[str, list[Picture]] = {}
    asked = [words for words, _ in (*RAINS, *GARDEN, *CLINIC)]
    jobs = Job.objects.exclude(state__in=[JobState.HELD, JobState.BLOCKED]).order_by("submitted")
    for words, job in zip(asked, jobs, strict=False):
        made = Picture.objects.filter(job=job).select_related("job__campaign", "job__model").order_by("index")
        pictures[words.partition(",")[0]] = list(made)
    states = (JobState.HELD, JobState.BLOCKED)
    held, blocked = (Job.objects.filter(state=state).order_by("submitted").last() for state in states)
    assert held is not None and blocked is not None
    return World(sample, campaigns, pictures, held, blocked)


class Day:
    """One day's work of everybody. `processes` are at work beside."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.sample = prepare_sample(at=timezone.now())
        self.people = self.sample.people

    def work(self) -> None:
        """All of it. Raises TimeoutError when the workers do not keep up."""
        self.set_terms()
        clinics = self.open_clinics()
        self.change_the_policy("Zebra Relief", "It is another organisation.", publish=True)
        self.ask(clinics)
        self.review()
        self.send_back()
        self.put_in_stages()
        self.recall()
        self.change_the_policy("miracle cure", "No picture of ours promises one.", publish=False)
        self.keep_books()
        arrivals.invite(
            actor=self.people["administrator"],
            organisation=self.sample.organisation,
            email="new.colleague@aid.example",
            roles=["creator"],
            at=timezone.now(),
        )

    def wait(self, done: Callable[[], bool]) -> None:
        """Until `done`, or a worker dies, or patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if died := self._processes.died():
                raise RuntimeError(f"{', '.join(died)} ended by itself")
            if time.monotonic() > deadline:
                raise TimeoutError("the workers did not keep up")
            time.sleep(0.3)

    def set_terms(self) -> None:
        """Quotas, a budget, and what the project is for."""
        at, administrator = timezone.now(), self.people["administrator"]
        quota = {"day": 400, "month": 5000, "person_day": 60, "person_month": None}
        set_quota(actor=administrator, organisation=self.sample.organisation, at=at, **quota)
        set_terms(actor=administrator, project=self.sample.project, budget=120, uses=["charitable"], at=at)

    def open_clinics(self) -> Project:
        """A second project."""
        at, administrator = timezone.now(), self.people["administrator"]
        organisation = self.sample.organisation
        clinics = open_project(
            actor=administrator, organisation=organisation, slug="clinics", name="Community clinics", at=at
        )
        set_terms(actor=administrator, project=clinics, budget=40, uses=["charitable"], at=at)
        return clinics

    def change_the_policy(self, word: str, reason: str, *, publish: bool) -> None:
        """Refuse one name more in the whole organisation; in force at once, or waiting for its approver."""
        at, administrator = timezone.now(), self.people["administrator"]
        draft = begin_draft(actor=administrator, scope=Scope(self.sample.organisation), start="in-force", at=at)
        term = {
            "word": word, "language": "*", "scope": "everywhere", "kind": "deny", "category": "ip_style",
            "owner": "administrator", "reason": reason, "expires": None,
        }  # fmt: skip
        own = {**draft.own, "terms": [*draft.own["terms"], pipeline.checked_term(term)]}
        change_draft(actor=administrator, draft=draft, own=own, at=at)
        rehearsing.start(ask_rehearsal(actor=administrator, draft=draft, wanted=[], at=at))
        propose_draft(actor=administrator, draft=draft, at=at)
        if publish:
            digest = preview(draft).digest
            publish_draft(actor=self.people["reviewer"], draft=draft, seen_digest=digest, at=timezone.now())

    def ask(self, clinics: Project) -> None:
        """Three campaigns and what was asked for in them; one request is held, one is blocked."""
        made = self.open("rains", "Rainy season", "Posters for clinics and farmers' groups.", self.sample.project)
        garden = self.open("garden", "School garden", "A picture book in two languages.", self.sample.project)
        clinic = self.open("clinic", "Clinic days", "Wall cards for waiting rooms.", clinics)
        for campaign, wishes in ((made, RAINS), (garden, GARDEN), (clinic, CLINIC)):
            for number, (words, count) in enumerate(wishes):
                self.request(campaign, words, count, seed=11 + number)
        self.request(made, BLOCKED, 1, seed=5)
        self.request(made, HELD, 2, seed=6)
        ended = [*JOB_ENDS, JobState.HELD]
        self.wait(lambda: not Job.objects.exclude(state__in=ended).exists())
        settled = [*VISIBLE, PictureState.DISCARDED]
        self.wait(lambda: self.let_through() and not Picture.objects.exclude(state__in=settled).exists())

    def let_through(self) -> bool:
        """A reviewer rules on whatever the picture screen held back."""
        for picture in Picture.objects.filter(state=PictureState.QUARANTINED):
            reviewer, at = self.people["reviewer"], timezone.now()
            rule_on_picture(actor=reviewer, picture=picture, let_through=True, reason="Nothing in the drawing.", at=at)
        return True

    def open(self, slug: str, name: str, purpose: str, project: Project) -> Campaign:
        """A campaign of the creator's."""
        return open_campaign(
            actor=self.people["creator"], project=project, slug=slug, name=name, purpose=purpose,
            languages=["en", "sw"], channels=["poster", "leaflet"], at=timezone.now(),
        )  # fmt: skip

    def request(self, campaign: Campaign, words: str, count: int, *, seed: int) -> Job:
        """One request of the creator's."""
        model = self.sample.model
        wish = {**model.defaults, "prompt": words, "seed": seed, "count": count}
        actor = self.people["creator"]
        return submit(actor=actor, campaign=campaign, model=model, request=wish, language="en", at=timezone.now())

    def submit(self, picture: Picture, purpose: str, alt: str, *, due: int = 0) -> ReviewRequest:
        """Hand a picture to the reviewers, due in so many days."""
        at, questions = timezone.now(), questions_under(picture.job.policy).values()
        answers = {question: "Yes" if "dignity" in question else "No" for question in questions}
        request = submit_for_review(
            actor=self.people["creator"], picture=picture, purpose=purpose, channel="poster", alt_text=alt,
            checklist=answers, at=at, due=(at + timedelta(days=due)).date() if due else None,
        )  # fmt: skip
        picture.refresh_from_db()
        return request

    def decide(self, request: ReviewRequest, outcome: str, reason: str = "", reasons: tuple[str, ...] = ()) -> None:
        """What the reviewer says."""
        picture = request.picture
        decide(
            actor=self.people["reviewer"], request=request, outcome=outcome, reason=reason, reasons=reasons,
            seen_sha256=picture.sha256, at=timezone.now(),
        )  # fmt: skip
        picture.refresh_from_db()

    def review(self) -> None:
        """Four are approved, and three of them released, one in a smaller size too."""
        made, reviewer = find().pictures, self.people["reviewer"]
        farmer, plant, ambulance = made["woman farmer"][0], made["potted plant"][0], made["ambulance"][0]
        for picture, purpose, alt in (
            (farmer, "Poster for farmers' groups", "Drawing of a woman farmer in front of a green field."),
            (plant, "Page 2 of the picture book", "Drawing of a young plant in a clay pot."),
            (ambulance, "Wall card: when to call", "Drawing of an ambulance seen from its side."),
            (made["mushroom"][0], "Page 5 of the picture book", "Drawing of a red mushroom with white dots."),
        ):
            self.decide(self.submit(picture, purpose, alt), "APPROVED")
        for picture in (farmer, plant, ambulance):
            release(actor=reviewer, picture=picture, at=timezone.now())
        self.wait(lambda: Picture.objects.filter(state=PictureState.RELEASED).count() == 3 and not pending().exists())
        for picture in (farmer, plant, ambulance):
            picture.refresh_from_db()
        offers = pipeline.offers(farmer.width, farmer.height, farmer.media_type)
        shape = next(one.name for one in offers if not one.crops)
        rendition = ask_for_rendition(actor=self.people["creator"], picture=farmer, shape=shape, at=timezone.now())
        self.wait(lambda: type(rendition).objects.filter(pk=rendition.pk, at__isnull=False).exists())
        for picture in (farmer, plant, made["lungs"][0]):
            Star.objects.create(user=self.people["creator"], picture=picture, at=timezone.now())

    def send_back(self) -> None:
        """One goes back to its maker, with a pin where it is wrong."""
        picture, at = find().pictures["woman farmer"][1], timezone.now()
        request = self.submit(picture, "Leaflet on early planting", "Drawing of a woman farmer.")
        comment(actor=self.people["reviewer"], request=request, text="Draw her face clear.", x=480, y=300, at=at)
        self.decide(request, "CHANGES_REQUESTED", "Her face should be seen.", ("drawn_badly",))

    def put_in_stages(self) -> None:
        """Five wait, some in two stages; one is flagged, and about one somebody outside is asked."""
        made, at, reviewer = find().pictures, timezone.now(), self.people["reviewer"]
        stages = [StageDraft("Medical", 1, ()), StageDraft("Brand", 1, ())]
        set_plan(actor=self.people["administrator"], project=self.sample.project, stages=stages, at=at)
        umbrella, helmet = made["umbrella with rain drops"], made["rescue worker's helmet"][0]
        for picture, purpose, alt, due in (
            (umbrella[0], "Poster: the rains begin", "Drawing of a blue umbrella in the rain.", 2),
            (umbrella[1], "Leaflet: the rains begin", "Drawing of an umbrella and drops.", 9),
            (helmet, "Card for volunteers", "Drawing of a red helmet with a white cross.", 5),
            (made["health worker"][0], "Wall card: who helps you", "Drawing of a health worker.", 0),
            (made["health worker"][1], "Wall card: wash your hands", "Drawing of a health worker who smiles.", 0),
        ):
            last = self.submit(picture, purpose, alt, due=due)
        flag(actor=reviewer, picture=helmet, reason="The cross is a protected emblem.", at=at)
        until = at + timedelta(days=3)
        invite(actor=reviewer, review=last, email="nurse@clinic.example", token=TOKEN, expires=until, at=at)

    def recall(self) -> None:
        """One that was released is withdrawn, with its reason."""
        picture, at = find().pictures["ambulance"][0], timezone.now()
        words = "The number painted on it is not the one to call."
        withdraw(actor=self.people["reviewer"], picture=picture, public_reason=words, at=at)

    def keep_books(self) -> None:
        """The auditor keeps a filter, has everything checked, and takes two reports."""
        auditor, organisation = self.people["auditor"], self.sample.organisation
        self.wait(lambda: not pending().exists())
        size = pipeline.log_standing(organisation.log).size
        self.wait(lambda: registered(organisation) >= size)
        for name, scope in (("Recalled", {"kind": "withdrawal"}), ("Released", {"state": "RELEASED"})):
            SavedFilter.objects.create(owner=auditor, organisation=organisation, name=name, scope=scope)
        ask_inspection(actor=auditor, organisation=organisation, at=timezone.now())
        for form in ("csv", "pdf"):
            ask_report(
                actor=auditor, organisation=organisation, form=form, level="partner", scope={}, at=timezone.now()
            )
        moving = Report.objects.exclude(state__in=["DONE", "FAILED"])
        self.wait(lambda: not moving.exists() and not Inspection.objects.filter(finished=None).exists())

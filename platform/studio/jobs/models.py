"""A request for pictures, the pictures it led to, and every decision a screen made about either.

- `Job` is the queue's row: claimed by compare-and-set with a lease and a fencing token.
- The words a person typed are sealed under their subject key (`words`); nothing else in these tables holds them.
- `Picture` cannot be RECORDED or later without its place in the ledger, nor SIGNED without its file: the database
  refuses.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.accounts.models import Membership, Organisation, RoleGrant, User
from studio.catalogue.models import Material, Model
from studio.claims import Claimable
from studio.jobs.states import VISIBLE, JobState, PictureState
from studio.projects.models import Campaign, PolicyVersion, Project


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, seen from a person's chair."""

    def for_actor(self, user: User) -> "JobQuerySet":
        """Jobs of the projects `user` can see."""
        return self.filter(project__in=Project.objects.for_actor(user))


class Job(Claimable):
    """One request. `spec` is a generation spec without its words; `request_digest` is over the whole of it.

    `again_of` is a request that ended short, which this one repeats. `origin` is a picture of before that this request
    varies, or whose place its pictures are to take (`relation`).
    """

    class Relation(models.TextChoices):
        """What the pictures of a request are to the one it came from."""

        VARIATION = "VARIATION", _("a variation of it")
        REPLACEMENT = "REPLACEMENT", _("a replacement of it")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="jobs", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="jobs", db_index=False)
    requester = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="jobs")
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="jobs")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.SUBMITTED)
    spec = models.JSONField()
    words = models.BinaryField(help_text="Sealed JSON: prompt, negative prompt, rights, purpose, salt.")
    language = models.CharField(max_length=8, default="en")
    request_digest = models.CharField(max_length=64)
    prompt_commitment = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001  NULL keeps it out of UNIQUE
    appeal_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="appeal")
    again_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="again")
    origin = models.ForeignKey("Picture", on_delete=models.PROTECT, null=True, blank=True, related_name="descendants")
    relation = models.CharField(max_length=12, choices=Relation.choices, blank=True)
    count = models.PositiveSmallIntegerField()
    priority = models.SmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    progress = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True)
    submitted = models.DateTimeField()
    rank = models.DateTimeField(
        null=True, help_text="Place in line: when it was queued, earlier for each point of priority."
    )
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["rank"], condition=Q(state="QUEUED"), name="job_queue"),
            # Not a partial one: SQLite does not use those for a state that comes as a parameter.
            models.Index(fields=["state", "project", "requester", "rank"], name="job_turn"),
            models.Index(fields=["project", "-started"], name="job_service"),
            models.Index(fields=["project", "-submitted"], name="job_newest"),
            models.Index(fields=["state", "-ended"], name="job_state"),
            models.Index(fields=["project", "state", "count"], name="job_spent"),
            models.Index(fields=["campaign", "-submitted"], name="job_by_campaign"),
            models.Index(fields=["campaign", "state", "-submitted"], name="job_by_campaign_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "idempotency_key"], name="idempotency_key_once"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(origin=None, relation="") | Q(origin__isnull=False) & ~Q(relation=""),
                name="job_origin_is_related",
            ),
            models.CheckConstraint(
                condition=~Q(state="GENERATING") | Q(token__isnull=False, lease__isnull=False),
                name="job_generating_is_claimed",
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.id}"

    @property
    def reference_sha256(self) -> str:
        """The SHA-256 of the RGB8 pixels of the picture that the request starts from; empty where there is none."""
        return str(self.spec.get("reference_sha256", ""))


# What a gallery is narrowed to, beside what is the picture's own; the narrow before the broad.
FACETS = ("campaign", "requester", "project", "model")


class PictureQuerySet(models.QuerySet["Picture"]):
    """Pictures; the only road to showing one is `visible_to`."""

    def for_actor(self, user: User) -> "PictureQuerySet":
        """Pictures of the organisations in which `user` holds a role, in whatever state."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        held = RoleGrant.objects.filter(membership__user=user).values("membership__organisation")
        return self.filter(organisation__in=held)

    def visible_to(self, user: User) -> "PictureQuerySet":
        """Those of them whose file may be shown: signed, recorded, in the ledger."""
        return self.for_actor(user).filter(state__in=VISIBLE)

    def made_by(self, model: Model) -> "PictureQuerySet":
        """Those that a model made."""
        return self.filter(model=model)

    def public(self) -> "PictureQuerySet":
        """Released pictures, in force or withdrawn."""
        return self.filter(state__in=[PictureState.RELEASED, PictureState.WITHDRAWN])


class Picture(Claimable):
    """One picture of a job, from its unsigned pixels in the quarantine to its released file.

    `organisation` and what `FACETS` names are its job's, written once: by one of them and the moment of making, every
    long gallery is found from an index, however old what it looks for is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="pictures", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", db_index=False)
    requester = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", db_index=False)
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="+", db_index=False)
    index = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=PictureState.choices, default=PictureState.GENERATED)
    seed = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    recipe = models.JSONField(help_text="How to make it again, without the words.")
    recipe_digest = models.CharField(max_length=64)
    source_pixel_sha256 = models.CharField(max_length=64, help_text="Pixels as the model made them.")
    media_type = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="The first signed file.")
    pixel_sha256 = models.CharField(max_length=64, blank=True, help_text="Its decoded pixels, label included.")
    manifest = models.CharField(max_length=80, blank=True)
    process = models.JSONField(null=True, help_text="What is on the strip of its making, where there is one.")
    process_sha256 = models.CharField(max_length=64, blank=True, help_text="The signed strip.")
    sequence = models.BigIntegerField(null=True)
    leaf = models.CharField(max_length=64, blank=True)
    waiting = models.TextField(blank=True, help_text="Why it cannot go on at present; it goes on by itself.")
    flagged = models.BooleanField(default=False, help_text="The screen of finished pictures noted something about it.")
    created = models.DateTimeField()
    changed = models.DateTimeField()

    objects = PictureQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "changed"]),
            models.Index(fields=["sha256"]),
            models.Index(fields=["process_sha256"]),
            models.Index(fields=["organisation", "-created", "-id"], name="picture_gallery"),
            models.Index(fields=["organisation", "state", "-created", "-id"], name="picture_gallery_state"),
            models.Index(
                fields=["organisation", "-created", "-id"], condition=Q(flagged=True), name="picture_gallery_flagged"
            ),
            *(models.Index(fields=[name, "-created", "-id"], name=f"picture_by_{name}") for name in FACETS),
            models.Index(fields=["campaign", "state", "-created", "-id"], name="picture_by_campaign_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "index"], name="picture_index_once"),
            models.CheckConstraint(condition=Q(state__in=PictureState.values), name="picture_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["GENERATED", "QUARANTINED", "CHECKED", "DISCARDED"])
                | Q(sha256__regex=r"^[0-9a-f]{64}$", pixel_sha256__regex=r"^[0-9a-f]{64}$"),
                name="signed_has_a_file",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["GENERATED", "QUARANTINED", "CHECKED", "SIGNED", "DISCARDED"])
                | Q(sequence__gte=0, leaf__regex=r"^[0-9a-f]{64}$"),
                name="recorded_has_a_receipt",
            ),
        ]

    def __str__(self) -> str:
        return f"picture {self.id}"

    @property
    def record(self) -> str:
        """The picture's stable name outside this database."""
        return f"urn:uuid:{self.id}"

    @property
    def materials(self) -> models.QuerySet[Material]:
        """Everything that taught the model which made it, and the models that one was taught from."""
        return Material.objects.filter(model__heirs__jobs__pictures=self)


class Star(models.Model):
    """A picture that somebody wants to find again; nobody else's business, and no decision."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="stars")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "picture"], name="star_once")]

    def __str__(self) -> str:
        return f"{self.user} stars {self.picture_id}"


class Shaper(models.Model):
    """Somebody who shaped a request: none of them may decide about its pictures."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shapers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "user", "how"], name="shaper_once")]

    def __str__(self) -> str:
        return f"{self.user} shaped {self.job_id} ({self.how})"


class Screening(models.Model):
    """What a screen decided, whole: about a prompt, a finished picture, or (`reference`) the picture to start from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="screenings")
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, null=True, related_name="screenings")
    reference = models.BooleanField(default=False)
    action = models.CharField(max_length=12)
    decision = models.JSONField()
    reasons = models.JSONField(default=list, help_text="For the maker: plain words, no scores.")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "reference"], condition=Q(picture=None), name="prompt_screened_once"
            ),
            models.UniqueConstraint(fields=["picture"], name="picture_screened_once"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.job_id}"

    @property
    def changes(self) -> list[str]:
        """What its maker can change so that less is noted."""
        return pipeline.what_to_change(self.decision)

    @property
    def subject(self) -> str:
        """What was screened, as a heading."""
        if self.reference:
            return gettext("The picture to start from")
        return gettext("The finished picture") if self.picture_id else gettext("The words")

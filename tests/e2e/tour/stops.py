"""Where the tour goes: whose page, which address, how it is looked at, and what the person can do there.

A stop's sentence is printed under its picture in docs/tour.md. Importing this module needs Django set up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.urls import reverse
from playwright.sync_api import Page, expect

from studio import blobs
from studio.review.models import ReviewRequest
from tests.e2e.tour.world import BLOCKED, TOKEN, World

# Width and height of a window, in CSS pixels.
DESK, PHONE = (1280, 860), (390, 844)
Where = Callable[[World], str]


def nothing(page: Page, world: World) -> None:
    """The page is looked at as it opens."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One picture of the tour. `who` is a sample account's name, empty for a stranger."""

    name: str
    who: str
    says: str
    where: Where
    act: Callable[[Page, World], None] = nothing
    screen: tuple[int, int] = DESK
    scheme: str = "light"
    language: str = "en"


def at(name: str, find: Callable[[World], object] | None = None, *, tail: str = "") -> Where:
    """The address of this name, filled with what `find` takes from the world."""
    return lambda world: reverse(name, args=[find(world)] if find else []) + tail


def picture(words: str, index: int = 0) -> Callable[[World], object]:
    """Its id."""
    return lambda world: world.pictures[words][index].pk


def organisation(world: World) -> object:
    """The sample's id."""
    return world.sample.organisation.pk


def review(words: str, index: int = 0) -> Where:
    """The reviewer's page of a picture that waits."""
    return lambda world: reverse(
        "admin:review_reviewrequest_change",
        args=[ReviewRequest.objects.get(picture=world.pictures[words][index], ended=None).pk],
    )


def compared(world: World) -> str:
    """Two drawings of one wish, side by side."""
    one, other = world.pictures["woman farmer"][:2]
    return f"{reverse('compare')}?picture={one.pk}&picture={other.pk}"


def recalling(world: World) -> str:
    """What a recall of the sample's model would do."""
    return reverse("admin:recall-ask", args=[world.sample.organisation.slug, "model", world.sample.model.digest])


def type_what_is_blocked(page: Page, world: World) -> None:
    """What the policy would refuse, so that it says so before anything is sent."""
    page.get_by_label("What should the picture show?").press_sequentially(BLOCKED)
    expect(page.get_by_text("This would be refused.")).to_be_visible(timeout=60_000)


def type_a_wish(page: Page, world: World) -> None:
    """A wish that passes, in the shape of a story."""
    page.locator("#id_prompt").press_sequentially("umbrella with rain drops, yellow background")
    expect(page.locator("#policy-check")).not_to_be_empty(timeout=60_000)
    page.wait_for_timeout(2500)


def reveal(page: Page, world: World) -> None:
    """Lift the blur of what is flagged."""
    page.get_by_role("button", name="Reveal it").click()
    expect(page.locator("[data-pin] img")).to_be_visible(timeout=20_000)


def check(file: Callable[[World], bytes]) -> Callable[[Page, World], None]:
    """Hand a file in on the check page."""

    def act(page: Page, world: World) -> None:
        payload = {"name": "poster.png", "mimeType": "image/png", "buffer": file(world)}
        page.locator("#file").set_input_files(payload)  # type: ignore[arg-type]
        page.locator(".drop button").click()
        expect(page.locator(".answer")).to_be_visible(timeout=60_000)

    return act


def released(world: World) -> bytes:
    """The farmer's released file."""
    return blobs.get(world.pictures["woman farmer"][0].release.sha256)


def altered(world: World) -> bytes:
    """The same with one bit of its pixels turned."""
    data = bytearray(released(world))
    data[data.rfind(b"IDAT") + 40] ^= 1
    return bytes(data)


def recalled(world: World) -> bytes:
    """The withdrawn file."""
    return blobs.get(world.pictures["ambulance"][0].release.sha256)


def try_a_colour(page: Page, world: World) -> None:
    """See what a colour becomes."""
    page.get_by_label("Your colour").fill("#f2b705")
    page.get_by_role("button", name="See what it becomes").click()
    expect(page.get_by_role("heading", name="What it would become")).to_be_visible(timeout=20_000)


def answered(page: Page, world: World) -> None:
    """Until the workers have answered the status page."""
    expect(page.locator("#workers ~ div .stamp-good")).not_to_have_count(0, timeout=20_000)
    page.wait_for_timeout(3000)


TOUR: Mapping[str, tuple[Stop, ...]] = MappingProxyType(
    {
        "The public": (
            Stop(
                "welcome",
                "",
                "Whoever comes by reads what this place is for, and can check a picture at once.",
                at("home"),
            ),
            Stop(
                "genuine",
                "",
                "A stranger drops a file and reads that it was released here and not one bit was changed.",
                at("check"),
                check(released),
            ),
            Stop(
                "altered",
                "",
                "On a phone in the dark: the file was changed after it was signed, and what to do now.",
                at("check"),
                check(altered),
                screen=PHONE,
                scheme="dark",
            ),
            Stop(
                "recalled",
                "",
                "A picture that was recalled says so, with the organisation's own reason.",
                at("check"),
                check(recalled),
                screen=PHONE,
            ),
            Stop(
                "record",
                "",
                "The public record of a released picture: who stands for it, what made it, where to get it.",
                at("record", picture("woman farmer")),
            ),
            Stop(
                "check-arabic",
                "",
                "The same page from right to left, for a reader of Arabic.",
                at("check"),
                check(released),
                language="ar",
            ),
            Stop(
                "outside",
                "",
                "Somebody without an account decides about one picture, by a link that works once.",
                lambda world: reverse("outside", args=[TOKEN]),
                screen=PHONE,
            ),
        ),
        "Creators": (
            Stop(
                "projects",
                "creator",
                "Projects with what is left of their budgets, the policy in force, and what waits for the creator.",
                at("home"),
            ),
            Stop(
                "campaign",
                "creator",
                "One campaign: its pictures, its requests, and what they wait for.",
                at("campaign", lambda world: world.campaigns["rains"].pk),
            ),
            Stop(
                "create",
                "creator",
                "Before anything is sent, the policy answers the words, and cost and place in the queue are shown.",
                at("create", lambda world: world.campaigns["rains"].pk),
                type_a_wish,
            ),
            Stop(
                "refused",
                "creator",
                "A wish that the policy refuses says so while it is typed, with what would be different.",
                at("create", lambda world: world.campaigns["garden"].pk),
                type_what_is_blocked,
                screen=PHONE,
            ),
            Stop(
                "blocked",
                "creator",
                "A blocked request gives its reason and the way to appeal.",
                at("request", lambda world: world.blocked.pk),
            ),
            Stop(
                "gallery",
                "creator",
                "Everything that was made, to look through, star, compare and narrow down.",
                at("gallery"),
            ),
            Stop(
                "gallery-phone",
                "creator",
                "The gallery on a phone, in the dark.",
                at("gallery"),
                screen=PHONE,
                scheme="dark",
            ),
            Stop(
                "picture",
                "creator",
                "A released picture: its files and captions to take away, and everything that is known about it.",
                at("picture", picture("woman farmer")),
            ),
            Stop(
                "submit",
                "creator",
                "A finished picture is submitted with its purpose, a description, and the sector's questions.",
                at("picture", picture("lungs")),
                screen=PHONE,
            ),
            Stop(
                "changes",
                "creator",
                "A reviewer asked for changes, with a pin where they are wanted.",
                at("picture", picture("woman farmer", 1)),
            ),
            Stop(
                "provenance",
                "creator",
                "The Provenance tab: which key signed it, which entry of the ledger holds it.",
                lambda world: reverse("picture-tab", args=[world.pictures["potted plant"][0].pk, "provenance"]),
            ),
            Stop("compare", "creator", "Two drawings of one wish, side by side, with what differs.", compared),
            Stop(
                "picture-arabic",
                "creator",
                "A picture's page from right to left.",
                at("picture", picture("potted plant")),
                language="ar",
            ),
        ),
        "Reviewers": (
            Stop("desk", "reviewer", "The desk of somebody who decides: held requests first.", at("admin:desk")),
            Stop(
                "held",
                "reviewer",
                "A held request: what was written, why it was held, and a ruling with its reason.",
                at("admin:rule-request", lambda world: world.held.pk),
            ),
            Stop(
                "inbox",
                "reviewer",
                "The inbox as a contact sheet: due first, what is flagged blurred, keys for everything.",
                at("admin:review_reviewrequest_changelist"),
            ),
            Stop(
                "decision",
                "reviewer",
                "One picture with all that a reviewer wants to know, and the decision beside it.",
                review("umbrella with rain drops"),
            ),
            Stop(
                "decision-phone",
                "reviewer",
                "On a phone the decision stays under the thumb.",
                review("health worker"),
                screen=PHONE,
            ),
            Stop(
                "decision-dark",
                "reviewer",
                "A flagged picture, revealed, in the dark scheme.",
                review("rescue worker's helmet"),
                reveal,
                scheme="dark",
            ),
        ),
        "Auditors": (
            Stop(
                "register",
                "auditor",
                "Every entry of the ledger, to filter; filters are kept by name.",
                at("register", organisation),
            ),
            Stop(
                "register-phone",
                "auditor",
                "The register on a phone.",
                at("register", organisation, tail="?state=RELEASED"),
                screen=PHONE,
            ),
            Stop(
                "dossier",
                "auditor",
                "A picture's whole life on one page that prints, with its proofs.",
                at("dossier", picture("woman farmer")),
            ),
            Stop(
                "integrity",
                "auditor",
                "Ledger, rows and files are compared, and the first disagreement would be named.",
                at("integrity", organisation),
            ),
            Stop(
                "reports",
                "auditor",
                "A selection becomes a table, the ledger's own lines, a signed document or an offline pack.",
                at("reports", organisation),
            ),
            Stop(
                "policy-history",
                "auditor",
                "Each version of a policy, with what it changed, who wrote it and who approved it.",
                at("organisation-policy-history", organisation),
            ),
            Stop(
                "keys",
                "auditor",
                "Which keys sign, for how long still, and what each has signed.",
                at("keys", organisation),
                scheme="dark",
            ),
        ),
        "Administrators": (
            Stop(
                "status",
                "administrator",
                "What needs attention, in plain words: workers, disk, keys and ledgers.",
                at("status"),
                answered,
                scheme="dark",
            ),
            Stop(
                "people",
                "administrator",
                "Who is here with which roles, and who is invited.",
                at("organisation-people", organisation),
            ),
            Stop(
                "limits",
                "administrator",
                "How many pictures may be asked for, by whom, and what for.",
                at("organisation-limits", organisation),
                screen=PHONE,
            ),
            Stop(
                "colours",
                "administrator",
                "The public pages in the organisation's own colour, or the nearest shade that can be read.",
                at("organisation-colours", organisation),
                try_a_colour,
            ),
            Stop(
                "policy",
                "administrator",
                "The policy in force, sentence by sentence.",
                at("organisation-policy", organisation),
            ),
            Stop(
                "model",
                "custodian",
                "A model with its licence, what taught it, and what it may be used for.",
                at("model", lambda world: world.sample.model.pk),
            ),
            Stop(
                "recall",
                "custodian",
                "Recall everything that a model made, after seeing what that would be.",
                lambda world: reverse(
                    "admin:recall-ask", args=[world.sample.organisation.slug, "model", world.sample.model.digest]
                ),
            ),
        ),
    }
)

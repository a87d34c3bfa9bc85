"""Promise 3: nothing is recorded twice, and one key makes one request, however many ask at once.

`python -m tests.promises.doubles SQLite|PostgreSQL`.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from uuid import UUID

from tests.promises.figure import Figure, hand_over, judged, together
from tests.promises.place import Database, place

ENTRIES, WRITERS = 2500, 4
POSTS = 50
LOG = "doubles.example/log"


def main() -> int:
    """Append and ask, and say what was seen."""
    with place(Database(sys.argv[1]), creators=1):
        return hand_over(together(entries(), posts()))


def entries() -> Figure:
    """Each of the writers appends the same entries, so that they meet at every one of them."""
    from provenance.ledger import Ledger

    url = os.environ.get("LEDGER_URL") or f"sqlite:///{os.environ['VAR_DIR']}/ledger.sqlite3"
    with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as pool:
        receipts = list(pool.map(append_all, [url] * WRITERS))
    kept = list(Ledger(url).entries(LOG))
    agreed = all(receipt == receipts[0] for receipt in receipts)
    words = (
        f"{WRITERS * ENTRIES:,} appends of {ENTRIES:,} entries by {WRITERS} processes: {len(kept) - ENTRIES} too many"
    )
    words += ", every writer told the same places" if agreed else ", writers were told different places"
    return judged(words, good=len(kept) == ENTRIES and agreed)


def append_all(url: str) -> list[int]:
    """The places of all entries, in a process of its own."""
    from provenance.entries import EntryKind, canonical_entry
    from provenance.ledger import Ledger

    ledger = Ledger(url)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    places = []
    for number in range(ENTRIES):
        entry = UUID(int=number + 1)
        body = {"number": str(number)}
        data = canonical_entry(
            log=LOG, entry_id=entry, kind=EntryKind("policy"), at=at, record=None, asset=None, body=body
        )
        places.append(ledger.append(data).sequence)
    return places


def posts() -> Figure:
    """As many threads as there are posts send one request with one key."""
    from django.db import connection
    from django.utils import timezone

    from studio.accounts.models import User
    from studio.jobs.models import Job
    from studio.projects.models import Campaign
    from tests.studio.requests import ask

    campaign, actor = Campaign.objects.select_related("project")[0], User.objects.get(username="creator-0")
    at = timezone.now()

    def post(_: int) -> UUID:
        try:
            job = ask(campaign, at, actor=actor, idempotency_key="the same")
        finally:
            connection.close()
        return UUID(str(job.pk))

    with ThreadPoolExecutor(POSTS) as threads:
        answered = set(threads.map(post, range(POSTS)))
    made = Job.objects.count()
    return judged(f"{POSTS} posts at once with one key made {made} request", good=made == 1 and len(answered) == 1)


if __name__ == "__main__":
    raise SystemExit(main())

"""The measured parts of docs/moderation.md: what becomes of probes and other people's sets, written between marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from moderation.errors import InputError
from moderation.evaluation import Group, evaluate
from moderation.labelled import read_labelled
from moderation.policy import Policy
from moderation.probing import Prober, Table
from moderation.prompts import PromptScreen

_FEWEST = 20  # rows of a part below which it is only counted in the whole


def measured(
    screen: PromptScreen, policy: Policy, at: datetime, *, sets: Sequence[Path], progress: Callable[[str], None]
) -> str:
    """Every table, under the policy that was used."""
    tables = list(Prober(screen, policy, at, progress).tables())
    tables += [_others(path, screen, policy, at, progress) for path in sets]
    intro = f"Under the policy `{policy.name}` (digest `{policy.digest[:12]}…`), on {at:%d %B %Y}."
    return "\n\n".join([intro, *(table.markdown() for table in tables)])


def between_marks(document: str, text: str, *, mark: str) -> str:
    """`document` with `text` between its two marks of that name; raises `InputError` when it has none."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise InputError(f"file: the document lacks the marks '{begin}' and '{end}'")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def read_document(file: Path, *, mark: str) -> str:
    """What stands in `file`; raises `InputError` when it has no marks of that name, before minutes are spent."""
    try:
        document = file.read_text(encoding="utf-8")
    except OSError as missing:
        raise InputError(f"file: cannot read {file}") from missing
    between_marks(document, "", mark=mark)
    return document


def _others(path: Path, screen: PromptScreen, policy: Policy, at: datetime, progress: Callable[[str], None]) -> Table:
    """One set of other people's: the whole, and each part that is large enough."""
    progress(path.name)
    labelled = read_labelled(path, language="en")
    report = evaluate(labelled, screen=screen, policy=policy, at=at, progress=lambda _: None)
    groups = [*report.groups["all"], *(g for g in report.groups["category"] if g.stopped.n >= _FEWEST)]
    head = ("part", "label", "n", "blocked", "held", "only noted", "blocked or held, 95 % interval")
    return Table(f"Written by others: {path.stem}", head, tuple(_row(group) for group in groups))


def _row(group: Group) -> tuple[str, ...]:
    low, high = group.stopped.interval
    shares = (f"{rate.share:.1%}" for rate in (group.blocked, group.held, group.annotated))
    label = "harmful" if group.unsafe else "harmless"
    return (group.name, label, str(group.stopped.n), *shares, f"{group.stopped.share:.1%} ({low:.1%} to {high:.1%})")

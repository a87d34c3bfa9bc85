"""`manage.py draw_states`: writes docs/states.md from the transition tables."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studio.catalogue import states as lessons
from studio.jobs.states import TRANSITIONS, VISIBLE, JobState, PictureState

PAGE = settings.ROOT / "docs" / "states.md"


def drawing() -> str:
    """The page: a Mermaid diagram each for requests, pictures and lessons, with the words that people see."""
    tables = "`platform/studio/jobs/states.py` and `platform/studio/catalogue/states.py`"
    lines = ["# States", "", f"Drawn by `manage.py draw_states` from {tables}; do not edit."]
    drawn = (("A request", JobState), ("A picture", PictureState), ("A lesson", lessons.LessonState))
    for title, states in drawn:
        table = lessons.TRANSITIONS if states is lessons.LessonState else TRANSITIONS
        lines += ["", f"## {title}", "", "```mermaid", "stateDiagram-v2"]
        for state in states:
            lines.append(f"    {state.value}: {state.value} ({state.label}{', visible' if state in VISIBLE else ''})")
        for state in states:
            lines += [f"    {state.value} --> {end}" for end in sorted(table.get(state, ()))]
        lines.append("```")
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    """Writes the page, or with --check says whether it is the one the table gives."""

    requires_system_checks = ()
    help = "Draw docs/states.md from the transition table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Write or compare."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py draw_states --check"
        parser.add_argument("--check", action="store_true", help="exit with 1 when the page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        if not options["check"]:
            PAGE.write_text(drawing(), encoding="utf-8")
        elif PAGE.read_text(encoding="utf-8") != drawing():
            raise CommandError("docs/states.md is out of date; run `manage.py draw_states`.")

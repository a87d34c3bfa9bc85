"""`python -m tests.studio.audit.bench register|reports [--postgresql]`: each figure beside its goal.

It makes a database in a folder of its own, fills it, measures, and leaves nothing behind. Exit status 1 when a goal is
not met.
"""

import argparse
import os
import sys
import tempfile


def main() -> int:
    """Choose the database before Django is loaded, then measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.studio.audit.bench")
    parser.add_argument("what", choices=["register", "reports"])
    parser.add_argument("--postgresql", action="store_true", help="on a server from a wheel, instead of SQLite")
    parser.add_argument("--rows", type=int, default=0, help="entries (default: 100,000 and, for reports, 1,000,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imprimatur-bench-") as folder:
        os.environ |= {"VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "studio.settings", "LOG_LEVEL": "ERROR"}
        if options.postgresql:
            import tests.postgresql  # noqa: F401  # it starts a server and names it in the environment
        sys.path.append("platform")
        import django

        django.setup()
        from tests.studio.audit.bench import measuring

        found = list(getattr(measuring, options.what)(rows=options.rows))
    for name, value, unit, goal in found:
        sys.stdout.write(f"{name:<52} {value:>9} {unit:<7} {f'goal ≤ {goal}' if goal else ''}\n")
    return int(any(goal and value > goal for _, value, _, goal in found))


if __name__ == "__main__":
    sys.exit(main())

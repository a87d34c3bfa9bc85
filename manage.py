#!/usr/bin/env python3
"""The one entry point: puts `platform/` (the source root that holds `studio`) on the path and hands over to Django.

`platform/` is appended, never prepended, and holds no Python file of its own, so that `import platform` goes on
finding the standard library (docs/architecture.md, "A folder named platform").
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run one management command."""
    root = Path(__file__).resolve().parent
    sys.path.append(str(root / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed here: run `make demo` or `make up`, which set everything up."
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

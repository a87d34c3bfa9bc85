"""`python -m provenance …`: see `provenance.cli`."""

import sys

from provenance.cli import main

sys.exit(main())

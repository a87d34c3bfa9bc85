"""What every test shares.

Nothing written under the checkout, no development leftovers, a real server where one is needed.
"""

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: tests never touch the checkout's own `var/`.
_SCRATCH = Path(tempfile.mkdtemp(prefix="imprimatur-tests-"))
os.environ["VAR_DIR"] = str(_SCRATCH)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

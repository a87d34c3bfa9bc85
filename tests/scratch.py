"""A pytest plugin, loaded before Django's settings: tests write into a folder of their own and leave nothing behind.

`addopts` in pyproject.toml names it, so tests are run as `python -m pytest`, which finds the package `tests`.
"""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

# Speed is measured by the benchmarks; a busy machine must not make a property false.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_folder = tempfile.mkdtemp(prefix="imprimatur-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["VAR_DIR"] = _folder
# Spinning threads of two model children on two cores slow each other down tenfold.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each process that runs tests has one core.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

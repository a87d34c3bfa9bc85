"""The child process: same pictures, cancelling, deadlines, kill -9, and errors that keep their meaning."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from generation import (
    ChildDiedError,
    DeadlineError,
    GeneratedAsset,
    GenerationChild,
    ModelEntry,
    ModelFolderError,
    SpecError,
    Step,
)
from generation.diffusion import DiffusersEngine
from tests.generation.conftest import spec, wait_until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(120)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie that its parent has not waited for is gone in every sense that matters here.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_child_makes_what_the_engine_makes(
    shared_child: GenerationChild, engine_of: Callable[[str], DiffusersEngine]
) -> None:
    wanted = spec(count=2, seed=2**62 + 1)
    there = list(shared_child.generate(wanted, deadline_s=60))
    here = list(engine_of("prx-pixel").generate(wanted))
    assert [type(item) for item in there] == [type(item) for item in here]
    for one, other in zip(there, here, strict=True):
        if isinstance(one, GeneratedAsset) and isinstance(other, GeneratedAsset):
            assert (one.pixels, one.seed, one.pixel_sha256) == (other.pixels, other.seed, other.pixel_sha256)
        else:
            assert one == other


def test_the_model_stays_loaded_between_requests(shared_child: GenerationChild) -> None:
    list(shared_child.generate(spec(), deadline_s=60))
    pid = shared_child.pid
    began = time.monotonic()
    list(shared_child.generate(spec(), deadline_s=60))
    assert shared_child.pid == pid
    assert time.monotonic() - began < 5


def test_a_closed_iterator_cancels_and_the_child_goes_on(shared_child: GenerationChild) -> None:
    items = shared_child.generate(spec(steps=150, count=16), deadline_s=60)
    assert isinstance(next(items), Step)
    pid = shared_child.pid
    items.close()
    assert [item.total for item in shared_child.generate(spec(), deadline_s=60) if isinstance(item, Step)] == [3, 3, 3]
    assert shared_child.pid == pid


def test_a_request_that_nobody_closed_gives_way_to_a_newer_one(shared_child: GenerationChild) -> None:
    forgotten = shared_child.generate(spec(steps=150, count=16, width=256, height=256), deadline_s=60)
    next(forgotten)
    pid, began = shared_child.pid, time.monotonic()
    assert len(list(shared_child.generate(spec(), deadline_s=60))) == 4
    assert shared_child.pid == pid
    assert time.monotonic() - began < 10


def test_the_deadline_kills_the_child(shared_child: GenerationChild) -> None:
    list(shared_child.generate(spec(), deadline_s=60))
    pid = shared_child.pid
    assert pid is not None
    with pytest.raises(DeadlineError, match=r"0\.2 s") as caught:
        list(shared_child.generate(spec(steps=150, count=16, width=512, height=512), deadline_s=0.2))
    assert not caught.value.permanent
    assert is_gone(pid)
    assert shared_child.pid is None


def test_kill_9_in_the_middle_is_reported_and_the_next_request_starts_anew(shared_child: GenerationChild) -> None:
    items = shared_child.generate(spec(steps=150, count=16), deadline_s=60)
    next(items)
    pid = shared_child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ChildDiedError, match="SIGKILL") as caught:
        list(items)
    assert caught.value.signal == signal.SIGKILL
    assert not caught.value.permanent
    assert len(list(shared_child.generate(spec(), deadline_s=60))) == 4
    assert shared_child.pid not in {None, pid}


def test_a_child_that_died_between_requests_is_replaced(shared_child: GenerationChild) -> None:
    list(shared_child.generate(spec(), deadline_s=60))
    pid = shared_child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: shared_child.pid is None, within_s=5)
    assert len(list(shared_child.generate(spec(), deadline_s=60))) == 4


def test_an_error_in_the_child_keeps_its_class_field_and_permanence(shared_child: GenerationChild) -> None:
    list(shared_child.generate(spec(), deadline_s=60))
    pid = shared_child.pid
    with pytest.raises(SpecError) as caught:
        list(shared_child.generate(spec(model="other"), deadline_s=60))
    assert (caught.value.field, caught.value.permanent) == ("model", True)
    assert shared_child.pid == pid


def test_a_model_that_changed_since_it_was_read_is_refused(entry_of: Callable[[str], ModelEntry]) -> None:
    entry = entry_of("prx-pixel")
    changed = ModelEntry.from_json(json.loads(json.dumps(entry.to_json() | {"files": dict.fromkeys(entry.files, "0")})))
    with GenerationChild(changed, threads=1) as child:
        with pytest.raises(ModelFolderError, match=r"model_index\.json: has SHA-256") as caught:
            list(child.generate(spec(), deadline_s=60))
        assert caught.value.permanent


def test_the_child_sees_no_secret_and_waits_without_spinning(
    entry_of: Callable[[str], ModelEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    with GenerationChild(entry_of("prx-pixel"), threads=1) as child:
        child.start()
        wait_until(lambda: b"generation" in Path(f"/proc/{child.pid}/cmdline").read_bytes(), within_s=5)
        environment = Path(f"/proc/{child.pid}/environ").read_bytes()
    assert b"canary" not in environment
    assert b"OMP_WAIT_POLICY=passive" in environment


def test_the_parent_loads_no_torch_and_the_child_ends_with_it(entry_of: Callable[[str], ModelEntry]) -> None:
    program = (
        "import json, sys, time\n"
        "from generation import GenerationChild, GenerationSpec, ModelEntry\n"
        "child = GenerationChild(ModelEntry.from_json(json.loads(sys.argv[1])), threads=1)\n"
        "list(child.generate(GenerationSpec.from_json(json.loads(sys.argv[2])), deadline_s=60))\n"
        "print(child.pid, 'torch' in sys.modules, flush=True)\n"
        "time.sleep(60)\n"
    )
    arguments = [json.dumps(entry_of("prx-pixel").to_json()), json.dumps(spec().to_json())]
    with subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid, torch_there = parent.stdout.readline().decode().split()
        assert torch_there == "False"
        assert not is_gone(int(pid))
        parent.kill()
    wait_until(lambda: is_gone(int(pid)), within_s=30)

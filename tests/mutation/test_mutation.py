"""Changes are made as they are shown, put into a process as they are made, and counted as they ended."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.making import ROOT, Mutant, mutants
from tests.mutation.memory import Fate, Memory, Outcome
from tests.mutation.score import Score, figure, report
from tests.mutation.subjects import EQUIVALENT, SUBJECTS, Subject
from tests.mutation.swapping import NotMadeError, functions, swap
from tests.promises.figure import Standing

SOURCE = '''"""Words at the top."""

from contextlib import contextmanager
from dataclasses import dataclass

LIMITS = {"a": 3}
NAMES = frozenset({"a", "b"})


@dataclass(frozen=True, slots=True)
class Gate:
    width: int = 2

    def passes(self, load: int) -> bool:
        """Whether it fits."""
        return load < self.width


@contextmanager
def held(seen, mark="m"):
    seen.append(mark)
    yield
    seen.remove(mark)


def allowed(name, limits=LIMITS):
    if name not in limits:
        raise ValueError("there is no such name")
    return LIMITS[name] + 1
'''


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    """A module of the test's own, imported under a name of ours."""
    file = tmp_path / "changed.py"
    file.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("tests.mutation.changed", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules[spec.name]


def change(module: ModuleType, shown: str) -> tuple[Mutant, str]:
    """The change that is shown so, and the module's text with it."""
    for mutant in mutants(str(module.__file__)):
        after = mutant.source()
        if mutant.shown(after) == shown:
            return mutant, after
    raise LookupError(shown)


def put(module: ModuleType, shown: str) -> None:
    """Make the change in the loaded module."""
    mutant, after = change(module, shown)
    swap(mutant.path, SOURCE, after, functions({mutant.path}))


def test_each_change_is_one_and_can_be_compiled(module: ModuleType) -> None:
    found = mutants(str(module.__file__))
    texts = [mutant.source() for mutant in found]
    assert SOURCE not in texts
    assert len({mutant.name for mutant in found}) == len(found) > 10
    for text in texts:
        compile(text, "changed", "exec")


def test_words_decorators_and_types_are_left_alone(module: ModuleType) -> None:
    shown = "\n".join(mutant.shown(mutant.source()) for mutant in mutants(str(module.__file__)))
    assert "no such name" not in shown.replace(
        '- raise ValueError("there is no such name") + raise ValueError(None)', ""
    )
    assert "Words at the top" not in shown
    assert "slots" not in shown
    assert "load: None" not in shown


def test_a_change_knows_its_statement(module: ModuleType) -> None:
    lines = SOURCE.splitlines()
    inside, _ = change(module, "- return load < self.width + return load <= self.width")
    assert [lines[line - 1].strip() for line in inside.lines] == ["return load < self.width"]
    assert not inside.once
    assert change(module, '- NAMES = frozenset({"a", "b"}) + NAMES = frozenset({"b"})')[0].once
    table, _ = change(module, '- LIMITS = {"a": 3} + LIMITS = {"a": 4}')
    assert table.once
    assert table.line == lines.index('LIMITS = {"a": 3}') + 1


def test_a_method_a_decorated_function_and_a_table_are_changed_where_they_are(module: ModuleType) -> None:
    gate, held, allowed = module.Gate(), module.held, module.allowed
    assert (gate.passes(2), allowed("a")) == (False, 4)
    put(module, "- return load < self.width + return load <= self.width")
    assert gate.passes(2)
    seen: list[str | None] = []
    put(module, "- seen.append(mark) + seen.append(None)")
    with pytest.raises(ValueError, match="not in list"), held(seen):
        assert seen == [None]
    put(module, '- LIMITS = {"a": 3} + LIMITS = {"XXaXX": 3}')
    with pytest.raises(ValueError, match="no such name"):
        allowed("a")


def test_what_imported_a_table_has_the_new_one(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    importer = ModuleType("tests.mutation.importer")
    importer.LIMITS = module.LIMITS  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, importer.__name__, importer)
    put(module, '- LIMITS = {"a": 3} + LIMITS = {"a": 4}')
    assert importer.LIMITS == {"a": 4}


@pytest.mark.parametrize(
    "shown", ["- width: int = 2 + width: int = 3", '- def held(seen, mark="m"): + def held(seen, mark="XXmXX"):']
)
def test_what_was_evaluated_once_is_not_changed(module: ModuleType, shown: str) -> None:
    with pytest.raises(NotMadeError):
        put(module, shown)
    assert module.Gate().width == 2


OUTCOME = Outcome("m:1:0:Name:0", "m", 1, "- a + b", Fate.NOTICED, by="test_x", module="text", test="lines")


def test_what_was_noticed_is_remembered_while_module_and_test_stay(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "outcomes.jsonl"
    Memory(file).keep(OUTCOME)
    Memory(file).keep(replace(OUTCOME, mutant="other", fate=Fate.SURVIVED, by=""))
    memory = Memory(file)
    assert memory.standing(OUTCOME.mutant, module="text", tests={"test_x": "lines"}) == OUTCOME
    assert memory.standing(OUTCOME.mutant, module="text", tests={"test_x": "other lines"}) is None
    assert memory.standing(OUTCOME.mutant, module="other text", tests={"test_x": "lines"}) is None
    assert memory.standing(OUTCOME.mutant, module="text", tests={}) is None
    assert memory.standing("other", module="text", tests={"test_x": "lines"}) is None


def test_the_score_counts_what_no_test_runs_and_not_what_could_not_be_made() -> None:
    subject = Subject("part", ("m",), ())
    outcomes = [replace(OUTCOME, fate=fate) for fate in (Fate.NOTICED, *Fate)]
    assert Score.of(outcomes) == Score(2, 4)
    told = figure([subject], outcomes, 6)
    assert told.standing == Standing.BROKEN
    assert told.words == "mutation score 50.0%: 2 of 4 changes noticed (part 50.0% of 4), drawn from 6"
    assert [line for line in report([subject], outcomes) if "- a + b" in line] == [
        "survived: m:1: - a + b", "unreached: m:1: - a + b"
    ]  # fmt: skip
    noticed = [OUTCOME] * 3
    assert figure([subject], noticed, 4).standing == Standing.SHORT
    assert figure([subject], noticed, 3).standing == Standing.HELD
    assert figure([subject], [], 0).standing == Standing.BROKEN


def test_no_two_changes_have_one_name() -> None:
    for subject in SUBJECTS:
        names = [mutant.name for path in subject.modules for mutant in mutants(path)]
        assert len(set(names)) == len(names)


def test_every_subject_is_there_and_every_exception_still_possible() -> None:
    for subject in SUBJECTS:
        for name in (*subject.modules, *subject.tests):
            assert (ROOT / name.partition("::")[0]).is_file(), name
    for path, shown in EQUIVALENT:
        before = shown.removeprefix("- ").partition(" + ")[0].partition(" - ")[0]
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        assert before in lines, f"{path} has changed: {before}"


RUN = """
import sys
from pathlib import Path

import pytest

from tests.mutation.making import mutants
from tests.mutation.session import Warm

HERE = str(Path("changed.py").resolve())


def work(warm):
    for mutant in mutants(HERE):
        after = mutant.source()
        how = warm.attempt(mutant, after, warm.tests(mutant, ["test_changed.py"]))
        print(mutant.shown(after), "|", how.failed.partition("::")[2] or how.not_made or "nobody")
    print("left out:", *warm.unsound)


warm = Warm([HERE], work)
sys.exit(pytest.main(["-q", "-s", "-c", "pytest.ini", "-p", "no:django", "test_changed.py"], plugins=[warm]))
"""
TESTS = """
import os
import changed

MADE_BY = os.getpid()

def test_it_passes_less():
    assert changed.Gate().passes(1)
    assert not changed.Gate().passes(3)

def test_an_allowed_one():
    assert changed.allowed("a") == 4

def test_in_the_first_process_alone():
    assert os.getpid() == MADE_BY

def test_nor_here():
    assert os.getpid() == MADE_BY
"""


def test_a_whole_session_says_who_noticed_what(tmp_path: Path) -> None:
    files = {"changed.py": SOURCE, "test_changed.py": TESTS, "run.py": RUN, "pytest.ini": "[pytest]\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert "- return load < self.width + return load <= self.width | nobody" in said
    assert "- return LIMITS[name] + 1 + return LIMITS[name] - 1 | test_an_allowed_one" in said
    assert '- raise ValueError("there is no such name") + raise ValueError(None) | nobody' in said, "nobody runs it"
    assert "- width: int = 2 + width: int = 3 | it is evaluated once, when the module is imported" in said
    assert "left out: test_changed.py::test_in_the_first_process_alone test_changed.py::test_nor_here" in said

"""The short form of the fuzzing (`make fuzz` is the long one), and that it would notice what it looks for."""

import random

import pytest

from provenance.errors import UnreadableAssetError
from provenance.evidence import Evidence, examine
from provenance.isolation import close_keepers
from tests.provenance.fuzz import harness
from tests.provenance.fuzz.harness import Progress, Run
from tests.provenance.fuzz.mutations import CONTAINERS, holds_manifest, join_boxes, mutate, split_boxes

FILES = 150


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with keys, a ledger and seeds of its own."""
    return Run(tmp_path_factory.mktemp("fuzz"))


def test_broken_files_neither_crash_nor_hang_nor_pass(run: Run) -> None:
    for _ in run.steps(FILES):
        pass
    assert run.progress.failures == {}
    assert sum(run.progress.verdicts.values()) == FILES
    assert set(run.progress.verdicts) >= {"altered", "unreadable"}


def test_a_run_goes_on_where_it_was(run: Run) -> None:
    for _ in run.steps(FILES):
        pass
    again = Run(run.folder)
    assert again.progress == run.progress
    assert again.mutated(17)[1] == run.mutated(17)[1]


def test_the_seeds_are_genuine_and_taken_apart_without_loss(run: Run) -> None:
    for seed in run.seeds:
        container = CONTAINERS[seed.media_type]
        pieces = container.split(seed.data)
        assert container.join(pieces) == seed.data
        assert any(holds_manifest(piece) for piece in pieces), "its manifest is one of the pieces"


def test_boxes_are_taken_apart_without_loss(run: Run) -> None:
    seed = next(seed for seed in run.seeds if seed.media_type == "image/png")
    store = next(piece.content for piece in CONTAINERS["image/png"].split(seed.data) if piece.kind == b"caBX")
    outer = split_boxes(store)
    assert (join_boxes(outer), len(outer)) == (store, 1)
    inner = split_boxes(outer[0].content)
    assert (join_boxes(inner), inner[1].kind) == (outer[0].content, b"jumb")


def test_every_mutation_changes_the_file(run: Run) -> None:
    for number in range(200):
        chance = random.Random(number)
        seed = chance.choice(run.seeds)
        assert mutate(seed.data, seed.media_type, chance) != seed.data


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        ("file: the process that read it ended with status -11", True),
        ("file: the process that reads it died or gave no answer", True),
        ("file: reading it took more than 10 seconds", True),
        ("file: not a PNG, JPEG or WebP picture", False),
    ],
)
def test_deaths_and_hangs_are_failures_and_refusals_are_not(reason: str, counts: bool) -> None:
    assert (harness._death(reason) is not None) is counts


def test_a_check_that_passes_changed_bytes_is_a_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The original instead of the mutation: exactly what a check that was fooled would say."""
    seed = next(seed for seed in run.seeds if seed.name == "a-released.png")
    fooled = Run(run.folder)
    fooled.progress = Progress()
    monkeypatch.setattr(fooled, "mutated", lambda _: (seed, seed.data))
    for _ in fooled.steps(1):
        pass
    assert "called ours" in fooled.progress.failures["0"]
    monkeypatch.undo()
    fooled.retry()
    assert fooled.progress.failures == {}, "what was mended is no failure any more"
    close_keepers()


def test_a_slow_file_is_slow_every_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    again = Run(run.folder)
    again.progress = Progress()
    monkeypatch.setattr(harness.reader, "DEADLINE_SECONDS", 0.0)
    for _ in again.steps(1):
        pass
    assert ("it took" in again.progress.failures["0"], again.progress.repeated) == (True, 2)
    close_keepers()


def test_an_intact_credential_on_other_pixels_is_a_failure(run: Run) -> None:
    seed = run.seeds[0]
    lie = Evidence("00", "11", seed.media_type, integrity="intact", signer="unlisted")
    assert "changed pixels" in str(harness._wrong(lie, "other-signer", seed, seed.data))


def test_a_picture_that_calls_itself_a_film_is_none(run: Run) -> None:
    """Found by fuzzing: no signature covers the first box of an AVIF file, so the rest of it stays intact."""
    seed = next(seed for seed in run.seeds if seed.name == "a-released.avif")
    with pytest.raises(UnreadableAssetError):
        examine(seed.data.replace(b"ftypavif", b"ftypisom", 1), anchors=run.office.trust.anchors)

"""What is changed, which tests should notice, and which changes nobody could.

A change is left out of the score by its module and its two lines, with the reason written beside it, and only where
what the module does stays the same to the last byte.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """Modules that belong together, and their tests: files, or single ones by node id."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


POLICY = Subject(
    "policy",
    _in("moderation", "policy", "inheritance", "decision", "terms", "rules", "actions", "rejudging"),
    # Not the screens' tests, which meet the real encoder and heads: a change that only they notice is a rule untested.
    _in("tests/moderation", "test_policy", "test_decision", "test_rules", "test_terms", "test_explaining"),
)
LEDGER = Subject(
    "ledger",
    _in(
        "provenance/ledger",
        *("anchors", "audit", "checkpoints", "copying", "engines", "fingerprints", "gathering", "landmarks"),
        *("merkle", "outside", "records", "rows", "store", "tables", "turns"),
    ),
    (
        *_in("tests/provenance", "test_merkle", "test_ledger", "test_tampering", "test_anchors", "test_copying"),
        *_in(
            "tests/provenance",
            "test_engines",
            "test_checkpoints",
            "test_gathering",
            "test_looks",
            "test_tables",
            "test_proving",
        ),
        "tests/provenance/test_landmarks.py::test_the_index_finds_crops_in_whatever_was_added_since",
        "tests/provenance/test_landmarks.py::test_a_row_that_says_what_its_entry_does_not_is_not_believed",
        "tests/provenance/test_landmarks.py::test_many_codes_are_read_as_one_by_one",
        "tests/provenance/test_landmarks.py::test_the_index_points_where_looking_at_every_landmark_does",
        "tests/provenance/test_watermarked.py::test_the_ledger_finds_entries_by_their_mark",
        "tests/provenance/test_writers.py::test_a_ledger_made_before_a_fork_works_in_the_child",
        "tests/provenance/test_writers.py::test_writers_come_in_the_order_in_which_they_asked",
    ),
)
STATE = Subject(
    "state",
    _in("platform/studio", "jobs/states", "claims", "review/rules", "trail/actions"),
    (
        *_in("tests/studio", "test_states", "test_claims", "test_trail", "test_queue"),
        *_in("tests/studio/review", "test_rules", "test_stages"),
        "tests/studio/test_appeals.py::test_who_refused_or_wrote_the_policy_does_not_answer",
        "tests/studio/test_frame.py::test_the_drawing_of_the_states_is_current",
    ),
)
SUBJECTS = (POLICY, LEDGER, STATE)

_KEY = "return int.from_bytes(hashlib.sha256(log.encode()).digest()[:8]"
_RUNS = "for run, (begins, counts) in zip(self._runs, spans"
_SEEN = "columns, last = table.c, self._seen.get(log"
# (module, the lines as a survivor shows them): why nobody could notice.
EQUIVALENT: dict[tuple[str, str], str] = {
    (
        "provenance/ledger/store.py",
        f'- {_KEY}, "big", signed=True) + {_KEY}, signed=True)',
    ): "the most significant byte comes first by default",
    (
        "provenance/ledger/landmarks.py",
        f"- {_RUNS}, strict=True) + {_RUNS}, )",
    ): "there is one span for each run: they are made by one comprehension over the runs, four lines before",
    (
        "provenance/ledger/gathering.py",
        f"- {_SEEN}, -1) + {_SEEN}, -2)",
    ): "no sequence is below 0, so all of them are above either",
}

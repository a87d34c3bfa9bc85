"""Many processes at one ledger: writing at once, killed while writing, forked after connecting, audited meanwhile."""

import itertools
import multiprocessing
import random
import threading
import time
from pathlib import Path

from provenance.keys import TrustStore
from provenance.ledger import Ledger
from provenance.ledger.turns import turn
from tests.provenance.test_ledger import LOG, entry, fill


def append_many(url: str, worker: int, count: int) -> None:
    """One writer process; even numbers are shared by all, odd ones are its own."""
    ledger = Ledger(url)
    for number in range(count):
        ledger.append(entry(number if number % 2 == 0 else 1000 * worker + number))
    ledger.close()


def test_eight_writer_processes_never_break_the_sequence(ledger: Ledger, ledger_url: str, trust: TrustStore) -> None:
    context, workers, count = multiprocessing.get_context("fork"), 8, 12
    ledger.append(entry(0))  # connected before the fork on purpose: the children must not use this connection
    processes = [context.Process(target=append_many, args=(ledger_url, worker, count)) for worker in range(1, 9)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * workers
    assert ledger.size(LOG) == workers * count // 2 + count // 2
    assert [item.sequence for item in ledger.entries(LOG)] == list(range(ledger.size(LOG)))
    assert ledger.audit(LOG, trust=trust).ok


def append_slowly(url: str, worker: int) -> None:
    """A writer process that is going to be killed."""
    ledger = Ledger(url)
    for number in itertools.count():
        ledger.append(entry(10_000 * worker + number))


def test_killed_writers_leave_whole_entries_and_no_lock(ledger: Ledger, ledger_url: str, trust: TrustStore) -> None:
    context, chance = multiprocessing.get_context("fork"), random.Random(3)
    for round_ in range(4):
        writers = [context.Process(target=append_slowly, args=(ledger_url, 10 * round_ + worker)) for worker in (1, 2)]
        for writer in writers:
            writer.start()
        time.sleep(0.15 + chance.random() / 5)
        for writer in writers:
            writer.kill()
            writer.join()
        before = ledger.size(LOG)
        assert ledger.append(entry(-1 - round_)).sequence >= before
    assert ledger.size(LOG) > 4
    report = ledger.audit(LOG, trust=trust)
    assert (report.ok, report.problems) == (True, ())


def test_an_audit_during_appends_sees_one_moment(ledger: Ledger, ledger_url: str, trust: TrustStore) -> None:
    ledger.append(entry(0))
    writer = multiprocessing.get_context("fork").Process(target=append_slowly, args=(ledger_url, 1))
    writer.start()
    try:
        sizes = []
        for _ in range(12):
            report = ledger.audit(LOG, trust=trust)
            assert report.problems == ()
            sizes.append(report.size)
    finally:
        writer.kill()
        writer.join()
    assert sizes == sorted(sizes)


def test_a_ledger_made_before_a_fork_works_in_the_child(ledger: Ledger) -> None:
    fill(ledger, 2)
    process = multiprocessing.get_context("fork").Process(target=ledger.append, args=(entry(7),))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert (ledger.size(LOG), ledger.append(entry(8)).sequence) == (3, 3)


def test_writers_come_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    database, order = tmp_path / "ledger.sqlite3", list[int]()

    def write(number: int) -> None:
        with turn(database, timeout=10):
            order.append(number)

    for _ in range(5):
        waiting = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        with turn(database, timeout=10):
            for thread in waiting:
                thread.start()
                time.sleep(0.01)
        for thread in waiting:
            thread.join()
    assert order == 5 * [0, 1, 2]

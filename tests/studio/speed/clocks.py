"""Time that other work on the machine does not stretch: what the processor spent on this process and on PostgreSQL's.

It is no measure of waiting, for a disk for instance; the wall clock stands beside it.
"""

import time
from pathlib import Path

from django.db import connection

TICKS_A_SECOND = 100


def spent() -> float:
    """Seconds of processor time so far, of this process and of the PostgreSQL on this machine that serves it.

    The server's are told by Linux alone; elsewhere they are left out.
    """
    own = time.process_time()
    if connection.vendor != "postgresql" or not Path("/proc/self/schedstat").exists():
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        backends = [row[0] for row in cursor.fetchall()]
    server = _fields(backends[0])[1]
    ended = sum(map(int, _fields(int(server))[13:15])) / TICKS_A_SECOND
    return time.process_time() + ended + sum(map(_of, backends))


def _of(process: int) -> float:
    """Seconds of one process; none of one that has just ended."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except FileNotFoundError:
        return 0.0


def _fields(process: int) -> list[str]:
    """What proc(5) tells in `stat`, from the state on: its parent is second, what its ended children took is 14th."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()

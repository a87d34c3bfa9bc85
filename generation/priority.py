"""Who goes first where one machine serves pages and makes pictures, too: those who wait for a page."""

import os
from contextlib import suppress
from pathlib import Path


def give_way(pid: int, niceness: int) -> None:
    """Give a process, and what it starts from now on, less of the processor where others want it; 0 to 19, as nice(1).

    Linux shares the processor out between sessions before it looks at who is nice within one (sched(7), "The autogroup
    feature"), so the session of a process that leads one gets the same value; a session of others, a terminal's say, is
    left as it is. Where that cannot be set, systemd's CPUWeight= and its like decide. Nothing happens to a process that
    is gone.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        if os.getsid(pid) == pid:
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")

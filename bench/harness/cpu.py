"""CPU time out of /proc. It is steady where requests per second are not: what else runs on the machine hardly changes it."""

import os

from .failure import Failure

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ATTEMPTS = 100


def tree_seconds(parent: int) -> float:
    """CPU seconds, user and system, of a server: the process, its children, and the children that it has waited for.

    The last part keeps the time of backends that ended meanwhile. A child that ends while this function looks moves from
    one part to another; then it looks again.
    """
    for _ in range(ATTEMPTS):
        reaped = _ticks(parent)[1]
        ticks = _ticks(parent)[0] + reaped + sum(_ticks(child)[0] for child in children(parent))
        if _ticks(parent)[1] == reaped:
            return ticks / TICKS_PER_S
    raise Failure(f"the children of process {parent} come and go too fast to be measured")


def children(parent: int) -> list[int]:
    """The processes that a process has started and not waited for."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in pids if _stat(pid)[1:2] == [str(parent).encode()]]


def _ticks(pid: int) -> tuple[int, int]:
    """What the process used itself, and what the children used that it has waited for; nothing once it is gone."""
    utime, stime, cutime, cstime = (int(field) for field in _stat(pid)[11:15] or [0] * 4)
    return utime + stime, cutime + cstime


def _stat(pid: int) -> list[bytes]:
    """The fields of proc_pid_stat(5) from the third on; before them is the name, which may hold spaces and brackets."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []

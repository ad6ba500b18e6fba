"""What a page has started and is still there: daemons become children of a process above the runner, and end with their page."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# What ends a run; under nohup the end of the terminal does not.
ENDING = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]

# The process that takes in what daemons leave behind.
above: int | None = None


def adopt():
    """Goes on in a process of its own. The one above it takes in what daemons leave behind, and ends with the runner's status."""
    global above  # pylint: disable=global-statement
    above = os.getpid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    runner = os.fork()
    if runner == 0:
        for number in ENDING:
            signal.signal(number, leave)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != above:
            sys.exit(143)
        return
    # A terminal sends its Ctrl-C to both of them.
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in ENDING:
        signal.signal(number, lambda *_: os.kill(runner, signal.SIGTERM))
    while (ended := os.wait())[0] != runner:
        pass
    status = os.waitstatus_to_exitcode(ended[1])
    # A runner that was killed has left all there.
    for pid in adopted(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    sys.exit(status & 0xFF)


def prctl(option: int, value: int):
    """Asks the kernel for one thing of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "processes cannot be adopted")


def leave(number: int, _):
    """Ends the runner by its `finally`s; a second signal, as a terminal that is closed brings it, does not disturb them."""
    for each in ENDING:
        signal.signal(each, lambda *_: None)
    sys.exit(128 + number)


def adopted(parent: int | None = None) -> list:
    """The processes that were taken in, without those that have ended. None once the one above has ended: what it had is with init
    then, among processes of others."""
    if parent is None:
        parent = above
        if parent is None or os.getppid() != parent:
            return []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, father = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(father) == parent and state != "Z" and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def end_all(keep: set):
    """Ends all of them but those: politely, then not. PostgreSQL ends at once for SIGINT, others for SIGTERM."""
    for number, seconds in ((signal.SIGINT, 3), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        for pid in set(adopted()) - keep:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + seconds
        while set(adopted()) - keep and time.monotonic() < deadline:
            time.sleep(0.02)
        if not set(adopted()) - keep:
            return

"""What a page has started and is still there: daemons become children of a process above the runner, and end with their page."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt():
    """Goes on in a process of its own. The one above it takes in what daemons leave behind, and ends with the runner's status."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "processes cannot be adopted")
    runner = os.fork()
    if runner == 0:
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    while True:
        pid, status = os.wait()
        if pid == runner:
            sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


def adopted() -> list:
    """The processes that were taken in, without those that have ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getppid() and state != "Z" and int(entry.name) != os.getpid():
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

"""Waits for the end of a reload. nginx answers from its old workers for a moment, which nobody notices who types."""

import time
from pathlib import Path

SECONDS = 10


def workers() -> set:
    """The workers of nginx that take connections, of whichever nginx on this machine."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            title = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if title.startswith(b"nginx: worker process") and b"shutting down" not in title:
            found.add(int(entry.name))
    return found


def of_master(pid: int) -> set:
    """Those of one nginx."""
    mine = set()
    for worker in workers():
        try:
            parent = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            mine.add(worker)
    return mine


def wait_for_new_workers(masters: dict):
    """Waits until none of the workers that these masters had before takes connections any more."""
    deadline = time.monotonic() + SECONDS
    while any(of_master(pid) & before for pid, before in masters.items()) and time.monotonic() < deadline:
        time.sleep(0.02)

"""Memory out of /proc."""

from dataclasses import dataclass
from typing import Iterable

from .cpu import children

KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Memory:
    """In MiB. `together` counts what processes share once (PSS), `largest` is the largest process by itself (RSS)."""

    together: float
    largest: float


def of_tree(parents: Iterable[int]) -> Memory:
    """The memory of servers: of their processes and of those processes' children."""
    found = [_read(pid) for parent in parents for pid in (parent, *children(parent))]
    return Memory(together=sum(part["Pss"] for part in found), largest=max(part["Rss"] for part in found))


def _read(pid: int) -> dict[str, float]:
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        words = [line.split() for line in rollup]
    return {line[0].rstrip(":"): int(line[1]) / KIB_PER_MIB for line in words if line[-1] == "kB"}

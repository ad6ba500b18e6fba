"""What is measured of the contestants, and in which order."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Callable, Optional

from .. import load, statements
from ..load import PGBENCH_CLIENTS, Measurement
from ..memory import Memory, of_tree
from ..progress import progress
from ..requests import ROW
from . import contestant
from .arena import Arena
from .contestant import BY_ID, CACHED, INSERT, OPERATIONS, PAGE, Contestant

PAIRS = 15
PAIR_CONNECTIONS = 32
MILLION = 1_000_000
MILLION_CONNECTIONS = 64
MILLION_STEP_S = 5
PGBENCH = {BY_ID: (statements.BY_ID, {"id": str(ROW)}), PAGE: (statements.PAGE, {}),
           INSERT: (statements.INSERT, statements.NEW_ROW)}


@dataclass(frozen=True)
class Key:
    """What is measured once a round."""

    operation: str
    name: str
    connections: int
    workers: int


@dataclass
class Results:
    """Of each key the measurements of all rounds; pairs of Postern without and with everything; what the memory was."""

    rounds: dict[Key, list[Measurement]] = field(default_factory=lambda: defaultdict(list))
    pairs: list[tuple[Measurement, Measurement]] = field(default_factory=list)
    memory: dict[tuple[str, int], Memory] = field(default_factory=dict)
    # How many requests one worker of Postern had answered, and its memory then.
    after_million: Optional[tuple[int, Memory]] = None


def measure(arena: Arena) -> Results:
    """All cases once a round, every other round backwards. Those that are compared with each other follow each other."""
    settings, results = arena.settings, Results()
    cases = _cases(arena)
    if not settings.quick:
        for key, run in cases.items():
            if key.connections in (settings.connections[0], PGBENCH_CLIENTS):
                progress(f"warming up: {key.operation}, {key.name}")
                run(1)
    for number in range(settings.rounds):
        for key, run in cases.items() if number % 2 == 0 else reversed(cases.items()):
            progress(f"round {number + 1} of {settings.rounds}: {key.operation}, {key.name}, {key.connections} connections, "
                     f"{key.workers} workers")
            results.rounds[key].append(run(settings.duration_s))
    for one in arena.contestants:
        results.memory[one.name, one.workers] = of_tree(one.servers)
    _pairs(arena, results)
    if not settings.quick:
        results.after_million = _million(arena)
    progress("")
    return results


def _cases(arena: Arena) -> dict[Key, Callable[[int], Measurement]]:
    cases: dict[Key, Callable[[int], Measurement]] = {}
    for workers in arena.workers:
        for connections in arena.settings.connections:
            for operation in OPERATIONS:
                for one in arena.contestants:
                    if one.workers == workers and operation in one.requests:
                        cases[Key(operation, one.name, connections, workers)] = _case(arena, one, operation, connections)
    for operation, (sql, parameters) in PGBENCH.items():
        def run(duration_s: int, sql: str = sql, parameters: dict[str, str] = parameters) -> Measurement:
            arena.cluster.forget_posted_rows()
            return load.pgbench(sql, parameters, arena.cluster, duration_s, arena.folder)

        cases[Key(operation, contestant.PGBENCH, PGBENCH_CLIENTS, 1)] = run
    return cases


def _case(arena: Arena, one: Contestant, operation: str, connections: int) -> Callable[[int], Measurement]:
    run = load.wrk_inserts if operation == INSERT else load.wrk
    cluster = None if one.name == contestant.RETURN else arena.cluster
    return lambda duration_s: run(one.requests[operation], connections, duration_s, one.servers, cluster, arena.folder)


def _pairs(arena: Arena, results: Results) -> None:
    """A GET by id without and with everything switched on, in turn: differences are small, so there are many short pairs."""
    count = 1 if arena.settings.quick else PAIRS
    runs = [_case(arena, one, BY_ID, PAIR_CONNECTIONS) for one in (arena.bare, arena.everything)]
    for number in range(count):
        progress(f"everything on: pair {number + 1} of {count}")
        if number % 2 == 0:
            without, everything = (run(1) for run in runs)
        else:
            everything, without = (run(1) for run in reversed(runs))
        results.pairs.append((without, everything))


def _million(arena: Arena) -> tuple[int, Memory]:
    """A worker's memory after a million requests, a half of them answered by the cache and a half by PostgreSQL."""
    answered = 0
    for operation in (CACHED, BY_ID):
        half = answered + MILLION // 2
        run = _case(arena, arena.bare, operation, MILLION_CONNECTIONS)
        while answered < half:
            progress(f"{answered} requests of a million")
            answered += run(MILLION_STEP_S).requests
    return answered, of_tree(arena.bare.servers)

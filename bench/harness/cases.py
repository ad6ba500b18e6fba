"""What is measured, and in which order."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Callable

from . import load, requests, statements
from .load import PGBENCH_CLIENTS, Measurement
from .progress import progress
from .rig import Rig

RETURN, BY_ID, PAGE, INSERT = "`return 200`", "GET by id, JWT", "list of 20, JWT", "POST, JWT"
CACHED, NOT_MODIFIED = "GET by id, JWT, cached", "GET by id, JWT, 304"
MIXED = "GET by id, JWT, cached, 20 % PATCH"
LIMITED, RS256 = "GET by id, JWT, three limits", "GET by id, JWT by RS256"
NEW_RS256 = "GET by id, new JWT by RS256"
GUARD_CONNECTIONS = 16
PG_BY_ID, PG_PAGE, PG_INSERT = "pgbench, GET's statement", "pgbench, bare list", "pgbench, bare INSERT"


@dataclass(frozen=True)
class Case:
    """A row of the table."""

    name: str
    connections: int
    run: Callable[[int], Measurement]


# The measurements of each round, by case and connections.
Results = dict[tuple[str, int], list[Measurement]]


def measure(rig: Rig) -> Results:
    """All cases once a round, every other round backwards, so that no case always follows the same one."""
    cases = _cases(rig)
    if not rig.settings.quick:
        progress("warming up")
        for case in cases:
            case.run(1)
    results: Results = defaultdict(list)
    for number in range(rig.settings.rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            progress(f"round {number + 1} of {rig.settings.rounds}: {case.name}, {case.connections} connections")
            results[case.name, case.connections].append(case.run(rig.settings.duration_s))
    progress("")
    return {(case.name, case.connections): results[case.name, case.connections] for case in cases}


def _cases(rig: Rig) -> list[Case]:
    cases = []
    for connections in rig.settings.connections:
        cases += _http_cases(rig, connections)
    cases += _guard_cases(rig)
    for name, sql, parameters in (
        (PG_BY_ID, rig.read_statement, {"p1": str(requests.ROW)}),
        (PG_PAGE, statements.PAGE, {}),
        (PG_INSERT, statements.INSERT, statements.NEW_ROW),
    ):
        def run(duration_s: int, sql: str = sql, parameters: dict[str, str] = parameters) -> Measurement:
            rig.cluster.forget_posted_rows()
            return load.pgbench(sql, parameters, rig.cluster, duration_s, rig.folder)

        cases.append(Case(name, PGBENCH_CLIENTS, run))
    return cases


def _http_cases(rig: Rig, connections: int) -> list[Case]:
    def limit(duration_s: int) -> Measurement:
        return load.wrk(rig.limit, connections, duration_s, [rig.plain.pid], None, rig.folder)

    def reads(request: requests.Request) -> Callable[[int], Measurement]:
        return lambda duration_s: load.wrk(request, connections, duration_s, [rig.postern.pid], rig.cluster, rig.folder)

    def inserts(duration_s: int) -> Measurement:
        return load.wrk_inserts(rig.insert, connections, duration_s, [rig.postern.pid], rig.cluster, rig.folder)

    return [
        Case(RETURN, connections, limit),
        Case(BY_ID, connections, reads(rig.by_id)),
        Case(LIMITED, connections, reads(rig.limited_by_id)),
        Case(CACHED, connections, reads(rig.cached_by_id)),
        Case(NOT_MODIFIED, connections, reads(rig.not_modified)),
        Case(MIXED, connections, reads(rig.cached_with_writes)),
        Case(RS256, connections, reads(rig.by_id_rs256)),
        Case(NEW_RS256, connections, reads(rig.by_id_new_rs256)),
        Case(PAGE, connections, reads(rig.page)),
        Case(INSERT, connections, inserts),
    ]


def _guard_cases(rig: Rig) -> list[Case]:
    """What looking at a request costs: the same proxied request without and with it, in the same nginx."""
    cases = []
    for guard, server in rig.guards.items():
        for kind, make in (("GET", requests.browser_get), ("POST of 870 bytes", requests.browser_post)):
            for name, location in ((f"proxied {kind}, beside {guard}", "/open"), (f"proxied {kind}, {guard}", "/guarded")):
                def run(duration_s: int, request: requests.Request = make(server.port, location), pid: int = server.pid) -> Measurement:
                    return load.wrk(request, GUARD_CONNECTIONS, duration_s, [pid], None, rig.folder)

                cases.append(Case(name, GUARD_CONNECTIONS, run))
    return cases

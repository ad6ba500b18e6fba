"""The results as Markdown: medians over the rounds, and the ratios and differences that the project promises."""

import operator
from dataclasses import dataclass
from statistics import median
from typing import Callable, Iterator, Optional

from . import cases
from .cases import Results
from .load import PGBENCH_CLIENTS, Measurement
from .settings import Settings


@dataclass(frozen=True)
class Target:
    """A ratio (or difference) of two cases of the same round, which must not be more than `most`."""

    name: str
    most: float
    case: str
    limit: str
    # None: the limit is measured at the same number of connections.
    limit_connections: Optional[int]
    cost: Callable[[Measurement], Optional[float]]
    compare: Callable[[float, float], float] = operator.truediv


TARGETS = (
    Target("GET by id / `return 200`, nginx CPU", 2.0, cases.BY_ID, cases.RETURN, None, lambda m: m.server_us),
    Target("three limits - without, nginx CPU µs", 1.0, cases.LIMITED, cases.BY_ID, None, lambda m: m.server_us, operator.sub),
    Target("cached GET / `return 200`, nginx CPU", 1.3, cases.CACHED, cases.RETURN, None, lambda m: m.server_us),
    Target("GET by id / pgbench, postgres CPU", 1.0, cases.BY_ID, cases.PG_BY_ID, PGBENCH_CLIENTS, lambda m: m.postgres_us),
    Target("list of 20 / bare list, postgres CPU", 1.1, cases.PAGE, cases.PG_PAGE, PGBENCH_CLIENTS, lambda m: m.postgres_us),
)


def markdown(settings: Settings, surroundings: str, results: Results) -> str:
    """The report."""
    lines = [
        f"Medians of {settings.rounds} interleaved rounds of {settings.duration_s} s; workers of nginx: {settings.workers}; "
        f"{surroundings}. CPU is user and system time per request.",
        "",
        "| | connections | requests/s | p50 µs | p99 µs | nginx CPU µs | postgres CPU µs |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *_rows(results),
    ]
    if not settings.quick:
        lines += [
            "",
            "| target | connections | median | lowest to highest | at most | |",
            "| --- | ---: | ---: | ---: | ---: | --- |",
            *_ratios(settings, results),
        ]
    return "\n".join(lines)


def _rows(results: Results) -> Iterator[str]:
    for (name, connections), rounds in results.items():
        cells = [
            _cell(rounds, lambda m: m.requests_per_s, 0),
            _cell(rounds, lambda m: m.p50_us, 0),
            _cell(rounds, lambda m: m.p99_us, 0),
            _cell(rounds, lambda m: m.server_us, 1),
            _cell(rounds, lambda m: m.postgres_us, 1),
        ]
        yield f"| {name} | {connections} | {' | '.join(cells)} |"


def _cell(rounds: list[Measurement], value: Callable[[Measurement], Optional[float]], digits: int) -> str:
    values = [found for found in map(value, rounds) if found is not None]
    return f"{median(values):.{digits}f}" if values else ""


def _ratios(settings: Settings, results: Results) -> Iterator[str]:
    for target in TARGETS:
        for connections in settings.connections:
            rounds = results[target.case, connections]
            limits = results[target.limit, target.limit_connections or connections]
            ratios = [target.compare(target.cost(one) or 0, target.cost(limit) or 1) for one, limit in zip(rounds, limits)]
            verdict = "PASS" if median(ratios) <= target.most else "miss"
            yield (f"| {target.name} | {connections} | {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} "
                   f"| {target.most:.1f} | {verdict} |")

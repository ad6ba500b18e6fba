"""The results as Markdown: in short, and in full."""

from statistics import median
from typing import Callable, Iterator, Optional

from ..load import PGBENCH_CLIENTS, Measurement
from ..settings import Settings
from . import targets
from .contest import Key, Results
from .contestant import OPERATIONS, PEERS, PGBENCH, POSTERN, RETURN

NAMES = (RETURN, POSTERN, *PEERS)


def heading(settings: Settings, date: str, surroundings: str) -> str:
    """When, where and how it was measured."""
    return (f"Measured on {date} by `make bench-peers`: {surroundings}. Medians of {settings.rounds} interleaved rounds of "
            f"{settings.duration_s} s, {settings.pool} connections to PostgreSQL for each worker. The load generator has the same cores.")


def verdicts(settings: Settings, workers: list[int], results: Results) -> str:
    """The table of targets, with a sentence that nobody can miss."""
    found = list(targets.outcomes(settings, workers, results))
    lines = [
        "| target | workers | connections | measured | lowest to highest | at most | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in found:
        spread = f"{one.spread[0]:.2f} to {one.spread[1]:.2f}" if one.spread else ""
        most = f"below {one.most:g}" if one.below else f"{one.most:g}"
        lines.append(f"| {one.name} | {one.workers} | {one.connections or ''} | {_ratio(one.value)} | {spread} | {most} "
                     f"| {'pass' if one.passed else '**FAIL**'} |")
    missed = sum(not one.passed for one in found)
    lines += ["", f"**{missed} of {len(found)} targets are missed.**" if missed else f"All {len(found)} targets are reached."]
    return "\n".join(lines)


def summary(settings: Settings, workers: int, results: Results) -> str:
    """A line for each contestant: the CPU of servers + of PostgreSQL, at the connections that targets are for."""
    connections = targets.connections_of(settings)
    lines = [
        f"CPU µs per request of the servers + of PostgreSQL at {connections} connections, workers: {workers}; memory of the servers "
        "when all was over.",
        "",
        f"| | {' | '.join(OPERATIONS)} | memory, MiB |",
        f"| --- |{' ---: |' * (len(OPERATIONS) + 1)}",
    ]
    for name in NAMES:
        cells = [_sum(results.rounds.get(Key(operation, name, connections, workers), [])) for operation in OPERATIONS]
        lines.append(f"| {name} | {' | '.join(cells)} | {results.memory[name, workers].together:.0f} |")
    cells = [_sum(results.rounds.get(Key(operation, PGBENCH, PGBENCH_CLIENTS, 1), [])) for operation in OPERATIONS]
    lines.append(f"| {PGBENCH} | {' | '.join(cells)} | |")
    return "\n".join(lines)


def full(settings: Settings, workers: list[int], results: Results) -> str:
    """Everything that was measured, a table for each operation."""
    lines: list[str] = []
    for operation in OPERATIONS:
        lines += ["", f"### {operation[:1].upper()}{operation[1:]}", "",
                  "| | workers | connections | requests/s | p50 µs | p99 µs | servers CPU µs | postgres CPU µs |",
                  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", *_rows(operation, results)]
    lines += ["", "### Memory", "", *_memory(workers, results)]
    return "\n".join(lines).lstrip()


def _rows(operation: str, results: Results) -> Iterator[str]:
    for key, rounds in results.rounds.items():
        if key.operation == operation:
            cells = [_cell(rounds, cost, digits) for cost, digits in (
                (lambda m: m.requests_per_s, 0), (lambda m: m.p50_us, 0), (lambda m: m.p99_us, 0),
                (lambda m: m.server_us, 1), (lambda m: m.postgres_us, 1))]
            workers = "" if key.name == PGBENCH else key.workers
            yield f"| {key.name} | {workers} | {key.connections} | {' | '.join(cells)} |"


def _memory(workers: list[int], results: Results) -> Iterator[str]:
    yield "| | workers | all processes, MiB | largest process, MiB |"
    yield "| --- | ---: | ---: | ---: |"
    for count in workers:
        for name in NAMES:
            memory = results.memory[name, count]
            yield f"| {name} | {count} | {memory.together:.1f} | {memory.largest:.1f} |"
    if results.after_million:
        answered, memory = results.after_million
        yield f"| {POSTERN}, after {answered} requests more | 1 | {memory.together:.1f} | {memory.largest:.1f} |"


def _cell(rounds: list[Measurement], value: Callable[[Measurement], Optional[float]], digits: int) -> str:
    values = [found for found in map(value, rounds) if found is not None]
    return f"{median(values):.{digits}f}" if values else ""


def _sum(rounds: list[Measurement]) -> str:
    parts = [_cell(rounds, cost, 1) for cost in (lambda m: m.server_us, lambda m: m.postgres_us)]
    return " + ".join(part for part in parts if part)


def _ratio(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"

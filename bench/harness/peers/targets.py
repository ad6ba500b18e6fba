"""What the project promises, as ratios of measurements of the same round."""

from dataclasses import dataclass
from statistics import median
from typing import Callable, Iterator, Optional

from ..load import Measurement
from ..settings import Settings
from .contest import PAIR_CONNECTIONS, Key, Results
from .contestant import AXUM, BY_ID, CACHED, INSERT, OPERATIONS, PAGE, PEERS, POSTERN, POSTGREST, RETURN

MOST_MEMORY_MIB = 20
MOST_EVERYTHING_US = 5
TARGET_CONNECTIONS = 32


@dataclass(frozen=True)
class Outcome:
    """A target and what was measured. `spread` is the lowest and the highest of the rounds."""

    name: str
    workers: int
    connections: Optional[int]
    value: float
    spread: Optional[tuple[float, float]]
    most: float
    # Equal is good enough, or not.
    below: bool = False

    @property
    def passed(self) -> bool:
        """Whether it is reached."""
        return self.value < self.most if self.below else self.value <= self.most


@dataclass(frozen=True)
class Target:
    """A ratio of Postern's cost to that of others, the best of which counts."""

    name: str
    most: float
    operation: str
    others: tuple[str, ...]
    cost: Callable[[Measurement], float]
    others_operation: Optional[str] = None
    below: bool = False


def server_us(measurement: Measurement) -> float:
    """CPU of the servers."""
    return measurement.server_us or 0


def total_us(measurement: Measurement) -> float:
    """CPU of the servers and of PostgreSQL."""
    return (measurement.server_us or 0) + (measurement.postgres_us or 0)


TARGETS = (
    Target("GET by id / `return 200`, nginx CPU", 1.8, BY_ID, (RETURN,), server_us),
    Target("GET by id / axum, CPU", 0.7, BY_ID, (AXUM,), total_us),
    Target("GET by id / PostgREST, CPU", 0.08, BY_ID, (POSTGREST,), total_us),
    Target("list of 20 / axum, CPU", 0.75, PAGE, (AXUM,), total_us),
    Target("POST / axum, CPU", 0.9, INSERT, (AXUM,), total_us),
    Target("cached GET / axum's cache, CPU", 1.0, CACHED, (AXUM,), server_us),
    Target("cached GET / `return 200`, nginx CPU", 1.25, CACHED, (RETURN,), server_us, BY_ID),
    *(Target(f"{operation} / best peer, p99", 1.0, operation, PEERS, lambda m: m.p99_us, below=True)
      for operation in OPERATIONS),
)


def connections_of(settings: Settings) -> int:
    """The number of connections that the targets are for, or the first there is."""
    return TARGET_CONNECTIONS if TARGET_CONNECTIONS in settings.connections else settings.connections[0]


def outcomes(settings: Settings, workers: list[int], results: Results) -> Iterator[Outcome]:
    """All targets, each for every number of workers."""
    connections = connections_of(settings)
    for target in TARGETS:
        for count in workers:
            ratios = _ratios(target, connections, count, results)
            yield Outcome(target.name, count, connections, median(ratios), (min(ratios), max(ratios)), target.most, target.below)
    added = [server_us(everything) - server_us(without) for without, everything in results.pairs]
    yield Outcome("everything on - nothing on, nginx CPU µs", 1, PAIR_CONNECTIONS, median(added), (min(added), max(added)),
                  MOST_EVERYTHING_US)
    if results.after_million:
        yield Outcome("worker after a million requests, MiB", 1, None, results.after_million[1].largest, None,
                      MOST_MEMORY_MIB, below=True)


def _ratios(target: Target, connections: int, workers: int, results: Results) -> list[float]:
    """The ratio of each round."""
    def costs(operation: str, name: str) -> list[float]:
        return [target.cost(one) for one in results.rounds.get(Key(operation, name, connections, workers), [])]

    operation = target.others_operation or target.operation
    others = [found for found in (costs(operation, name) for name in target.others) if found]
    return [own / min(round_of_others) for own, *round_of_others in zip(costs(target.operation, POSTERN), *others)]

"""The load generators: wrk for HTTP, pgbench for PostgreSQL alone. Both say what they see; the CPU is counted here."""

import json
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Optional, Sequence

from .cpu import tree_seconds
from .failure import Failure
from .postgres import DATABASE, USER, Cluster
from .requests import Request
from .settings import BENCH, postgres_program, program

PGBENCH_CLIENTS = 8
PGBENCH_THREADS = 1
SAMPLING_RATE = 0.05
PROGRESS = re.compile(r"progress: ([0-9.]+) s, ([0-9.]+) tps, .* ([0-9]+) failed")


@dataclass(frozen=True)
class Measurement:
    """One case under load for some seconds. Times are in microseconds, CPU is per request."""

    requests: int
    requests_per_s: float
    p50_us: float
    p99_us: float
    server_us: Optional[float]
    postgres_us: Optional[float]


def wrk(request: Request, connections: int, duration_s: int, servers: Sequence[int], cluster: Optional[Cluster],
        folder: Path) -> Measurement:
    """Repeats a request on keep-alive connections; `servers` are the processes that work on it, besides PostgreSQL."""
    command = [program("wrk", "wrk"), "--threads", "1", "--connections", str(connections), "--duration", f"{duration_s}s",
               "--latency", "--script", str(BENCH / "wrk.lua")]
    for name, value in request.headers.items():
        command += ["--header", f"{name}: {value}"]
    command += [f"http://127.0.0.1:{request.port}{request.path}", "--", *request.script_arguments(folder)]

    parts = [servers, [cluster.pid] if cluster else []]
    before = [sum(map(tree_seconds, pids)) for pids in parts]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    used = [sum(map(tree_seconds, pids)) - start for pids, start in zip(parts, before)]

    if result.returncode != 0:
        raise Failure(f"wrk fails: {result.stderr or result.stdout}")
    seen = json.loads(result.stdout.splitlines()[-1])
    if seen["broken"] or seen["timeouts"] or seen["statuses"] or not seen["requests"]:
        raise Failure(f"{request.method} {request.path} at {connections} connections fails under load: {seen}")
    per_request = [seconds * 1e6 / seen["requests"] for seconds in used]
    return Measurement(
        requests=seen["requests"],
        requests_per_s=seen["requests"] / (seen["duration"] / 1e6),
        p50_us=seen["p50"],
        p99_us=seen["p99"],
        server_us=per_request[0],
        postgres_us=per_request[1] if cluster else None,
    )


def wrk_inserts(request: Request, connections: int, duration_s: int, servers: Sequence[int], cluster: Cluster,
                folder: Path) -> Measurement:
    """The same with POSTs into an empty table, each of which must have made one row."""
    cluster.forget_posted_rows()
    measurement = wrk(request, connections, duration_s, servers, cluster, folder)
    # What was on its way when wrk hung up may or may not have been done; everything else must have been, once.
    surplus = cluster.posted_rows() - measurement.requests
    if not 0 <= surplus <= connections:
        raise Failure(f"{measurement.requests} answers to POST, but {measurement.requests + surplus} rows")
    return measurement


def pgbench(sql: str, parameters: dict[str, str], cluster: Cluster, duration_s: int, folder: Path) -> Measurement:
    """Repeats a prepared statement on a connection for each of the clients.

    Between the first and the last but one of its reports, so that neither connecting nor preparing is counted.
    """
    script = folder / "statement.sql"
    script.write_text(f"{sql}\n")
    for old in folder.glob("latency.*"):
        old.unlink()
    command = [postgres_program("pgbench"), "-n", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", str(PGBENCH_THREADS),
               "-T", str(duration_s + 2), "-P", "1", "--progress-timestamp", "-f", str(script),
               "-l", f"--log-prefix={folder / 'latency'}", f"--sampling-rate={SAMPLING_RATE}",
               "-h", str(cluster.socket_folder), "-U", USER]
    for name, value in parameters.items():
        command += ["-D", f"{name}={value}"]
    reports, cpu_s = _watch([*command, DATABASE], cluster.pid, duration_s)

    requests = sum(tps * (time - earlier) for (earlier, _), (time, tps) in zip(reports, reports[1:]))
    percentiles = statistics.quantiles(_latencies(folder), n=100)
    return Measurement(
        requests=round(requests),
        requests_per_s=requests / (reports[-1][0] - reports[0][0]),
        p50_us=percentiles[49],
        p99_us=percentiles[98],
        server_us=None,
        postgres_us=cpu_s * 1e6 / requests,
    )


def _watch(command: list[str], pid: int, duration_s: int) -> tuple[list[tuple[float, float]], float]:
    """pgbench's reports, as time and transactions per second, and the CPU seconds of the server from first to last."""
    reports, readings, words = [], [], []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr or ():
                words.append(line)
                found = PROGRESS.match(line)
                if found and len(reports) <= duration_s:
                    readings.append(tree_seconds(pid))
                    reports.append((float(found.group(1)), float(found.group(2))))
                    if int(found.group(3)):
                        raise Failure(f"pgbench's statement fails: {line}")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0 or len(reports) < 2:
        raise Failure(f"pgbench fails:\n{''.join(words[-10:])}")
    return reports, readings[-1] - readings[0]


def _latencies(folder: Path) -> Iterator[int]:
    """The third word of a line of pgbench's log is the time that the transaction took."""
    for log in folder.glob("latency.*"):
        with open(log, encoding="ascii") as lines:
            yield from (int(line.split()[2]) for line in lines)

"""A private PostgreSQL, reached by its unix socket only."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from .failure import Failure
from .server import Server, identity, service_user
from .settings import BENCH, postgres_program

DATABASE = "bench"
USER = "bench"
SETTLE_S = 10

# As PostgreSQL comes, durability included. Only what works in the background now and then is put off until after the run,
# as it would be counted to whichever case it falls into.
OPTIONS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "16GB",
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
}


class Cluster:
    """The server, its folder below `folder`, and the tables of schema.sql in it."""

    def __init__(self, folder: Path) -> None:
        self.socket_folder = folder / "socket"
        self._data = folder / "data"
        for path in (self.socket_folder, self._data):
            path.mkdir(mode=0o755)
            if service_user():
                shutil.chown(path, service_user(), service_user())
        self._initialise()
        options = {**OPTIONS, "unix_socket_directories": str(self.socket_folder)}
        command = [postgres_program("postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._server = Server(command, folder / "postgres.log", service_user(), stop_signal=signal.SIGINT)
        self.pid = self._server.pid
        try:
            self._server.wait_until(self._is_ready)
            self._create()
        except BaseException:
            self._server.stop()
            raise

    @property
    def dsn(self) -> str:
        """How clients reach it."""
        return f"host={self.socket_folder} dbname={DATABASE} user={USER}"

    def query(self, sql: str, database: str = DATABASE) -> str:
        """What psql prints for a query of the superuser."""
        return self._psql(database, ["-c", sql])

    def posted_rows(self) -> int:
        """How many rows there are that were inserted, once those are in that were on their way or waited for a connection."""
        deadline, rows = time.monotonic() + SETTLE_S, -1
        while time.monotonic() < deadline:
            earlier = rows
            busy, rows = map(int, self.query(
                "select (select count(*) from pg_stat_activity where usename = 'bench' and state <> 'idle'), count(*) "
                "from bench.posted_items").split("|"))
            if not busy and rows == earlier:
                return rows
            time.sleep(0.05)
        raise Failure("there is no end of rows that are inserted")

    def forget_posted_rows(self) -> None:
        """Every measurement inserts into an empty table."""
        self.query("truncate bench.posted_items")

    def stop(self) -> None:
        """Stops it and waits for its end."""
        self._server.stop()

    def _initialise(self) -> None:
        command = [postgres_program("initdb"), "-D", str(self._data), "--username=postgres", "--auth=trust",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        result = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False,
                                **identity(service_user()))
        if result.returncode != 0:
            raise Failure(f"initdb fails:\n{result.stderr}")

    def _is_ready(self) -> bool:
        command = [postgres_program("pg_isready"), "-q", "-h", str(self.socket_folder)]
        return subprocess.run(command, check=False).returncode == 0

    def _create(self) -> None:
        self.query(f"create database {DATABASE}", database="postgres")
        self._psql(DATABASE, ["-f", str(BENCH / "schema.sql")])

    def _psql(self, database: str, arguments: list[str]) -> str:
        command = [postgres_program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres",
                   "-h", str(self.socket_folder), "-d", database, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"psql fails: {result.stderr.strip()}")
        return result.stdout.rstrip("\n")

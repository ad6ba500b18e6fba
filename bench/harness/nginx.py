"""nginx with Postern, and nginx without it that returns the same bytes."""

import os
from pathlib import Path

from .failure import Failure
from .server import Server, accepts, free_port, service_user
from .settings import Settings

FRAME = """
{load_module}
{user}
worker_processes {workers};
daemon off;
{single}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    keepalive_time 1d;
    default_type application/json;
    {http}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""

POSTERN_HTTP = """
    postern_database bench {{
        dsn "{dsn}";
        connections 4;
        schemas bench;
        anonymous_role web_user;
    }}
    postern_zone edge 16m;
"""

POSTERN_SERVER = """
        postern_jwt secret_file={secret} issuer=bench audience=bench;
        location /items { postern_resource bench table=bench.items; }
        location /limited_items {
            postern_limit key=ip   rate=10000000r/m;
            postern_limit key=user rate=10000000r/m;
            postern_limit key=user rate=10000000r/h methods=read;
            postern_resource bench table=bench.items;
        }
        location /rs256_items {
            postern_jwt key_file={public_key};
            postern_resource bench table=bench.items;
        }
        location /cached_items {
            postern_cache edge ttl=1h;
            postern_resource bench table=bench.items;
        }
        location /posted_items { postern_resource bench table=bench.posted_items; }
"""


class Nginx:
    """A running nginx. `prefix` is a command that it is run by (valgrind); it is then a single process."""

    def __init__(self, settings: Settings, folder: Path, http: str, server: str, load_module: str = "",
                 prefix: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self._log = folder / "nginx.log"
        folder.mkdir(mode=0o755)
        # Only a master that root has started can become somebody else.
        user = f"user {service_user()} {service_user()};" if service_user() else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(FRAME.format(
            load_module=load_module, user=user, workers=settings.workers, folder=folder, http=http, port=self.port,
            server=server, single="master_process off;" if prefix else ""))
        command = [*prefix, str(settings.nginx), "-p", str(folder), "-e", str(self._log), "-c", str(configuration)]
        self._server = Server(command, self._log)
        self.pid = self._server.pid
        try:
            self._server.wait_until(lambda: accepts(self.port))
        except BaseException:
            self._server.stop()
            raise

    def check_log(self) -> None:
        """A run in which nginx had something to complain about is worth nothing."""
        lines = self._log.read_text(errors="replace").splitlines()
        complaints = [line for line in lines if any(f"[{level}]" in line for level in ("error", "crit", "alert", "emerg"))]
        if complaints:
            raise Failure("nginx has logged errors:\n" + "\n".join(complaints[:10]))

    def stop(self) -> None:
        """Stops it and waits for its end."""
        self._server.stop()


def postern(settings: Settings, folder: Path, dsn: str, secret: bytes, public_key: Path,
            prefix: tuple[str, ...] = ()) -> Nginx:
    """nginx with Postern."""
    secret_file = folder.with_suffix(".key")
    with open(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    server = POSTERN_SERVER.replace("{secret}", str(secret_file)).replace("{public_key}", str(public_key))
    return Nginx(settings, folder, POSTERN_HTTP.format(dsn=dsn), server, f"load_module {settings.module};", prefix)


def plain(settings: Settings, folder: Path, body: str, prefix: tuple[str, ...] = ()) -> Nginx:
    """nginx without any module that answers everything with the same bytes: what there is to lose."""
    if "$" in body:
        raise Failure("nginx would take a dollar sign in the answer for a variable")
    text = body.replace("\\", "\\\\").replace("'", "\\'")
    return Nginx(settings, folder, "", f"location / {{ return 200 '{text}'; }}", prefix=prefix)

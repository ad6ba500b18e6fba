"""nginx with Postern, and nginx without it that returns the same bytes."""

import os
import re
from pathlib import Path
from typing import Optional

from .failure import Failure
from .server import Server, accepts, free_port, service_user
from .settings import ROOT, Settings

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
        listen 127.0.0.1:{port}{reuseport};
        {server}
    }}
}}
"""

POSTERN_HTTP = """
    postern_database bench {{
        dsn "{dsn}";
        connections {pool};
        schemas bench;
        anonymous_role web_user;
        {database}
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
        location /cached_items {
            postern_cache edge ttl=1h;
            postern_resource bench table=bench.items;
        }
        location /posted_items { postern_resource bench table=bench.posted_items; }
"""

# What an operator switches on: three limits, the filter, validation, metrics, and the log that is shipped.
EVERYTHING_SERVER = """
        location = /metrics { postern_metrics; }
        location /everything_items {
            access_log {folder}/access.log json buffer=64k flush=1s;
            postern_limit key=ip   rate=10000000r/m;
            postern_limit key=user rate=10000000r/m;
            postern_limit key=user rate=10000000r/h methods=read;
            postern_filter block;
            postern_validate_key integer min=1;
            postern_validate_arg select;
            postern_validate_unknown_args refuse;
            postern_validate body={schema};
            postern_resource bench table=bench.items;
        }
"""

RS256_SERVER = """
        location /rs256_items {
            postern_jwt key_file={public_key};
            postern_resource bench table=bench.items;
        }
"""

# Both sides of the comparison with ModSecurity hand requests on to the nginx that returns fixed bytes.
PROXIES = """
    upstream fixed {{ server 127.0.0.1:{upstream}; keepalive 64; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    client_body_buffer_size 64k;
"""

GUARDED_SERVER = """
        location /open { proxy_pass http://fixed; }
        location /guarded {
            postern_filter   block;
            postern_validate body={schema};
            proxy_pass       http://fixed;
        }
"""

MODSECURITY_SERVER = """
        location /open { proxy_pass http://fixed; }
        location /guarded {
            modsecurity            on;
            modsecurity_rules_file {rules};
            proxy_pass             http://fixed;
        }
"""

SCHEMA = """{"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
    "name": {"type": "string", "maxLength": 100}, "price": {"type": "number", "minimum": 0},
    "qty": {"type": "integer", "minimum": 0}, "tags": {"type": "array", "maxItems": 20, "items": {"type": "string"}},
    "owner": {"type": "string"}, "note": {"type": "string", "maxLength": 2000}}}
"""

# The rules as Debian's package has them, which only detects until it is told otherwise, at paranoia level 1.
RULES = """
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAuditEngine Off
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
"""

MODSECURITY = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
CORE_RULES = Path("/usr/share/modsecurity-crs/rules")
DISTRIBUTION_NGINX = Path("/usr/sbin/nginx")


class Nginx:
    """A running nginx. `prefix` is a command that it is run by (valgrind); it is then a single process."""

    def __init__(self, settings: Settings, folder: Path, http: str, server: str, load_module: str = "",
                 prefix: tuple[str, ...] = (), binary: Optional[Path] = None) -> None:
        self.port = free_port()
        self._log = folder / "nginx.log"
        folder.mkdir(mode=0o755)
        # Only a master that root has started can become somebody else.
        user = f"user {service_user()} {service_user()};" if service_user() else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(FRAME.format(
            load_module=load_module, user=user, workers=settings.workers, folder=folder, http=http, port=self.port,
            server=server, single="master_process off;" if prefix else "",
            # With several workers each listens for itself: else the first that wakes up takes most connections.
            reuseport=" reuseport" if settings.workers > 1 and not prefix else ""))
        command = [*prefix, str(binary or settings.nginx), "-p", str(folder), "-e", str(self._log), "-c", str(configuration)]
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


def postern(settings: Settings, folder: Path, dsn: str, secret: bytes, public_key: Optional[Path] = None,
            prefix: tuple[str, ...] = (), database: str = "", http: str = "", server: str = "") -> Nginx:
    """nginx with Postern; `database`, `http` and `server` are more to configure there."""
    secret_file = folder.with_suffix(".key")
    with open(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    locations = POSTERN_SERVER.replace("{secret}", str(secret_file)) + server
    if public_key:
        locations += RS256_SERVER.replace("{public_key}", str(public_key))
    return Nginx(settings, folder, POSTERN_HTTP.format(dsn=dsn, pool=settings.pool, database=database) + http, locations,
                 f"load_module {settings.module};", prefix)


def everything(folder: Path) -> tuple[str, str]:
    """What `postern` needs of `http` and `server` for a location in which everything is switched on, /everything_items."""
    schema = folder.with_suffix(".schema.json")
    schema.write_text(SCHEMA)
    return _json_log_format(), EVERYTHING_SERVER.replace("{folder}", str(folder)).replace("{schema}", str(schema))


def _json_log_format() -> str:
    """The format of the log as it is shipped, without the settings beside it."""
    found = re.search(r"^log_format json .*?;$", (ROOT / "nginx-conf/defaults.conf").read_text(), re.M | re.S)
    if not found:
        raise Failure("nginx-conf/defaults.conf has no log_format json")
    return found.group()


def plain(settings: Settings, folder: Path, body: str, prefix: tuple[str, ...] = ()) -> Nginx:
    """nginx without any module that answers everything with the same bytes: what there is to lose."""
    if "$" in body:
        raise Failure("nginx would take a dollar sign in the answer for a variable")
    text = body.replace("\\", "\\\\").replace("'", "\\'")
    return Nginx(settings, folder, "", f"location / {{ return 200 '{text}'; }}", prefix=prefix)


def guarded(settings: Settings, folder: Path, upstream: int, prefix: tuple[str, ...] = ()) -> Nginx:
    """nginx with Postern's filter and validation in front of an upstream."""
    schema = folder.with_suffix(".schema.json")
    schema.write_text(SCHEMA)
    server = GUARDED_SERVER.replace("{schema}", str(schema))
    return Nginx(settings, folder, PROXIES.format(upstream=upstream), server, f"load_module {settings.module};",
                 prefix)


def has_modsecurity() -> bool:
    """Whether the peer is installed: nginx of the distribution, ModSecurity, and the core rule set."""
    return MODSECURITY.is_file() and CORE_RULES.is_dir() and DISTRIBUTION_NGINX.is_file()


def modsecurity(settings: Settings, folder: Path, upstream: int) -> Nginx:
    """The distribution's nginx with ModSecurity and the core rule set in front of an upstream."""
    rules = folder.with_suffix(".modsecurity.conf")
    rules.write_text(RULES)
    server = MODSECURITY_SERVER.replace("{rules}", str(rules))
    return Nginx(settings, folder, PROXIES.format(upstream=upstream), server, f"load_module {MODSECURITY};",
                 binary=DISTRIBUTION_NGINX)

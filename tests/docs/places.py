"""Where the places that pages name are in a test: their folders below a private one, their ports at free ones, their hosts here.

Pages say /etc/postern/jwt.key and 127.0.0.1:8080, so that they can be read; what is run gets other names for the same, and what comes
out of it is told in the words of the page again.
"""

import random
import re
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "build/ngx_http_postern_module.so"

# Ports that pages use. Others stay what they are.
PORTS = ("8080", "8081", "8082", "8090", "8443", "5432", "6432")

# Folders that pages use, all of them with what is below them.
FOLDERS = (
    "/etc/postern", "/etc/nginx", "/etc/pgbouncer", "/etc/postgresql/tls", "/var/log/nginx", "/var/log/postgresql",
    "/run/postgresql", "/run/pgbouncer", "/run/nginx.pid", "/run/balancer.pid", "/srv/app",
)


def free_ports(number: int) -> list:
    """Ports that nobody has, all different."""
    ports = random.sample(port_range(), 100)
    return [str(port) for port in ports if is_free(port)][:number]


def port_range() -> range:
    """Those that no connection gets by itself before a server of the page has it; where there are none, any."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    return range(10240, first if first > 12000 else 65536)


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Places:
    """The names of a page and the places of its test."""

    def __init__(self, folder: Path, hosts: dict):
        self.folder = folder
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.hosts = hosts
        for name in FOLDERS:
            place = Path(self.private(name))
            (place.parent if place.suffix == ".pid" else place).mkdir(parents=True, exist_ok=True)

    def private(self, text: str) -> str:
        """What a page says, as it is run."""
        for host, instead in self.hosts.items():
            text = re.sub(rf"(?<![\w.@-]){re.escape(host)}(?![\w.-])", instead, text)
        text = text.replace("/usr/lib/nginx/modules/ngx_http_postern_module.so", str(MODULE))
        for name in FOLDERS:
            text = re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", str(self.folder) + name, text)
        return re.sub(rf"(?<![\w.])({'|'.join(PORTS)})(?![\w.])", lambda match: self.ports[match[1]], text)

    def public(self, text: str) -> str:
        """What was written, in the words of the page."""
        for port, instead in self.ports.items():
            text = re.sub(rf"(?<!\d){instead}(?!\d)", port, text)
        text = text.replace(str(MODULE), "/usr/lib/nginx/modules/ngx_http_postern_module.so")
        for name in FOLDERS:
            text = text.replace(str(self.folder) + name, name)
        for host, instead in self.hosts.items():
            text = text.replace(instead, host)
        return text

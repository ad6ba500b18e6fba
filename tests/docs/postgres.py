"""A PostgreSQL for one page: a copy of a cluster that is made once, on a port and with a socket of its own."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
max_connections = 60
shared_buffers = 32MB
password_encryption = 'scram-sha-256'
log_line_prefix = '%m [%p] %q%u@%d '
"""

# The superuser comes by the socket, as with Debian's packages and `sudo -u postgres`; everybody else by TCP with a password.
ACCESS = """
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


def programs() -> Path:
    """The programs of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    return Path(shutil.which("initdb") or "/usr/bin/initdb").parent


def as_server(command: list) -> list:
    """PostgreSQL refuses to be run by root."""
    if os.getuid() != 0:
        return command
    return ["runuser", "-u", "postgres", "--", *command]


def run(*command: str):
    """Runs one of its programs, whose output is told when it fails."""
    done = subprocess.run(as_server(list(command)), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def own(folder: Path):
    """Gives a folder to the user that the server runs as."""
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)


def make_template(folder: Path) -> Path:
    """A cluster with nothing in it, to be copied."""
    folder.mkdir()
    own(folder)
    data = folder / "data"
    run(str(programs() / "initdb"), "-D", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
        "--no-sync", "--no-instructions")
    (data / "postgresql.conf").write_text(SETTINGS)
    (data / "pg_hba.conf").write_text(ACCESS)
    return data


def start(template: Path, folder: Path, socket_folder: Path, port: str):
    """Starts a copy of the template. It becomes a child of the runner, which ends it with the page."""
    folder.mkdir()
    own(folder)
    own(socket_folder)
    data = folder / "data"
    run("cp", "-a", str(template), str(data))
    run(str(programs() / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w", "-s",
        "-o", f"-p {port} -k {socket_folder}", "start")


def version() -> str:
    """Which PostgreSQL this is."""
    text = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"\d+(\.\d+)?", text)[0]

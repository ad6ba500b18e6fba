"""What the figures hold for."""

import os
import re
import subprocess
from pathlib import Path

from .postgres import Cluster


def surroundings(nginx: Path, cluster: Cluster) -> str:
    """The versions of nginx and PostgreSQL, and the machine."""
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"^model name\s*: *(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return (f"{version.split(': ')[-1].strip()}, PostgreSQL {cluster.query('show server_version').split()[0]}, "
            f"{os.cpu_count()} cores ({found.group(1) if found else os.uname().machine})")

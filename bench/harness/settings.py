"""What the environment asks for."""

import glob
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"


@dataclass(frozen=True)
class Settings:
    """How a run is made."""

    quick: bool
    rounds: int
    duration_s: int
    connections: list[int]
    workers: int
    # Connections to PostgreSQL of each worker, for everybody who is measured.
    pool: int
    nginx: Path
    module: Path

    @classmethod
    def from_environment(cls, quick: bool = False, rounds: int = 5, duration_s: int = 3, connections: str = "32 64",
                         workers: int = 0) -> "Settings":
        """Reads the environment, for which there are these defaults; a smoke test is one short round whatever it says."""
        return cls(
            quick=quick,
            rounds=1 if quick else _number("ROUNDS", rounds),
            duration_s=1 if quick else _number("DURATION", duration_s),
            connections=[8] if quick else numbers("CONNECTIONS", connections),
            workers=workers or _number("WORKERS", 1),
            pool=_number("POOL", 8),
            nginx=_file("POSTERN_NGINX", ROOT / "build/nginx"),
            module=_file("POSTERN_MODULE", ROOT / "build/ngx_http_postern_module.so"),
        )


def program(name: str, package: str) -> str:
    """The path of a program."""
    path = shutil.which(name)
    if path is None:
        raise Failure(f"{name} is not installed (Debian package: {package})")
    return path


def postgres_program(name: str) -> str:
    """A program of POSTERN_PG_BIN, else of the newest PostgreSQL that is installed; Debian keeps them out of the PATH."""
    folder = os.environ.get("POSTERN_PG_BIN")
    if folder:
        found = [os.path.join(folder, name)]
    else:
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=_version, reverse=True)
    for path in found:
        if os.access(path, os.X_OK):
            return path
    return program(name, "postgresql")


def _version(path: str) -> int:
    match = re.search(r"/postgresql/(\d+)", path)
    return int(match.group(1)) if match else 0


def _number(name: str, default: int) -> int:
    found = numbers(name, str(default))
    if len(found) != 1:
        raise Failure(f"{name} must be one number")
    return found[0]


def numbers(name: str, default: str) -> list[int]:
    """The numbers of a variable of the environment."""
    words = (os.environ.get(name) or default).split()
    if not words or not all(re.fullmatch(r"[1-9][0-9]{0,4}", word) for word in words):
        raise Failure(f"{name} must be made of positive numbers")
    return [int(word) for word in words]


def _file(name: str, default: Path) -> Path:
    path = Path(os.environ.get(name) or default).absolute()
    if not path.is_file():
        raise Failure(f"{path} does not exist; `make build` makes it, {name} names another")
    return path

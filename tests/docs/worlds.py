"""What there is when a page begins: the world that it names.

    none      a private folder
    empty     a PostgreSQL with nothing in it, the state in which the tutorial begins
    tutorial  one with the tutorial's tables in the database "tutorial", which the how-to guides go on from
    sample    the sample application, served as `make start` does; all pages share one
"""

import os
import secrets
import subprocess
from pathlib import Path

import postgres
import processes
from files import secret
from markdown import read_page
from places import ROOT, Places

# What the folder has that commands run in: that of a reader who is in a checkout.
CHECKOUT = ("build", "scripts", "migrations", "nginx-conf", "tests", "bench", "Makefile", "docs", "Cargo.lock", "Cargo.toml")

# Variables of the caller that mean nothing here.
CALLERS = ("DATABASE_URL", "RUN_DIR", "PORT", "ADDRESS", "MAKEFLAGS", "MAKELEVEL", "POSTERN_PROFILE", "AUTHENTICATOR_PASSWORD_FILE",
           "POSTERN_JWT_SECRET_FILE")

# What no proxy is asked for.
HERE = "127.0.0.1,localhost,::1"

DATABASES = """
postern_database app {
    dsn "host=127.0.0.1 port=5432 dbname=tutorial user=authenticator";
    password_file /etc/postern/authenticator.password;
    schemas api;
    anonymous_role anonymous;
}
postern_database accounts {
    dsn "host=127.0.0.1 port=5432 dbname=tutorial user=authenticator";
    password_file /etc/postern/authenticator.password;
}
postern_zone edge 8m;
"""


class World:
    """The places, the environment and the folder of a page."""

    def __init__(self, folder: Path, hosts: dict):
        self.places = Places(folder, hosts)
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        (folder / "logs").mkdir()
        for name in CHECKOUT:
            (self.work / name).symlink_to(ROOT / name)
        for name in ("etc/pgbouncer", "etc/postgresql/tls", "run/pgbouncer", "var/log/postgresql"):
            (folder / name).chmod(0o777)
        self.environment = {name: value for name, value in os.environ.items() if not unwanted(name)}
        self.environment |= {
            "PATH": f"{ROOT}/tests/docs/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
            "no_proxy": HERE, "NO_PROXY": HERE,
            "LC_ALL": "C.UTF-8", "TZ": "UTC", "PSQLRC": "/dev/null", "PAGER": "cat",
            "DOCS_NGINX": str(ROOT / "build/nginx"), "DOCS_PREFIX": str(folder),
        }

    def psql(self, text: str, database: str, stop: bool = True) -> subprocess.CompletedProcess:
        """Runs SQL as the superuser."""
        command = ["psql", "-X", "-q", "-v", f"ON_ERROR_STOP={int(stop)}", "-d", database]
        return subprocess.run(command, input=text, env=self.environment | {"PGUSER": "postgres"}, capture_output=True, text=True,
                              cwd="/", check=False)


def unwanted(name: str) -> bool:
    """Whether a variable of the caller's environment could lead to a server or a secret of his."""
    return name.startswith(("PG", "DOCS_")) or name in CALLERS


class Worlds:
    """Makes the worlds of all pages of a run."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.template: Path | None = None
        self.sample: World | None = None
        # Those of the sample application outlive the page that began with it.
        self.processes: set = set()

    def make(self, page, name: str) -> World:
        """The world for a page."""
        kind = page.options.get("world", "none")
        if kind == "sample":
            return self.make_sample()
        hosts = dict(pair.split("=", 1) for pair in page.options.get("hosts", "").split(",") if pair)
        folder = self.folder / name
        folder.mkdir()
        world = World(folder, hosts)
        if kind in ("empty", "tutorial"):
            self.start_postgres(world)
        if kind == "tutorial":
            give_tutorial(world)
        return world

    def start_postgres(self, world: World):
        """A PostgreSQL for this world alone."""
        if self.template is None:
            self.template = postgres.make_template(self.folder / "template")
        sockets = Path(world.places.private("/run/postgresql"))
        port = world.places.ports["5432"]
        postgres.start(self.template, world.folder / "postgres", sockets, port)
        world.environment |= {"PGHOST": str(sockets), "PGPORT": port}

    def make_sample(self) -> World:
        """The sample application, started by the script of `make start`."""
        if self.sample is None:
            folder = self.folder / "sample"
            folder.mkdir()
            world = World(folder, {})
            world.environment |= {"RUN_DIR": str(folder / "run"), "PORT": world.places.ports["8080"]}
            done = subprocess.run([ROOT / "scripts/server.sh", "start"], env=world.environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"the sample application does not start: {done.stdout}{done.stderr}")
            world.environment |= {"PGHOST": str(folder / "run/postgres"), "PGPORT": "5432", "PGDATABASE": "app",
                                  "PGPASSFILE": str(folder / "run/secrets/pgpass")}
            self.processes = set(processes.adopted())
            self.sample = world
        return self.sample


def give_tutorial(world: World):
    """The database as the tutorial's page makes it, with the SQL of that page, and the two secrets in /etc/postern."""
    page = read_page(ROOT / "docs/tutorial.md")
    schema = "".join(block.text for block in page.blocks if block.language == "sql" and "file" in block.options)
    password = secrets.token_hex(16)
    folder = Path(world.places.private("/etc/postern"))
    (folder / "authenticator.password").write_text(password)
    secret(folder / "jwt.key")
    for name in ("authenticator.password", "jwt.key"):
        (folder / name).chmod(0o600)
    for text, database in (
        ("create database tutorial", "postgres"),
        (schema, "tutorial"),
        (f"alter role authenticator password '{password}'", "tutorial"),
    ):
        done = world.psql(text, database)
        if done.returncode != 0:
            raise RuntimeError(f"the tutorial's database cannot be made: {done.stderr}")
    world.environment |= {"PGDATABASE": "tutorial", "POSTERN_JWT_SECRET_FILE": str(folder / "jwt.key")}

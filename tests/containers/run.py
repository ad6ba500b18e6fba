#!/usr/bin/env python3
"""The Dockerfile and compose.yaml without an engine: run.py build | test BASE POSTGRES FOLDER

`build` makes the images in FOLDER, with the network of the machine; `test` wants namespaces of its own. BASE is a root of the
distribution, in place of its image; POSTGRES one with PostgreSQL, in place of the image of that name, whose start script is
not tested here. The image of Rust is BASE with this machine's compiler. Says what prove reads.
"""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import urllib.error
import urllib.request

import yaml

import compose
import dockerfile

CONTEXT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMIT = "0123456789ab"
URL = "http://127.0.0.1:8080"

# What the image of PostgreSQL does at its first start, as far as compose.yaml asks for it.
START_POSTGRES = """
set -eu
data=/var/lib/postgresql/data
bin=$(echo /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
chown postgres $data
mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
install -m 600 -o postgres "$POSTGRES_PASSWORD_FILE" /tmp/password
as_postgres $bin/initdb -D $data -U postgres --pwfile=/tmp/password $POSTGRES_INITDB_ARGS >/dev/null
rm /tmp/password
echo 'host all all all scram-sha-256' >>$data/pg_hba.conf
echo "create database $POSTGRES_DB" | as_postgres $bin/postgres --single -D $data postgres >/dev/null
exec setpriv --reuid postgres --regid postgres --init-groups $bin/postgres -D $data -c 'listen_addresses=*'
"""

number = 0
failed = 0


def ok(name, holds, said=""):
    """One test."""
    global number, failed
    number += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {number} - {name}", flush=True)
    if not holds and said:
        print("".join(f"# {line}\n" for line in str(said).splitlines()[-20:]), end="", flush=True)


def build(base, folder):
    """The stages of the Dockerfile."""
    compiler = subprocess.run(["rustc", "--print", "sysroot"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    cargo_home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    rust = (
        base,
        {"/usr/local/rust": pathlib.Path(compiler), "/usr/local/cargo/registry": cargo_home / "registry"},
        {"CARGO_HOME": "/usr/local/cargo", "PATH": "/usr/local/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    text = (CONTEXT / "Dockerfile").read_text()
    arguments = {name: value for word, rest in dockerfile.instructions(text) if word == "ARG" for name, _, value in [rest.partition("=")]}
    debian = arguments["DEBIAN"]
    bases = {f"debian:{debian}-slim": (base, {}, {}), f"rust:{arguments['RUST']}-slim-{debian}": rust}
    maker = dockerfile.Build(CONTEXT, folder, bases, dockerfile.dockerignore(CONTEXT))
    return maker.run({"COMMIT": COMMIT})


def test_images(stages):
    """What is in the images."""
    serve = stages["serve"].root
    module = serve / "usr/lib/nginx/modules/ngx_http_postern_module.so"
    sections = subprocess.run(["readelf", "-SW", str(module)], check=True, stdout=subprocess.PIPE, text=True).stdout
    ok("the final image has the module, stripped", ".text" in sections and ".debug_line" not in sections, sections)
    ok("the module knows its commit", f"(commit {COMMIT})".encode() in module.read_bytes())
    leftovers = [name for name in ("usr/bin/gcc", "usr/bin/cc", "postern", "tmp/load.conf") if (serve / name).exists()]
    ok("nothing of the build is in it", not leftovers, leftovers)
    users = {name: stages[name].user for name in ("serve", "migrate")}
    ok("no image runs as root", all(user.split(":")[0].isdigit() and user.split(":")[0] != "0" for user in users.values()), users)
    size = subprocess.run(["du", "-sm", str(serve)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
    print(f"# the final root has {size} MB")


def answer(path):
    """What the API says."""
    try:
        with urllib.request.urlopen(URL + path, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def status_of(pid):
    """What the kernel says of a process."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_project(project, volumes):
    """Up, asked, started again, down."""
    project.up("postern")
    ok("services start when what they wait for is there", project.order == ["secrets", "postgres", "migrate", "postern"], project.order)
    postern = project.services["postern"]
    ok("the health check of the image succeeds", postern.healthy(), postern.errors.read_text())
    secrets = {path: path.stat() for path in volumes.glob("*-secrets/*")}
    ok("secrets are files that nobody else reads", len(secrets) == 4 and all(stat.st_mode & 0o077 == 0 for stat in secrets.values()), secrets)
    status, body = answer("/api/resources?select=name&limit=2")
    ok("rows come from PostgreSQL", status == 200 and len(json.loads(body)["data"]) == 2, body)
    status, body = answer("/api/users")
    ok("who is nobody sees nobody", status in (401, 403) or json.loads(body)["data"] == [], body)

    facts = status_of(postern.main_pid())
    ok("nginx is not root", "0" not in facts["Uid"].split(), facts["Uid"])
    ok("it has no capabilities and gets none", int(facts["CapBnd"], 16) == 0 and facts["NoNewPrivs"] == "1", facts)
    written = postern.inside(["touch", "/etc/postern/x"], stderr=subprocess.PIPE, text=True)
    ok("its root is read-only", "Read-only file system" in written.stderr, written.stderr)
    log = postern.output.read_text()
    ok("requests are logged to stdout, as JSON", any(json.loads(line)["uri"].startswith("/api/resources") for line in log.splitlines()), log)
    errors = postern.errors.read_text()
    ok("the rest to stderr, without complaints", "start worker process" in errors and not any(
        level in errors for level in ("[warn]", "[error]", "[crit]", "[alert]", "[emerg]")), errors)

    for name in ("secrets", "migrate"):
        service = project.services[name]
        service.start()
        ok(f"{name} may run again", service.ended_well(), service.errors.read_text())
    ok("and keeps what is there", secrets.keys() == {path for path in volumes.glob("*-secrets/*")} and answer("/readyz")[0] == 200)
    ok("nginx ends as it is told", postern.stop() == 0, postern.errors.read_text())
    project.services["postgres"].stop()


def test(base, postgres, folder):
    """All tests, of images that are there."""
    stages = pickle.loads((folder / "stages").read_bytes())
    said = yaml.safe_load((CONTEXT / "compose.yaml").read_text())
    stand_in = dockerfile.Stage("postgres", postgres)
    stand_in.entrypoint, stand_in.stop_signal = ["sh", "-c", START_POSTGRES], "SIGINT"
    images = {**stages, "debian:bookworm-slim": dockerfile.Stage("debian", base), "postgres:15-bookworm": stand_in}
    test_images(stages)
    up = folder / "up"
    up.mkdir()
    test_project(compose.Project(said, images, up), up / "volumes")
    print(f"1..{number}")
    sys.exit(failed > 0)


def main():
    what, *folders = sys.argv[1:]
    base, postgres, folder = (pathlib.Path(name).resolve() for name in folders)
    if what == "build":
        (folder / "stages").write_bytes(pickle.dumps(build(base, folder)))
    else:
        test(base, postgres, folder)


main()

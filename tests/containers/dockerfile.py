"""Carries out a Dockerfile, step by step, in copies of a root. It knows what the Dockerfile of this project uses, and refuses
the rest.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

from box import Box


def instructions(text):
    """The instructions and what they are given, with lines that are continued put together."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    text = re.sub(r"\\\n\s*", " ", text)
    for line in text.splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def expand(text, variables):
    """Variables of the Dockerfile, where an engine puts them in."""
    return re.sub(r"\$\{(\w+)\}", lambda found: variables[found.group(1)], text)


class Stage:
    """What one FROM begins: a root, and what the image says of itself."""

    def __init__(self, name, root):
        self.name, self.root = name, root
        self.workdir, self.user, self.environment = "/", "", {}
        self.entrypoint, self.healthcheck, self.stop_signal = [], [], "SIGTERM"


class Build:
    """All stages of a Dockerfile: `bases` are roots by the names of images, with what is bound into them and their variables."""

    def __init__(self, context, folder, bases, ignored):
        self.context, self.folder, self.bases, self.ignored = context, folder, bases, ignored
        self.stages, self.arguments = {}, {}

    def run(self, arguments):
        """Carries it out; returns the stages by their names."""
        stage, extra = None, {}
        for word, rest in instructions((self.context / "Dockerfile").read_text()):
            print(f"# {word} {rest[:140]}", flush=True)
            if word == "ARG":
                name, _, value = rest.partition("=")
                self.arguments[name] = arguments.get(name, value)
                if stage:
                    stage.environment[name] = self.arguments[name]
            elif word == "FROM":
                image, _, name = expand(rest, self.arguments).partition(" AS ")
                stage, extra = self.begin(image, name)
            elif word == "RUN":
                self.carry_out(stage, extra, rest)
            elif word == "COPY":
                self.copy(stage, rest)
            elif word == "WORKDIR":
                stage.workdir = rest
                (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif word == "USER":
                stage.user = rest
            elif word == "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            elif word == "STOPSIGNAL":
                stage.stop_signal = rest
            elif word == "HEALTHCHECK":
                stage.healthcheck = json.loads(rest.partition(" CMD ")[2])
            elif word != "EXPOSE":
                raise SystemExit(f"{word} is not known here")
        return self.stages

    def begin(self, image, name):
        base, binds, environment = self.bases[image]
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", str(base), str(root)], check=True)
        stage = self.stages[name] = Stage(name, root)
        stage.environment.update(environment)
        return stage, binds

    def carry_out(self, stage, extra, rest):
        """A RUN, with the network of the machine; what its caches keep stays for the next time."""
        binds = {**extra, "/etc/resolv.conf": pathlib.Path("/etc/resolv.conf"), "/etc/hosts": pathlib.Path("/etc/hosts")}
        while found := re.match(r"--mount=type=cache,target=(\S+)\s+", rest):
            cache = binds.get(found.group(1)) or self.folder / "caches" / found.group(1).strip("/").replace("/", "-")
            cache.mkdir(parents=True, exist_ok=True)
            binds[found.group(1)] = cache
            rest = rest[found.end():]
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        environment = {"DEBIAN_FRONTEND": "noninteractive", **proxies, **stage.environment}
        box = Box(stage.root, environment, stage.workdir, stage.user, binds)
        box.run(["/bin/sh", "-c", rest], check=True)

    def copy(self, stage, rest):
        """A COPY from the context, less what .dockerignore leaves out, or from a stage before."""
        words, source = rest.split(), self.context
        if words[0].startswith("--from="):
            source = self.stages[words.pop(0).removeprefix("--from=")].root
        *names, target = words
        place = stage.root / (target if target.startswith("/") else f"{stage.workdir}/{target}").lstrip("/")
        for name in names:
            origin = source / name.lstrip("/")
            if not origin.is_dir():
                where = place / origin.name if target.endswith("/") else place
                where.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, where)
            else:
                ignore = self.ignored if origin.resolve() == self.context else None
                shutil.copytree(origin, place, dirs_exist_ok=True, symlinks=True, ignore=ignore)


def dockerignore(context):
    """What .dockerignore leaves out, in the form that the project's has: everything but what is named."""
    lines = (context / ".dockerignore").read_text().split()
    assert lines[0] == "*" and all(line.startswith("!") for line in lines[1:]), "another kind of .dockerignore"
    kept = {line[1:] for line in lines[1:]}
    return lambda folder, names: [name for name in names if pathlib.Path(folder).resolve() == context and name not in kept]

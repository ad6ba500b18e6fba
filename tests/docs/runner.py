"""Runs the blocks of a page in the order of the text, each as its language and its comment say."""

import difflib
import json
import re
import shutil
import time
from pathlib import Path

import compare
import processes
import reload
from markdown import BadPage, Block, Page
from outcome import Failure, Skipped
from places import ROOT
from server import Server
from shell import Shell, Silent, commands_of
from worlds import World

SECONDS = 20
FIXTURES = ROOT / "tests/docs/fixtures"


class Runner:
    """A page with its world, its shell and its nginx."""

    def __init__(self, page: Page, world: World):
        self.page = page
        self.world = world
        # What is not this page's.
        self.others = set(processes.adopted())
        self.shell = Shell(world.work, world.environment)
        self.server = Server(world)
        # What commands have written that they should not have: a page goes on after that, so that all of it is told at once.
        self.mismatches: list = []
        for folder in ("schemas", "sql"):
            shutil.copytree(FIXTURES / folder, self.path("/etc/nginx") / folder, dirs_exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a file of the page is; what is relative is relative to the folder of the commands."""
        return self.world.work / self.world.places.private(name)

    def run(self, block: Block):
        """Runs one block, or fails."""
        run = {
            "hidden": self.run_hidden, "console": self.run_console, "nginx": self.run_nginx, "sql": self.run_sql,
            "json": self.run_json, "yaml": self.run_yaml,
        }
        if "file" in block.options:
            self.write_file(block)
        elif "insert" in block.options:
            self.insert_into_file(block)
        elif block.language in run:
            run[block.language](block)
        else:
            raise BadPage(block.line, f"a block of the language \"{block.language}\" says neither how to test it nor why not")

    def close(self):
        """Ends the shell; processes are for others to end."""
        self.shell.close()

    # What readers do with an editor.

    def write_file(self, block: Block):
        """The block is the content of a file."""
        path = self.path(block.options["file"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.world.places.private(block.text), encoding="utf-8")

    def insert_into_file(self, block: Block):
        """The block goes into a file, in front of the line that begins with a text."""
        path = self.path(block.options["insert"])
        lines = path.read_text(encoding="utf-8").splitlines()
        before = block.options["before"]
        places = [index for index, line in enumerate(lines) if line.strip().startswith(before)]
        if len(places) != 1:
            raise Failure(block.line, f"{block.options['insert']} has {len(places)} lines that begin with {before}")
        indent = re.match(r"\s*", lines[places[0]])[0]
        new = [(indent + line).rstrip() for line in self.world.places.private(block.text).splitlines()]
        path.write_text("\n".join(lines[: places[0]] + new + lines[places[0] :]) + "\n", encoding="utf-8")

    # Commands.

    def run_hidden(self, block: Block):
        """Commands of the test that readers do not see: they have to succeed, whatever they write."""
        output, status = self.command(block.line, block.text)
        if status != 0:
            raise Failure(block.line, f"the commands of the test fail with {status}:\n{output}")

    def run_console(self, block: Block):
        """Commands one after the other. With `until` a command is repeated until it writes what the page says."""
        try:
            commands = commands_of(block.text)
        except ValueError as error:
            raise BadPage(block.line, str(error)) from error
        for offset, command, expected in commands:
            if "dry" in block.options:
                command, expected = dry(command), "…"
            deadline = time.monotonic() + SECONDS
            while not self.try_command(block, block.line + offset, command, expected, time.monotonic() > deadline):
                time.sleep(0.05)

    def try_command(self, block: Block, line: int, command: str, expected: str, last: bool) -> bool:
        """Whether a command need not be tried again: it has done what the page says, or has had its chance."""
        output, status = self.command(line, command)
        wanted = "fails" in block.options
        if compare.matches(expected, output) and (status != 0) == wanted:
            return True
        if "until" in block.options and not last:
            return False
        self.mismatches.append(Failure(line, told(command, expected, output, status)))
        return True

    def command(self, line: int, text: str) -> tuple:
        """Runs a command; its output is in the words of the page."""
        masters = {}
        if re.search(r"-s reload|-HUP", text):
            masters = {pid: reload.of_master(pid) for pid in set(processes.adopted()) - self.others}
        try:
            output, status = self.shell.run(self.world.places.private(text))
        except Silent as error:
            raise Failure(line, f"$ {text}\n{error}") from error
        reload.wait_for_new_workers(masters)
        return self.world.places.public(output), status

    # Configurations.

    def run_nginx(self, block: Block):
        """Is loaded, and serves where the comment says so."""
        commands = self.server.load(block)
        if commands:
            self.run_hidden(Block("hidden", commands, block.line))

    # Everything else.

    def run_sql(self, block: Block):
        """Statements for the page's database. `rollback` undoes them; `plpgsql` makes a function's body of them."""
        text = self.world.places.private(block.text)
        if "plpgsql" in block.options:
            text = f"do $postern$\nbegin\n{text}\nend\n$postern$;\n"
        if "rollback" in block.options:
            text = f"begin;\n{text}\nrollback;\n"
        database = block.options.get("database") or self.world.environment.get("PGDATABASE", "postgres")
        done = self.world.psql(text, database)
        wanted = block.options.get("error")
        if wanted is None and done.returncode != 0:
            raise Failure(block.line, f"psql fails: {done.stderr}")
        if wanted is not None and wanted not in done.stderr:
            raise Failure(block.line, f"psql should say: {wanted}\nbut says: {done.stderr}")

    def run_json(self, block: Block):
        """Must be JSON."""
        try:
            json.loads(block.text)
        except ValueError as error:
            raise Failure(block.line, f"is no JSON: {error}") from error

    def run_yaml(self, block: Block):
        """Must be YAML, where something is there to read it."""
        try:
            import yaml  # Debian's python3-yaml; not part of Python.
        except ImportError as error:
            raise Skipped("there is no yaml module of Python") from error
        try:
            list(yaml.safe_load_all(block.text))
        except yaml.YAMLError as error:
            raise Failure(block.line, f"is no YAML: {error}") from error


def dry(command: str) -> str:
    """Only asks make whether it knows the target."""
    words = command.partition("#")[0]
    if not words.startswith("make "):
        raise ValueError(f"only make can be run dry: {command}")
    return words.replace("make ", "make -n ", 1)


def told(command: str, expected: str, output: str, status: int) -> str:
    """What a command should have written and what it has."""
    wanted, got = compare.plain(expected).splitlines(), compare.plain(output).splitlines()
    lines = ["$ " + command, f"status {status}; expected (-) and got (+):"]
    lines += [line for line in difflib.ndiff(wanted, got) if not line.startswith("?")]
    return "\n".join(lines)

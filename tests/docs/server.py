"""The nginx of a page: loads its configurations, and serves with those that say so."""

import re
import subprocess
from pathlib import Path

import nginx_conf
from files import make_files
from markdown import Block
from outcome import Failure
from places import ROOT
from worlds import DATABASES, World

# Waits until the old one is gone, so that the next can have its port.
STOP = """
old=$(cat /run/nginx.pid) && nginx -s stop
while kill -0 "$old" 2>/dev/null; do sleep 0.02; done
"""


class Server:
    """What there is of nginx in a world: nothing, or one that serves these fragments."""

    def __init__(self, world: World):
        self.world = world
        self.folder = Path(world.places.private("/etc/nginx"))
        self.fragments = ""

    def load(self, block: Block) -> str:
        """`nginx -t`; with `serve` the commands that start nginx, in the place of one that serves already. `serve=more` adds the block to
        those that are served."""
        if "serve" not in block.options:
            self.check(block)
            return ""
        commands = STOP + "nginx" if self.fragments else "nginx"
        self.fragments = (self.fragments if block.options["serve"] == "more" else "") + block.text
        whole = complete(block, self.fragments)
        if "error_log" not in whole:
            whole = "error_log /var/log/nginx/error.log notice;\n" + whole
        self.write("nginx.conf", whole)
        return commands

    def check(self, block: Block):
        """Loads a configuration. One that is shown because it is wrong has to fail with the error that the comment has."""
        # What it would take the network or a privileged port for is not what is asked here.
        whole = re.sub(r"(jwks_url=https?://)[^/\s;\"]+", r"\g<1>127.0.0.1:1", complete(block, block.text))
        path = self.write("test.conf", re.sub(r"(listen\s+)(80|443)\b", r"\g<1>1\g<2>", whole))
        folder = self.world.folder
        done = subprocess.run([ROOT / "build/nginx", "-p", folder, "-c", path, "-e", folder / "logs/test.log", "-t"],
                              capture_output=True, text=True, check=False)
        wanted = block.options.get("error")
        if wanted is None and done.returncode != 0:
            raise Failure(block.line, f"nginx -t refuses it: {done.stderr}\n{path.read_text()}")
        if wanted is not None and (done.returncode == 0 or wanted not in done.stderr):
            raise Failure(block.line, f"nginx -t should say: {wanted}\nbut says: {done.stderr}")

    def write(self, name: str, text: str) -> Path:
        """A file of nginx's folder, and the files that it names."""
        path = self.folder / name
        private = self.world.places.private(text)
        path.write_text(private, encoding="utf-8")
        make_files(private, self.folder)
        return path


def complete(block: Block, fragments: str) -> str:
    """A whole file. A stand-in for a provider has a certificate that no system knows: `trust` names it."""
    try:
        whole = nginx_conf.whole(fragments, DATABASES, "pid /run/nginx.pid;", block.options.get("context"))
    except ValueError as error:
        raise Failure(block.line, str(error)) from error
    if "trust" in block.options:
        whole = re.sub(r"(jwks_url=[^;\s]+)", rf"\1 trusted_certificate={block.options['trust']}", whole)
    return whole

"""The shell that the commands of a page run in, one after the other: variables and the folder stay from one to the next."""

import os
import select
import subprocess
import time
from pathlib import Path

END = "--- end of the command ---"
SECONDS = 60


class Silent(Exception):
    """A command has not ended in time."""


class Shell:
    """A bash that is told one command at a time."""

    def __init__(self, folder: Path, environment: dict):
        self.script = folder / ".command.sh"
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=folder, env=environment, start_new_session=True,
        )

    def run(self, command: str) -> tuple:
        """The output of a command and its status. Nothing is there for it to read, and no terminal."""
        self.script.write_text(command + "\n", encoding="utf-8")
        self.process.stdin.write(f". '{self.script}' </dev/null; printf '\\n%s %s\\n' '{END}' $?\n".encode())
        self.process.stdin.flush()
        output = b""
        mark = f"\n{END} ".encode()
        deadline = time.monotonic() + SECONDS
        while mark not in output or not output.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise Silent(f"there was no end within {SECONDS} seconds; so far: {output.decode(errors='replace')}")
            output += piece
        text, _, status = output.partition(mark)
        return text.decode(errors="replace"), int(status.split()[0])

    def close(self):
        """Ends the shell."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()


def is_complete(text: str) -> bool:
    """Whether a command ends here: no quote, here-document or loop is open."""
    if text.endswith("\\"):
        return False
    check = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True, check=False)
    return check.returncode == 0 and not check.stderr


def commands_of(text: str) -> list:
    """The commands of a block, each as its line within the block, its text, and the output that is shown for it."""
    commands = []
    lines = text.rstrip("\n").split("\n")
    index = 0
    while index < len(lines):
        if not lines[index].startswith("$ "):
            raise ValueError(f"is no command: {lines[index]}")
        first, command = index, lines[index][2:]
        index += 1
        while not is_complete(command) and index < len(lines):
            command += "\n" + lines[index]
            index += 1
        shown = index
        while index < len(lines) and not lines[index].startswith("$ "):
            index += 1
        commands.append((first, command, "\n".join(lines[shown:index])))
    return commands

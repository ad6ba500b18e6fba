"""Instructions per request, by callgrind."""

import operator
import re
import socket
import subprocess
from pathlib import Path
from typing import Callable

from .failure import Failure
from .nginx import Nginx
from .requests import Request
from .settings import program

CONNECTIONS = 8
WARM_UP = 400
FUNCTIONS = 25
NAME_LENGTH = 110
# The name of the first line of callgrind_annotate.
TOTAL = "PROGRAM TOTALS"
# The profile of a process, named after the folder it is run in: `%p` is its id.
PROFILE = "callgrind.%p"


def valgrind(folder: Path) -> tuple[str, ...]:
    """The command that nginx is run by. Counting starts when it is told to."""
    return (program("valgrind", "valgrind"), "--tool=callgrind", "--instr-atstart=no",
            f"--callgrind-out-file={folder / PROFILE}")


def count(request: Request, server: Nginx, requests: int, folder: Path) -> Path:
    """Counts through a number of requests and stops the server, which then writes its profile."""
    with Clients(request) as clients:
        clients.send(WARM_UP)
        _control("on", server.pid)
        clients.send(requests)
        _control("off", server.pid)
    server.stop()
    return folder / PROFILE.replace("%p", str(server.pid))


class Clients:
    """Keep-alive connections that ask together and wait together, so that the server has several requests in one turn."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._sockets = [socket.create_connection(("127.0.0.1", request.port), 60) for _ in range(CONNECTIONS)]
        self._files = [connection.makefile("rb") for connection in self._sockets]

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        for closing in (*self._files, *self._sockets):
            closing.close()

    def send(self, requests: int) -> None:
        """Sends a number of requests and reads the answers."""
        while requests > 0:
            together = min(requests, CONNECTIONS)
            for connection in self._sockets[:together]:
                connection.sendall(self._request.head() + self._request.body)
            for answer in self._files[:together]:
                self._read(answer)
            requests -= together

    def _read(self, answer: "socket.SocketIO") -> None:
        head = b"".join(iter(answer.readline, b"\r\n"))
        length = re.search(rb"(?i)^content-length: *([0-9]+)", head, re.M)
        if head.split()[1:2] != [str(self._request.status).encode()]:
            raise Failure(f"{self._request.method} {self._request.path} is answered with: {head.decode(errors='replace')}")
        if length:
            answer.read(int(length.group(1)))
            return
        while size := int(answer.readline().split(b";")[0], 16):
            answer.read(size + 2)
        answer.readline()


def report(profile: Path, kind: str, requests: int) -> str:
    """What callgrind_annotate makes of a profile, divided by the number of requests."""
    lines = []
    for title, inclusive in (("with what they call", "yes"), ("by themselves", "no")):
        command = [program("callgrind_annotate", "valgrind"), f"--inclusive={inclusive}", "--auto=no",
                   "--threshold=100", str(profile)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Failure(f"callgrind_annotate fails: {result.stderr}")
        counts = _counts(result.stdout, max if inclusive == "yes" else operator.add)
        total = counts.pop(TOTAL, 0)
        if not total:
            raise Failure("callgrind has counted nothing")
        if not lines:
            lines.append(f"{kind}: {total / requests:.0f} instructions per request, over {requests} requests")
        lines += ["", f"Functions, {title}:"]
        for name, instructions in sorted(counts.items(), key=lambda item: -item[1])[:FUNCTIONS]:
            lines.append(f"{instructions / requests:10.1f}  {instructions / total:6.1%}  {name[:NAME_LENGTH]}")
    return "\n".join(lines) + "\n"


def _counts(text: str, join: Callable[[int, int], int]) -> dict[str, int]:
    """The lines of callgrind_annotate that hold a count: `1,234 (56.7%)  file:function [object]`.

    A function has a line for each file that code was inlined from, and one for each depth of recursion; they are joined.
    """
    counts: dict[str, int] = {}
    for line in text.splitlines():
        found = re.match(r"\s*([0-9,]+) \(\s*[0-9.]+%\)\s+(?:[^ :]*:)?(.*?)(?:'[0-9]+)?(?: \[[^]]*\])?$", line)
        if found:
            name, count = found.group(2), int(found.group(1).replace(",", ""))
            counts[name] = join(counts[name], count) if name in counts else count
    return counts


def _control(switch: str, pid: int) -> None:
    command = [program("callgrind_control", "valgrind"), "-i", switch, str(pid)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0 or "Error" in result.stdout:
        raise Failure(f"callgrind_control fails: {result.stdout}{result.stderr}")

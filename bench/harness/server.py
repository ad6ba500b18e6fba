"""Processes that serve: started in a session of their own, so that a Ctrl-C reaches only the harness, which stops them."""

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, Mapping, Optional

from .failure import Failure

START_S = 60
STOP_S = 30


class Server:
    """A process with a log."""

    def __init__(self, command: list[str], log: Path, user: Optional[str] = None,
                 stop_signal: signal.Signals = signal.SIGTERM, environment: Optional[Mapping[str, str]] = None) -> None:
        self.name = os.path.basename(command[0])
        self.log = log
        self._stop_signal = stop_signal
        with open(log, "ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                                             start_new_session=True, env={**os.environ, **(environment or {})}, **identity(user))
        self.pid = self._process.pid

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Waits until it serves."""
        deadline = time.monotonic() + START_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"{self.name} does not start:\n{self.last_words()}")
            time.sleep(0.02)

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def stop(self) -> None:
        """Asks it to end, and insists when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()


def service_user() -> Optional[str]:
    """The user that servers work as; PostgreSQL refuses to be run by root. None is the user that runs the benchmark."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise Failure("there is no user postgres; run the benchmark as a user that is not root") from None


def identity(user: Optional[str]) -> dict[str, object]:
    """The arguments of subprocess that make a child another user's."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0

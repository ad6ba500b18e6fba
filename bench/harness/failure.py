"""How a run ends: one clear line when it fails, and nothing left running however it ends."""

import signal
import sys
from typing import Callable, NoReturn


class Failure(Exception):
    """The run cannot go on. The text is for whoever started it."""


def exit_cleanly(main: Callable[[], None]) -> NoReturn:
    """Runs `main` so that signals unwind it: whatever it has started is stopped on the way out."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    sys.exit(0)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def ignore_interrupts() -> None:
    """Stopping takes a moment; a second Ctrl-C must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

"""What is going on, for whoever waits."""

import sys


def progress(text: str) -> None:
    """On a terminal only, on one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

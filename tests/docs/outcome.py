"""What can become of a block besides that it is as its page says."""


class Failure(Exception):
    """A block is not what its page says. The line is that of the page."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


class Skipped(Exception):
    """A block cannot be run on this machine."""

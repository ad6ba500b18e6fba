"""Whether what a command has written is what its page says.

Both are compared line by line, without white space at the ends of lines, after what differs from run to run was replaced on both
sides: UUIDs, times, tokens, cursors, entity tags. In a page `…` stands for any text within a line, and a line with nothing but `…` for any number of lines.
"""

import re

WILDCARD = "…"

# What differs from run to run, the longer forms first.
VARYING = [
    (r"eyJ[\w-]*(?:\.[\w-]+){0,2}", "<token>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::?\d\d)?|Z)?", "<time>"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "<time>"),
    (r'("(?:next_cursor|refresh_token)":")[\w-]+', r"\1<secret>"),
    (r"(?<![\w-])[\w-]{64}(?![\w-])", "<secret>"),
    (r"\b[0-9a-f]{32}\b", "<id>"),
    (r'(?:W/)?"[\w-]{22}"', "<etag>"),
]


def plain(text: str) -> str:
    """The text with one name for each thing that varies."""
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(line + "\n" for line in lines)


def pattern_of(expected: str) -> str:
    """A regular expression for what a page shows."""
    parts = []
    for line in plain(expected).splitlines():
        if line.strip() == WILDCARD:
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*".join(re.escape(piece) for piece in line.split(WILDCARD)) + r"\n")
    return "".join(parts)


def matches(expected: str, got: str) -> bool:
    """Whether the output is what was expected."""
    return re.fullmatch(pattern_of(expected), plain(got)) is not None

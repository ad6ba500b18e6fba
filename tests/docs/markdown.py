"""A page of Markdown as the blocks of code that are in it, each with what comments say of it.

A comment right before a block tells how it is tested: `<!-- test: skip: needs an account -->`, `<!-- test: serve -->`,
`<!-- test: file=tutorial/nginx.conf -->`. One that begins with `test run` holds commands of its own, which readers do not see.
`<!-- test page: world=tutorial -->` tells of the page as a whole.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

COMMENT = re.compile(r"<!--\s*test( page| run)?\s*:?\s*(.*?)\s*-->", re.DOTALL)
KNOWN = {
    "skip", "file", "insert", "before", "serve", "trust", "error", "context", "until", "fails", "dry", "rollback", "plpgsql", "database",
    "world", "hosts",
}
FENCE = re.compile(r"^```(\w*)\s*$")


class BadPage(Exception):
    """What is wrong with a page itself, and on which line."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


@dataclass
class Block:
    """A block of code: its language, its text, the line that it begins on, and what the comment before it says."""

    language: str
    text: str
    line: int
    options: dict = field(default_factory=dict)


@dataclass
class Page:
    """A page: its options and its blocks in the order of the text."""

    path: Path
    options: dict
    blocks: list


def options_of(text: str, line: int) -> dict:
    """`skip: why` is a reason; anything else is words, `name` or `name=value`, quoted as in a shell."""
    if text.startswith("skip"):
        reason = text.partition(":")[2].strip()
        if not reason:
            raise BadPage(line, "a block is skipped without a reason")
        return {"skip": reason}
    options = {}
    for word in shlex.split(text):
        name, _, value = word.partition("=")
        if name not in KNOWN:
            raise BadPage(line, f"a comment for tests says {name}, which means nothing")
        options[name] = value
    return options


def read_page(path: Path) -> Page:
    """Takes a page apart."""
    page = Page(path, {}, [])
    lines = path.read_text(encoding="utf-8").split("\n")
    pending: dict | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("<!-- test"):
            first = index
            while "-->" not in lines[index]:
                index += 1
                if index == len(lines):
                    raise BadPage(first + 1, "a comment does not end")
            pending = take_comment(page, "\n".join(lines[first : index + 1]), first + 1) or pending
        elif (fence := FENCE.match(line)) is not None:
            first = index + 1
            index = end_of_block(lines, first)
            text = "\n".join(lines[first:index]) + "\n"
            page.blocks.append(Block(fence.group(1), text, first + 1, pending or {}))
            pending = None
        elif line.strip() and pending is not None:
            raise BadPage(index + 1, "a comment for a block has no block behind it")
        index += 1
    if pending is not None:
        raise BadPage(len(lines), "a comment for a block has no block behind it")
    return page


def take_comment(page: Page, text: str, line: int) -> dict | None:
    """What a comment says goes to the page, becomes a block of its own, or is for the next block."""
    match = COMMENT.fullmatch(text.strip())
    if match is None:
        raise BadPage(line, "a comment for tests is not understood")
    kind, rest = match.groups()
    if kind == " page":
        page.options.update(options_of(rest, line))
    elif kind == " run":
        page.blocks.append(Block("hidden", rest + "\n", line + 1))
    else:
        return options_of(rest, line)
    return None


def end_of_block(lines: list, index: int) -> int:
    """The line that closes the block which begins on this one."""
    first = index
    while index < len(lines):
        if lines[index].rstrip() == "```":
            return index
        index += 1
    raise BadPage(first, "a block does not end")

"""Puts results where the documentation has room for them."""

from pathlib import Path

from ..failure import Failure

BEGIN, END = "<!-- make bench-peers writes from here -->", "<!-- to here -->"


def replace_section(page: Path, text: str) -> None:
    """What is between the two marks of a page becomes this text."""
    before, found, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise Failure(f"{page} has no section for results: {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")

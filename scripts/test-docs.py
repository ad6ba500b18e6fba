#!/usr/bin/env python3
"""Runs every command and configuration of the docs: scripts/test-docs.py [--keep] [FILE…]

Without a file all pages. `--keep` leaves the private folders of pages that fail for a look. How blocks are marked is told in CONTRIBUTING.md,
how it works in tests/docs.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/docs"))
sys.dont_write_bytecode = True

import processes  # noqa: E402
import reference  # noqa: E402
from markdown import BadPage, read_page  # noqa: E402
from outcome import Failure, Skipped  # noqa: E402
from runner import Runner  # noqa: E402
from worlds import Worlds  # noqa: E402

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/how-to/*.md", "docs/adr/*.md")


def pages(names: list) -> list:
    """The pages that were named, or all of them."""
    if names:
        return [Path(name).resolve() for name in names]
    return [path for pattern in PAGES for path in sorted(ROOT.glob(pattern))]


def tell(name: str, line: int, error: Exception):
    """Says what is wrong, and where."""
    print(f"\n{name}:{line}: {error}\n", file=sys.stderr, flush=True)


def run_page(path: Path, worlds: Worlds, counts: Counter, skipped: list) -> bool:
    """Runs one page, and says how many blocks that were. Commands that write something else do not stop it, everything else does."""
    name = str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    before = set(processes.adopted())
    begin, ran, left_out = time.monotonic(), 0, 0
    runner, line, good = None, 1, False
    try:
        page = read_page(path)
        links = reference.broken_links(path)
        if links:
            raise BadPage(1, "\n".join(links))
        visible = [block for block in page.blocks if block.language != "hidden"]
        if not visible:
            return True
        if any("skip" not in block.options for block in page.blocks):
            runner = Runner(page, worlds.make(page, name.replace("/", "+")))
        for block in page.blocks:
            line = block.line
            reason = block.options.get("skip")
            if reason is None:
                try:
                    runner.run(block)
                except Skipped as error:
                    reason = str(error)
            if reason is not None:
                left_out += 1
                skipped.append(f"{name}:{line}: {reason}")
            elif block.language != "hidden":
                ran += 1
                counts[block.language] += 1
        good = not (runner and runner.mismatches)
    except (BadPage, Failure) as error:
        tell(name, error.line, error)
    except (RuntimeError, ValueError, OSError) as error:
        tell(name, line, error)
    finally:
        for error in runner.mismatches if runner else []:
            tell(name, error.line, error)
        if runner is not None:
            runner.close()
        keep = before if worlds.sample is None else before | set(worlds.processes)
        processes.end_all(keep)
    print(f"{'ok    ' if good else 'FAILED'} {name}: {ran} run, {left_out} skipped, {time.monotonic() - begin:.1f} s", flush=True)
    return good


def main() -> int:
    """Runs the pages, and sums up."""
    arguments = argparse.ArgumentParser(description="Runs every command and configuration of the docs.")
    arguments.add_argument("--keep", action="store_true", help="leave the private folders when something fails")
    arguments.add_argument("files", nargs="*", metavar="FILE")
    given = arguments.parse_args()
    processes.adopt()
    folder = Path(tempfile.mkdtemp(prefix="postern-docs-"))
    folder.chmod(0o755)
    counts, skipped, failed = Counter(), [], []
    try:
        worlds = Worlds(folder)
        for text in [] if given.files else reference.missing():
            print(text, file=sys.stderr)
            failed.append(text)
        for path in pages(given.files):
            if not run_page(path, worlds, counts, skipped):
                failed.append(str(path))
    finally:
        processes.end_all(set())
        if given.keep and failed:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for line in skipped:
        print(f"skipped {line}")
    languages = ", ".join(f"{number} {language}" for language, number in sorted(counts.items()))
    print(f"{sum(counts.values())} blocks run ({languages}), {len(skipped)} skipped, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The runner of docs fails where it should: output, configurations, blocks that say nothing of themselves, links, silence."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from compare import matches
from nginx_conf import is_whole, sorted_by_context, whole
from places import ROOT
from shell import commands_of

FENCE = "```"


class Compare(unittest.TestCase):
    """Expected and got."""

    def test_equal_but_for_what_varies(self):
        """Ids, times and tokens differ from run to run."""
        shown = '{"id":"3e0854b3-0ae2-4fe6-beba-4d6d809b54e4","at":"2026-11-21T04:11:59.355752+00:00","token":"eyJhbGciOi.a.b"}'
        got = '{"id":"00000000-0ae2-4fe6-beba-4d6d809b54e4","at":"2027-01-01T00:00:00+00:00","token":"eyJ0eXAi.c.d"}\n'
        self.assertTrue(matches(shown, got))
        self.assertFalse(matches(shown, got.replace("at", "on")))

    def test_wildcards(self):
        """Within a line, and for lines."""
        self.assertTrue(matches("a…z\n…\nend", "abcz\n1\n2\nend\n"))
        self.assertTrue(matches("a\n…\nend", "a\nend\n"))
        self.assertFalse(matches("a…z", "a\nz\n"))
        self.assertFalse(matches("a\n…", "b\n"))

    def test_nothing_is_not_anything(self):
        """A command that shows nothing writes nothing."""
        self.assertTrue(matches("", ""))
        self.assertFalse(matches("", "something\n"))


class Configurations(unittest.TestCase):
    """Fragments and files."""

    def test_contexts(self):
        """Where directives belong."""
        parts = sorted_by_context("postern_zone a 1m;\npostern_cache a ttl=1s;\nlocation / { return 200 '}'; }", None)
        self.assertEqual([len(parts[name]) for name in ("http", "server", "location")], [1, 2, 0])
        self.assertTrue(is_whole("events {}\nhttp {}"))

    def test_defaults_are_not_doubled(self):
        """What a fragment defines itself is left out."""
        text = whole("postern_zone edge 1m;\nserver { postern_limit key=ip rate=1r/s; }", "postern_zone edge 8m;", "")
        self.assertEqual(text.count("postern_zone"), 1)


class Commands(unittest.TestCase):
    """Blocks of the console."""

    def test_continued_lines_and_output(self):
        """A command goes on while a quote or a backslash says so."""
        found = commands_of("$ echo 'a\nb'\na\nb\n$ echo c \\\n  d\nc d\n")
        self.assertEqual(found, [(0, "echo 'a\nb'", "a\nb"), (4, "echo c \\\n  d", "c d")])

    def test_output_without_a_command(self):
        """That is a mistake of the page."""
        self.assertRaises(ValueError, commands_of, "echo a\n")


class Pages(unittest.TestCase):
    """Whole pages, run by the script."""

    def outcome(self, text: str) -> tuple:
        """Status and output for a page."""
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, ROOT / "scripts/test-docs.py", page], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def assert_fails(self, text: str, message: str):
        """The page fails, and says so."""
        status, output = self.outcome(text)
        self.assertEqual(status, 1, output)
        self.assertIn(message, output)

    def test_good_page(self):
        """Commands and a configuration."""
        status, output = self.outcome(f"{FENCE}console\n$ echo a\na\n{FENCE}\n\n{FENCE}nginx\nserver {{ listen 8080; }}\n{FENCE}\n")
        self.assertEqual(status, 0, output)
        self.assertIn("2 blocks run (1 console, 1 nginx), 0 skipped", output)

    def test_bad_pages(self):
        """Each is wrong in one way."""
        self.assert_fails(f"{FENCE}console\n$ echo a\nb\n{FENCE}\n", "page.md:2: $ echo a")
        self.assert_fails(f"{FENCE}console\n$ false\n{FENCE}\n", "status 1")
        self.assert_fails(f"{FENCE}nginx\npostern_cachet on;\n{FENCE}\n", "unknown directive")
        self.assert_fails(f'<!-- test: error="duplicate" -->\n{FENCE}nginx\nserver {{}}\n{FENCE}\n', "should say: duplicate")
        self.assert_fails(f"{FENCE}json\n{{\n{FENCE}\n", "is no JSON")
        self.assert_fails(f"{FENCE}text\na\n{FENCE}\n", "says neither how to test it nor why not")
        self.assert_fails(f"<!-- test: skip -->\n{FENCE}text\na\n{FENCE}\n", "without a reason")
        self.assert_fails(f"<!-- test: untill -->\n{FENCE}json\n1\n{FENCE}\n", "untill, which means nothing")
        self.assert_fails("[a](missing.md)\n", "leads nowhere")


if __name__ == "__main__":
    unittest.main()

"""Whether the reference is complete: every directive and variable that the source has is in its page, and links lead somewhere.

Codes of errors are compared by core/tests/render_docs.rs, metrics by a command in docs/metrics.md.
"""

import re

from places import ROOT


def read(*patterns: str) -> str:
    """The text of all files that match, without their tests."""
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if "test" not in path.name]
    return "\n".join(path.read_text(encoding="utf-8").partition("#[cfg(test)]")[0] for path in paths)


def slug(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    heading = re.sub(r"[`*]", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def missing() -> list:
    """What the source has and a page lacks, and directives that a page has and the source does not."""
    found = []
    page = read("docs/directives.md")
    directives = set(re.findall(r'c"(postern_\w+)"', read("src/conf/mod.rs")))
    headings = set(re.findall(r"^## (postern_\w+)$", page, re.MULTILINE))
    rows = set(re.findall(r"^\| \[`(postern_\w+)`\]", page, re.MULTILINE))
    found += [f"docs/directives.md has no section {name}" for name in sorted(directives - headings)]
    found += [f"docs/directives.md has a section {name}, which is no directive" for name in sorted(headings - directives)]
    found += [f"docs/directives.md has no {name} in its table" for name in sorted(directives - rows)]
    variables = set(re.findall(r"const NAME: &'static str = \"(postern_\w+)\"", read("src/**/*.rs")))
    found += [f"docs/directives.md has no variable ${name}" for name in sorted(variables) if f"`${name}" not in page]
    return found


def broken_links(path) -> list:
    """The links of a page that lead nowhere: to a file that is not there, or a heading that a page does not have."""
    found = []
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (path.parent / name).resolve() if name else path
        if not other.exists():
            found.append(f"the link {target} leads nowhere")
        elif anchor and other.suffix == ".md":
            lines = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in map(slug, lines):
                found.append(f"the link {target} leads to no heading")
    return found

#!/usr/bin/env python3
"""Makes the manual page of packaging/postern.7.in and docs/directives.md: man.py VERSION SOURCE_DATE_EPOCH >postern.7

Each directive gets its contexts and the first sentence of its section, so that the page says what the reference says.
"""

import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sections(reference):
    """The name and the text of each section of the reference."""
    for section in re.split(r"^## ", reference, flags=re.M)[1:]:
        name, text = section.split("\n", 1)
        yield name.strip(), text


def plain(markdown):
    """Prose without its line breaks and links, which only Markdown can show."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(markdown.split()))


def first_sentence(prose, ends="."):
    """What comes before the first end of a sentence that is not in code."""
    sentence = re.match(rf"(?:`[^`]*`|[^`])*?(?:[{ends}](?= |$)|$)", prose).group()
    return sentence.rstrip(":;.") + "."


def first_paragraph(section):
    """The first that is neither a table nor code."""
    paragraphs = [paragraph.strip() for paragraph in section.split("\n\n")]
    return next(paragraph for paragraph in paragraphs if paragraph and not paragraph.startswith(("|", "```", "#")))


def roff(text):
    """Markdown's code as bold, and nothing that roff would take for a request."""
    text = text.replace("\\", "\\(rs").replace("-", "\\-").replace("'", "\\(aq")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return re.sub(r"^\.", r"\\&.", text)


def directives(reference):
    """An entry for each directive, in the order of the reference."""
    for name, text in sections(reference):
        if not name.startswith("postern_"):
            continue
        context = re.search(r"^\| Context \| (.*?) \|$", text, re.M)
        if context is None:
            sys.exit(f"man.py: the section {name} of docs/directives.md has no context")
        yield f".TP\n.B {name}\n{roff(first_sentence(plain(first_paragraph(text))))}\n.br\nContext: {roff(plain(context.group(1)))}."


def variables(reference):
    """An entry for each variable."""
    text = dict(sections(reference))["Variables"]
    for name, meaning in re.findall(r"^\| (`\$\w+`) \| (.*?) \|$", text, re.M):
        yield f".TP\n{roff(name)}\n{roff(first_sentence(plain(meaning), ends='.;'))}"


def main():
    version, epoch = sys.argv[1:]
    reference = (ROOT / "docs/directives.md").read_text()
    values = {
        "VERSION": version,
        "DATE": time.strftime("%Y-%m-%d", time.gmtime(int(epoch))),
        "DIRECTIVES": "\n".join(directives(reference)),
        "VARIABLES": "\n".join(variables(reference)),
    }
    page = (ROOT / "packaging/postern.7.in").read_text()
    sys.stdout.write(re.sub(r"@([A-Z]+)@", lambda found: values[found.group(1)], page))


main()

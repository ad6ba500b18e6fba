#!/usr/bin/env python3
"""Scores the input filter of a running server on corpora: scripts/score-filter.py URL FILE... [options]

A file has a JSON object on each line: {"class": "sqli", "payload": "1' or 1=1--"}. Every payload is sent in each placement; 403 with the
code POSTERN370 counts as found, and so does 400 for a path, which nginx refuses itself where it leads above the root. Prints a table of percentages by class and placement.

URL is a location with `postern_filter block` that answers anything, below which any path goes: http://127.0.0.1:8080/echo
"""

import argparse
import http.client
import json
import sys
import threading
import urllib.parse
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

BOUNDARY = "postern-boundary"
FORM = "application/x-www-form-urlencoded"


def encoded(text: str) -> str:
    """Percent-encodes all that is not a letter or a digit."""
    return urllib.parse.quote(text, safe="", errors="surrogatepass")


def multipart(text: str) -> bytes:
    """A form with one field. Line breaks of the value are its own."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="q"\r\n\r\n'
    return head.encode() + text.encode(errors="surrogatepass") + f"\r\n--{BOUNDARY}--\r\n".encode()


def request(placement: str, text: str):
    """What follows the path of the URL, the header fields and the body of a request; None where the payload cannot stand there."""
    value = encoded(text)
    if placement == "segment":
        # A server resolves these, and a segment is not empty.
        return None if text in ("", ".", "..") or "\0" in text else (f"/{value}", {}, None)
    if placement == "arg":
        return f"?q={value}", {}, None
    if placement == "arg_name":
        return f"?{value}=1", {}, None
    if placement == "json":
        return "", {"Content-Type": "application/json"}, json.dumps({"q": [text]}).encode()
    if placement == "json_key":
        return "", {"Content-Type": "application/json"}, json.dumps({text: 1}).encode()
    if placement == "form":
        return "", {"Content-Type": FORM}, f"q={value}".encode()
    if placement == "multipart":
        return "", {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, multipart(text)
    if placement == "cookie":
        return "", {"Cookie": f"a=1; q={value}"}, None
    # A header field is one line, and nginx takes no control characters in it.
    if any(ord(character) < 32 or ord(character) == 127 for character in text) or text != text.strip():
        return None
    return "", {"X-Input": text.encode(errors="surrogatepass").decode("latin-1")}, None


PLACEMENTS = ("segment", "arg", "arg_name", "json", "json_key", "form", "multipart", "cookie", "header")


class Server:
    """Sends requests, on one connection for each thread."""

    def __init__(self, url: str) -> None:
        self.url = urllib.parse.urlsplit(url)
        self.local = threading.local()

    def finds(self, placement: str, text: str):
        """Whether the filter finds the payload; None where it was not sent."""
        parts = request(placement, text)
        if parts is None:
            return None
        tail, headers, body = parts
        path = self.url.path.rstrip("/") + tail
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(self.url.hostname, self.url.port or 80, timeout=30)
                self.local.connection = connection
            try:
                connection.request("POST" if body is not None else "GET", path, body, headers)
                response = connection.getresponse()
                content = response.read()
                is_refused_path = placement == "segment" and response.status == 400
                return is_refused_path or (response.status == 403 and b'"POSTERN370"' in content)
            except (http.client.HTTPException, OSError):
                # nginx closes a connection after some errors: another one, once.
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        return None


def samples(paths):
    """The lines of all files."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    record = json.loads(line)
                    yield record["class"], record["payload"]


def score(server: Server, corpus, placements, concurrency: int):
    """For each class and placement: how many were found, how many were sent, and which were judged wrongly."""
    jobs = [(kind, placement, text) for kind, text in corpus for placement in placements]
    results = defaultdict(lambda: [0, 0])
    verdicts = []
    with ThreadPoolExecutor(concurrency) as pool:
        for (kind, placement, text), found in zip(jobs, pool.map(lambda job: server.finds(job[1], job[2]), jobs)):
            if found is None:
                continue
            for key in ((kind, placement), (kind, "all"), ("all", placement), ("all", "all")):
                results[key][0] += found
                results[key][1] += 1
            verdicts.append((kind, placement, text, found))
    return results, verdicts


def table(results, placements) -> str:
    """Percentages, a row for each class."""
    kinds = sorted({kind for kind, _ in results} - {"all"}) + ["all"]
    rows = [["class", "count", *placements, "all"]]
    for kind in kinds:
        cells = [results[kind, place] for place in (*placements, "all")]
        count = max((sent for _, sent in cells[:-1]), default=0)
        rows.append([kind, str(count), *(f"{100 * found / sent:.1f}" if sent else "-" for found, sent in cells)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("files", nargs="+", metavar="file")
    parser.add_argument("--placements", default=",".join(PLACEMENTS), help="of " + ", ".join(PLACEMENTS))
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--min", action="append", default=[], metavar="CLASS=PERCENT",
                        help="fail if less of a class is found in any placement; `else` is for all other classes")
    parser.add_argument("--max", type=float, metavar="PERCENT", help="fail if more is found in any placement: for texts that are no attacks")
    parser.add_argument("--show", action="store_true", help="print what was missed, or with --max what was found")
    options = parser.parse_args()
    placements = options.placements.split(",")
    if unknown := set(placements) - set(PLACEMENTS):
        parser.error(f"unknown placement {', '.join(sorted(unknown))}")
    minimum = {name: float(percent) for name, percent in (text.split("=") for text in options.min)}

    results, verdicts = score(Server(options.url), list(samples(options.files)), placements, options.concurrency)
    if not results:
        parser.error("there is nothing in these files")
    print(table(results, placements))
    if options.show:
        for kind, placement, text, found in verdicts:
            if found == (options.max is not None):
                print(json.dumps({"class": kind, "placement": placement, "payload": text}))

    failed = False
    for (kind, placement), (found, sent) in sorted(results.items()):
        percent = 100 * found / sent
        least = minimum.get(kind, minimum.get("else") if kind != "all" else None)
        if least is not None and percent < least:
            print(f"{kind} in {placement}: {percent:.1f} %, at least {least:g} % expected", file=sys.stderr)
            failed = True
        if options.max is not None and kind == "all" and percent > options.max:
            print(f"{placement}: {percent:.1f} % found, at most {options.max:g} % expected", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""CPU per request as a picture: SVG, written by hand, readable on a light and on a dark page."""

from statistics import median
from xml.sax.saxutils import escape

from ..settings import Settings
from . import targets
from .contest import Key, Results
from .contestant import OPERATIONS, PEERS, POSTERN, RETURN

WIDTH, MARGIN, LABEL, NUMBER = 860, 20, 150, 120
BAR, GAP, TITLE = 16, 6, 34
# What is longer is cut off and marked: otherwise one bar would make all others too short to compare.
LONGEST = 2.2
SERVERS, POSTGRES = "#0f766e", "#c2751b"

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12">
<title>CPU microseconds per request</title>
<rect width="{width}" height="{height}" rx="8" fill="#f6f7f9" stroke="#c9ced6"/>
<g fill="#1f2933">
"""


def svg(settings: Settings, workers: int, results: Results) -> str:
    """A panel for each operation, a bar for each contestant."""
    connections = targets.connections_of(settings)
    parts, top = [], MARGIN + TITLE
    for operation in OPERATIONS:
        bars = []
        for name in (RETURN, POSTERN, *PEERS):
            rounds = results.rounds.get(Key(operation, name, connections, workers))
            if rounds:
                bars.append((name, median(m.server_us or 0 for m in rounds), median(m.postgres_us or 0 for m in rounds)))
        panel, top = _panel(operation, bars, top)
        parts += panel
    title = f"CPU µs per request at {connections} connections, workers: {workers}; shorter is better, bars with a gap are longer than shown"
    legend = _text(MARGIN, MARGIN + 4, title, "font-weight=\"600\"") + _legend(MARGIN + 16)
    return HEAD.format(width=WIDTH, height=top) + legend + "".join(parts) + "</g>\n</svg>\n"


def _panel(operation: str, bars: list[tuple[str, float, float]], top: int) -> tuple[list[str], int]:
    """The panel and where the next one begins."""
    totals = sorted(servers + postgres for name, servers, postgres in bars if "PostgREST" not in name)
    longest = min(max(servers + postgres for _, servers, postgres in bars), LONGEST * totals[len(totals) // 2])
    scale = (WIDTH - 2 * MARGIN - LABEL - NUMBER) / longest
    parts = [_text(MARGIN, top + 16, operation, "font-weight=\"600\"")]
    top += 26
    for name, servers, postgres in bars:
        weight = ' font-weight="600"' if name == POSTERN else ""
        parts.append(_text(MARGIN + LABEL - 8, top + 12, name.replace("`", ""), f'text-anchor="end"{weight}'))
        left, room = MARGIN + LABEL, longest * scale
        first = min(servers * scale, room)
        second = min(postgres * scale, room - first)
        parts.append(_bar(left, top, first, SERVERS) + _bar(left + first, top, second, POSTGRES))
        cut = (servers + postgres) * scale > room + 1
        if cut:
            parts.append(f'<path d="M{left + room - 14:.1f} {top - 2} l6 {BAR + 4} h4 l-6 -{BAR + 4} z" fill="#f6f7f9"/>\n')
        figures = f"{servers:.1f} + {postgres:.1f}" if postgres >= 0.05 else f"{servers:.1f}"
        parts.append(_text(left + first + second + 6, top + 12, figures, weight.strip()))
        top += BAR + GAP
    return parts, top + 12


def _legend(top: int) -> str:
    parts, left = "", MARGIN
    for colour, name in ((SERVERS, "the servers"), (POSTGRES, "PostgreSQL")):
        parts += _bar(left, top, 12, colour, 12) + _text(left + 18, top + 10, name)
        left += 110
    return parts


def _bar(left: float, top: float, width: float, colour: str, height: int = BAR) -> str:
    return f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}" fill="{colour}"/>\n'


def _text(left: float, top: float, text: str, attributes: str = "") -> str:
    return f'<text x="{left:.1f}" y="{top}" {attributes}>{escape(text)}</text>\n'

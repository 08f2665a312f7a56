"""Two bar charts in plain SVG, readable on white and on black."""

from collections import Counter
from collections.abc import Sequence
from html import escape

CLIENTS = 1000  # the load that is drawn
BAR, GAP, LABEL, WIDTH = 18, 8, 240, 780  # pixels
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .ours { fill: #0969da } .peer { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #4493f8 } .peer { fill: #6e7681 }
  }
"""


def draw(entries: Sequence[dict]) -> str:
    """The CPU of a delivery at the lowest rate, and the deliveries a second at the highest that
    most were measured at."""
    measured = [e for e in entries if e["clients"] == CLIENTS and e.get("deliveries")]
    at = Counter(entry["rate"] for entry in measured)
    rates = sorted(rate for rate, count in at.items() if count > max(at.values()) / 2)
    body, top = [], 10
    if rates:
        for title, rate, figure, shown in (
            ("µs of CPU for each delivery (less is better)", rates[0], "us", "{:,.1f}"),
            ("Deliveries a second (more is better)", rates[-1], "per_second", "{:,.0f}"),
        ):
            title += f": {CLIENTS:,} clients, {rate:,g} messages a second"
            bars = [(e["name"], e[figure]) for e in measured if e["rate"] == rate]
            part, top = _panel(title, bars, top, shown)
            body += part
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}">\n'
        f"<style>{STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _panel(
    title: str, bars: Sequence[tuple[str, float]], top: int, shown: str
) -> tuple[list[str], int]:
    """The lines of one chart, and where the next one begins."""
    lines = [f'<text class="title" x="0" y="{top + 14}">{escape(title)}</text>']
    top += 28
    longest = max(value for _, value in bars)
    for name, value in bars:
        kind = "ours" if name.startswith(("Simple", "the same")) else "peer"
        length = max(1.0, (WIDTH - LABEL - 80) * value / longest)
        middle = top + BAR - 5
        lines += [
            f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{top}" width="{length:.1f}" height="{BAR}"/>',
            f'<text x="{LABEL + length + 6:.1f}" y="{middle}">{shown.format(value)}</text>',
        ]
        top += BAR + GAP
    return lines, top + 16

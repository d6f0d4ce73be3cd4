"""Charts: bars and lines as small SVG pictures, readable on light and dark pages, that tell their figures in words."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

WIDTH: Final = 720
# Okabe and Ito's colours, which the colour-blind can tell apart; the two that are too light for white are left out.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#222}.n{fill:#666}.g{stroke:#999;stroke-opacity:.3}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.n{fill:#aaa}}"
)
BAR: Final = 18
LABELS: Final = 190
PLOT: Final = 260
LINE: Final = 15


def draw_bars(title: str, groups: Mapping[str, Mapping[str, float]], number: str = "{:,.0f}") -> str:
    """Return horizontal bars, a group a row and a bar a peer, all on one scale from 0."""
    names = list(dict.fromkeys(name for bars in groups.values() for name in bars))
    longest = max((value for bars in groups.values() for value in bars.values()), default=0) or 1
    parts, y = [], 34
    for group, bars in groups.items():
        parts.append(format_text(LABELS - 10, y + 13, group, "end"))
        for name, value in bars.items():
            width = round((WIDTH - LABELS - 190) * value / longest, 1)
            colour = COLOURS[names.index(name) % len(COLOURS)]
            parts.append(
                f'<rect x="{LABELS}" y="{y}" width="{width}" height="{BAR - 3}" fill="{colour}"/>'
                + format_text(LABELS + width + 6, y + 12, f"{number.format(value)} {name}", kind="n")
            )
            y += BAR
        y += 8
    said = "; ".join(
        f"{group}: {', '.join(f'{name} {number.format(value)}' for name, value in bars.items())}"
        for group, bars in groups.items()
    )
    return format_picture(title, said, y + 4, parts)


def draw_lines(
    title: str, unit: str, lines: Mapping[str, Sequence[tuple[float, float]]], number: str = "{:,.0f}"
) -> str:
    """Return lines over a logarithmic x axis, from 0 on the y axis; `unit` names what x counts."""
    points = [point for line in lines.values() for point in line]
    xs = sorted({x for x, _ in points})
    left, right = math.log(xs[0]), math.log(xs[-1])
    highest = max(y for _, y in points) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log(x) - left) / ((right - left) or 1)
        return round(70 + across * (WIDTH - 200), 1), round(44 + PLOT * (1 - y / highest), 1)

    parts = []
    for share in (0, 0.5, 1):
        _, y = place(xs[0], highest * share)
        parts.append(f'<path class="g" d="M70 {y}H{WIDTH - 130}"/>')
        parts.append(format_text(62, y + 4, number.format(highest * share), "end", "n"))
    parts += [format_text(place(x, 0)[0], PLOT + 64, f"{x:,.0f}", "middle", "n") for x in xs]
    parts.append(format_text(WIDTH / 2 - 30, PLOT + 82, unit, "middle", "n"))
    heights = spread([place(*line[-1])[1] for line in lines.values()], LINE)
    for index, (name, line) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        placed = [place(x, y) for x, y in line]
        path = " ".join(f"{x},{y}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = placed[-1][0], round(heights[index], 1)
        parts.append(f'<text x="{x + 8}" y="{y + 4}" style="fill:{colour}">{escape(name)}</text>')
    said = "; ".join(
        f"{name}: {', '.join(f'{number.format(y)} at {x:,.0f}' for x, y in line)}"
        for name, line in lines.items()
    )
    return format_picture(title, f"{said} {unit}", PLOT + 94, parts)


def spread(heights: Sequence[float], space: float) -> list[float]:
    """Return heights in the same order with at least a space between them: the lower ones move down."""
    placed, lowest = list(heights), -math.inf
    for index in sorted(range(len(heights)), key=heights.__getitem__):
        placed[index] = lowest = max(heights[index], lowest + space)
    return placed


def format_text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    """Return a line of text."""
    sort = f' class="{kind}"' if kind else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{round(x, 1)}" y="{round(y, 1)}"{side}{sort}>{escape(text)}</text>'


def format_picture(title: str, said: str, height: int, parts: Sequence[str]) -> str:
    """Return the document: a title, the same figures in words for who does not see them, and the parts."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img"'
        f' aria-labelledby="t d"><title id="t">{escape(title)}</title><desc id="d">{escape(said)}</desc>'
        f"<style>{STYLE}</style>"
    )
    return "\n".join([head, format_text(0, 16, title), *parts, "</svg>"]) + "\n"

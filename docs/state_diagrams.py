"""Draws the tables of the engine's states: `python docs/state_diagrams.py` writes `docs/explanation/states/*.svg`.

States stand on a circle in the order of their enum; each way between two of them is an arrow with all inputs that
lead there. A state without a way on has a double border. What is drawn is the tables themselves.
"""

import math
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

from muntin.http_core._client_states import CLIENT_REQUEST, CLIENT_RESPONSE
from muntin.http_core._states import REQUEST, RESPONSE

Table = Mapping[Any, Mapping[Any, Any]]
Point = tuple[float, float]

FOLDER = Path(__file__).parent / "explanation" / "states"
TABLES: dict[str, Table] = {
    "server-request": REQUEST,
    "server-response": RESPONSE,
    "client-request": CLIENT_REQUEST,
    "client-response": CLIENT_RESPONSE,
}
WIDTH, HEIGHT, RADIUS, NODE = 720, 520, 200, 44
STYLE = (
    "text{font:12px ui-monospace,monospace;text-anchor:middle;fill:#223}"
    ".way{stroke:#557;stroke-width:1.4;fill:none;marker-end:url(#tip)}"
    ".state{fill:#eef3fb;stroke:#246;stroke-width:1.6}.final{fill:none;stroke:#246}"
    ".given{font-size:11px;fill:#7a2e0e;paint-order:stroke;stroke:#fff;stroke-width:4px}"
)


def place(table: Table) -> dict[IntEnum, Point]:
    """Give where each state stands, the first one at the left."""
    step = 2 * math.pi / len(table)
    return {
        state: (WIDTH / 2 - 1.3 * RADIUS * math.cos(at * step), HEIGHT / 2 - RADIUS * math.sin(at * step))
        for at, state in enumerate(table)
    }


def gather(table: Table) -> dict[tuple[IntEnum, IntEnum], list[str]]:
    """Give the names of the inputs that lead from one state to another."""
    ways: dict[tuple[IntEnum, IntEnum], list[str]] = {}
    for state, given in table.items():
        for moved_by, after in given.items():
            ways.setdefault((state, after), []).append(moved_by.name)
    return ways


def draw_way(start: Point, end: Point, names: list[str]) -> Iterator[str]:
    """Give an arrow with its label; one that leads back to where it begins is a loop on the left."""
    (x, y), (x2, y2) = start, end
    if start == end:
        path = f"M{x - NODE:.0f},{y - 8:.0f} c-50,-30 -50,46 0,16"
        label_x, label_y = x - NODE - 20, y - 22
    else:
        length = math.hypot(x2 - x, y2 - y)
        dx, dy = (x2 - x) / length, (y2 - y) / length
        # Ways there and back bend to different sides.
        bend_x, bend_y = (x + x2) / 2 - 26 * dy, (y + y2) / 2 + 26 * dx
        path = (
            f"M{x + NODE * dx:.0f},{y + NODE * dy:.0f} "
            f"Q{bend_x:.0f},{bend_y:.0f} {x2 - (NODE + 6) * dx:.0f},{y2 - (NODE + 6) * dy:.0f}"
        )
        # Nearer to the begin than to the end: most ways cross in the middle.
        label_x = x * 0.53 + bend_x * 0.4 + x2 * 0.07
        label_y = y * 0.53 + bend_y * 0.4 + y2 * 0.07
    yield f'<path class="way" d="{path}"/>'
    for line, name in enumerate(names):
        yield f'<text class="given" x="{label_x:.0f}" y="{label_y + 13 * line:.0f}">{name}</text>'


def draw(name: str, table: Table) -> str:
    """Give a table as SVG."""
    places = place(table)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 8,4 0,8z" fill="#557"/></marker></defs>',
    ]
    for (state, after), names in gather(table).items():
        lines += draw_way(places[state], places[after], names)
    for state, (x, y) in places.items():
        lines.append(f'<circle class="state" cx="{x:.0f}" cy="{y:.0f}" r="{NODE}"/>')
        if not table[state]:
            lines.append(f'<circle class="final" cx="{x:.0f}" cy="{y:.0f}" r="{NODE - 4}"/>')
        lines.append(f'<text x="{x:.0f}" y="{y + 4:.0f}">{state.name}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Write all diagrams."""
    FOLDER.mkdir(exist_ok=True)
    for name, table in TABLES.items():
        (FOLDER / f"{name}.svg").write_text(draw(name, table))


if __name__ == "__main__":
    main()

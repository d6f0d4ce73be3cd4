"""Draws the tables of the engine's states: `python docs/state_diagrams.py` writes `docs/explanation/states/*.svg`.

On the left is what happens in every exchange, on the right the same in the last one, between them where a machine ends.
Each way between two states is an arrow with all inputs that lead there. A state that no way leaves has a double border.
What is drawn is the tables themselves.
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
WIDTH, HEIGHT, NODE = 720, 540, 44
LEFT, MIDDLE, RIGHT = 110, 360, 610
PLACES = {
    "IDLE": (LEFT, 130),
    "BODY": (LEFT, 290),
    "DONE": (LEFT, 450),
    "CLOSED": (MIDDLE, 60),
    "SWITCHED": (MIDDLE, 210),
    "ERROR": (MIDDLE, 370),
    "BROKEN": (MIDDLE, 370),
    "LAST_IDLE": (RIGHT, 130),
    "LAST_BODY": (RIGHT, 290),
    "LAST_DONE": (RIGHT, 450),
}
STYLE = (
    "text{font:12px ui-monospace,monospace;text-anchor:middle;fill:#223}"
    ".way{stroke:#557;stroke-width:1.4;fill:none;marker-end:url(#tip)}"
    ".state{fill:#eef3fb;stroke:#246;stroke-width:1.6}.final{fill:none;stroke:#246}"
    ".given{font-size:11px;fill:#7a2e0e;paint-order:stroke;stroke:#fff;stroke-width:4px}"
)


def gather(table: Table) -> dict[tuple[IntEnum, IntEnum], list[str]]:
    """Return the names of the inputs that lead from one state to another."""
    ways: dict[tuple[IntEnum, IntEnum], list[str]] = {}
    for state, moves in table.items():
        for moved_by, after in moves.items():
            ways.setdefault((state, after), []).append(moved_by.name)
    return ways


def draw_loop(at: Point, names: list[str]) -> Iterator[str]:
    """Draw an arrow that leads back to where it begins, on the outer side of its state; in the middle below it."""
    x, y = at
    if x == MIDDLE:
        path = f"M{x - 8:.0f},{y + NODE} c-30,50 46,50 16,0"
        label_x, label_y = x + 48, y + NODE + 22
    else:
        outwards = -1 if x < MIDDLE else 1
        path = f"M{x + outwards * NODE:.0f},{y - 8:.0f} c{50 * outwards},-30 {50 * outwards},46 0,16"
        label_x, label_y = x + outwards * (NODE + 20), y - 9 - 13 * len(names)
    yield f'<path class="way" d="{path}"/>'
    yield from draw_names(label_x, label_y, names)


def draw_way(start: Point, end: Point, names: list[str]) -> Iterator[str]:
    """Draw an arrow with its label."""
    (x, y), (x2, y2) = start, end
    length = math.hypot(x2 - x, y2 - y)
    dx, dy = (x2 - x) / length, (y2 - y) / length
    # Ways there and back bend to different sides, and around a state between them.
    passes_a_state = x == x2 and length > 200
    bend = 130 if passes_a_state else 26
    bend_x, bend_y = (x + x2) / 2 - bend * dy, (y + y2) / 2 + bend * dx
    path = (
        f"M{x + NODE * dx:.0f},{y + NODE * dy:.0f} "
        f"Q{bend_x:.0f},{bend_y:.0f} {x2 - (NODE + 6) * dx:.0f},{y2 - (NODE + 6) * dy:.0f}"
    )
    yield f'<path class="way" d="{path}"/>'
    # Nearer to the begin than to the end of a way between columns: most of those cross in the middle.
    begin, middle, last = (0.25, 0.5, 0.25) if x == x2 else (0.4, 0.46, 0.14)
    label_x = begin * x + middle * bend_x + last * x2 - (14 * dy if passes_a_state else 0)
    yield from draw_names(label_x, begin * y + middle * bend_y + last * y2, names)


def draw_names(x: float, y: float, names: list[str]) -> Iterator[str]:
    """Draw the names of inputs, one below the other."""
    for line, name in enumerate(names):
        yield f'<text class="given" x="{x:.0f}" y="{y + 13 * line:.0f}">{name}</text>'


def draw(name: str, table: Table) -> str:
    """Return a table as SVG."""
    places = {state: PLACES[state.name] for state in table}
    width = WIDTH if RIGHT in {x for x, _ in places.values()} else MIDDLE + LEFT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{name}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 8,4 0,8z" fill="#557"/></marker></defs>',
    ]
    for (state, after), names in gather(table).items():
        lines += (
            draw_loop(places[state], names)
            if state is after
            else draw_way(places[state], places[after], names)
        )
    for state, (x, y) in places.items():
        lines.append(f'<circle class="state" cx="{x:.0f}" cy="{y:.0f}" r="{NODE}"/>')
        if not {*table[state].values()} - {state}:
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

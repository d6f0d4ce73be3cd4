"""Delivery: in web, only `response/delivery.py` sends responses by an exchange.

What counts is the name: a variable or an attribute that ends with `exchange` is one.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "packages/web/src/muntin/web"
DELIVERY = ROOT / "response/delivery.py"
# The exchange in memory is an exchange itself.
SOURCES = sorted(path for path in ROOT.rglob("*.py") if path != DELIVERY and "testing" not in path.parts)

SENDING = {"respond", "respond_file", "start", "send", "send_file", "finish", "upgrade"}


def find_senders(source: str) -> Iterator[tuple[int, str]]:
    """Iterate over the uses of what sends: the line and the name of each."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Attribute(value=ast.Name(id=owner), attr=name)
                | ast.Attribute(value=ast.Attribute(attr=owner), attr=name)
            ) if name in SENDING and owner.lower().endswith("exchange"):
                yield node.lineno, name


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.relative_to(ROOT).as_posix())
def test_nothing_else_sends(source: Path) -> None:
    assert list(find_senders(source.read_text())) == []


def test_delivery_sends_in_every_way() -> None:
    assert {name for _, name in find_senders(DELIVERY.read_text())} == SENDING


@pytest.mark.parametrize(
    "line",
    [
        "exchange.respond(head)",
        "self._exchange.send(b'')",
        "request.exchange.upgrade",
        "send = exchange.send",
    ],
)
def test_offences_are_found(line: str) -> None:
    assert len(list(find_senders(line))) == 1


@pytest.mark.parametrize(
    "line", ["stream.send(x)", "exchange.drain()", "exchange.inform(100)", "start(exchange)"]
)
def test_other_lines_are_none(line: str) -> None:
    assert list(find_senders(line)) == []

"""The cases of `requests.toml`, with their short forms written out."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Case", "read_cases", "read_groups"]

REQUESTS = Path(__file__).with_name("requests.toml")
REPEAT = re.compile(r"\{([^{}]*)\*([0-9]+)\}")


class Case(NamedTuple):
    """Bytes from a peer, and what must become of them."""

    id: str
    raw: bytes
    expect: list[str]
    fate: str
    eof: bool
    rfc: str
    rows: list[str]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is owed to the peer, nor by it, when all is told."""
        return not self.eof and self.expect[-1] != "wait"


def write_out(text: str) -> str:
    """Return a text with its repetitions, the inner ones first."""
    while (longer := REPEAT.sub(lambda found: found[1] * int(found[2]), text)) != text:
        text = longer
    return text


def read_groups() -> dict[str, dict[str, Any]]:
    """Return the groups as they stand in the file."""
    return tomllib.loads(REQUESTS.read_text())


def read_cases() -> Iterator[Case]:
    """Yield all cases, each with what it shares with its group."""
    for name, group in read_groups().items():
        for entry, own in group["raw"].items():
            case = group | (own if isinstance(own, dict) else {"raw": own})
            told = [write_out(text.replace("{raw}", case["raw"])) for text in case["expect"]]
            refused = told[-1].isdigit() or told[-1] == "closed"
            yield Case(
                id=f"{name}/{entry}",
                raw=write_out(case["before"] + case["raw"] + case["after"]).encode("latin-1"),
                expect=told,
                fate="close" if refused else case.get("fate", "open"),
                eof=case.get("eof", False),
                rfc=case["rfc"],
                rows=case["rows"],
            )

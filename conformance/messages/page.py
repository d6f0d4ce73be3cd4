"""What the page of messages tells about values that differ."""

import re
from pathlib import Path
from typing import Final

__all__ = ["RECORDED", "read_rows"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-messages.md"
RECORDED: Final = "3.14.5"
"""The release of aiohttp whose behaviour is told."""


def read_rows() -> list[str]:
    """Return what each row of the section about values is about."""
    section = PAGE.read_text().partition("\n## Values that differ\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (.+?) \| (?:stricter|other|new)\b.+ \|$", section, re.MULTILINE)

"""The table of runners and servers beside aiohttp.web has a word for every public name of the other side."""

import re
from pathlib import Path

import pytest

from muntin import web

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "web" / "compatibility-running.md"
CLASSES = [
    "BaseRunner",
    "AppRunner",
    "ServerRunner",
    "BaseSite",
    "TCPSite",
    "UnixSite",
    "NamedPipeSite",
    "SockSite",
    "Server",
    "RequestHandler",
]


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_name_has_a_row(name):
    theirs = pytest.importorskip("aiohttp.web")
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    named = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    public = {each for each in dir(getattr(theirs, name)) if not each.startswith("_")}
    public -= set(dir(__import__("asyncio").Protocol))
    assert public - named == set()
    assert name in named


@pytest.mark.parametrize("name", [each for each in CLASSES if each not in ("Server", "RequestHandler")])
def test_what_is_said_to_be_the_same_is_there(name):
    theirs = pytest.importorskip("aiohttp.web")
    public = {each for each in dir(getattr(theirs, name)) if not each.startswith("_")}
    assert public - set(dir(getattr(web, name))) == set()

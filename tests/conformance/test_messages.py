"""Messages beside aiohttp's: the same values and bytes, or the difference that a row of the page tells."""

import asyncio
import logging
from fnmatch import fnmatchcase
from types import ModuleType

import pytest

pytest.importorskip("aiohttp")

from conformance.http1.peers import find_version
from conformance.messages import bodies, exceptions, heads, objects, parts, payloads, responses, streams
from conformance.messages.page import RECORDED, read_rows
from conformance.messages.sides import compare, open_sides

TABLES = [bodies, exceptions, heads, objects, parts, payloads, responses, streams]


async def find_differences(table: ModuleType) -> dict[str, tuple[str, str]]:
    """Return what both make of each case where they differ."""
    found = {}
    async with open_sides() as sides:
        for case in table.cases():
            for label, pair in (await compare(sides, case)).items():
                found[f"{case.id}/{label}"] = pair
    return found


@pytest.mark.row("BH-09", "BH-12", "BH-14", "HC-35", "HC-37", "HC-38")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__.rpartition(".")[2])
def test_both_are_the_same_but_where_the_page_tells(
    table: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    if find_version("aiohttp") != RECORDED:
        pytest.skip(f"recorded with aiohttp {RECORDED}; here is {find_version('aiohttp') or 'none'}")
    caplog.set_level(logging.CRITICAL)
    found = asyncio.run(find_differences(table))
    for pattern in table.DIFFERENCES:
        assert [each for each in found if fnmatchcase(each, pattern)], f"no difference any more: {pattern}"
    told = {each for each in found if any(fnmatchcase(each, pattern) for pattern in table.DIFFERENCES)}
    assert {each: pair for each, pair in found.items() if each not in told} == {}


def test_every_difference_has_its_row_and_every_row_its_case() -> None:
    words = {words for table in TABLES for words in table.DIFFERENCES.values()}
    rows = read_rows()
    assert [each for each in sorted(words) if each not in rows] == []
    assert [each for each in rows if each not in words] == []

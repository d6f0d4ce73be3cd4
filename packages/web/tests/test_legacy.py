"""Older names: each does what its modern one does, and says how that is spelt."""

import warnings
from typing import Any

import pytest

from muntin import web
from muntin.web import legacy


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def check(request: web.Request) -> None:
    return None


@pytest.mark.row("DE-03", "CF-17")
@pytest.mark.parametrize("name", legacy.__all__)
def test_older_route_definitions(name: str) -> None:
    older, newer = getattr(web, name), getattr(web, name.removeprefix("add_"))
    with pytest.warns(DeprecationWarning, match=rf"web\.{newer.__name__}\(\)") as caught:
        made: Any = older("/path", hello, expect_handler=check)
    assert made == newer("/path", hello, expect_handler=check)
    assert caught[0].filename == __file__


@pytest.mark.row("DE-03")
def test_older_names_can_be_switched_off() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        with pytest.raises(DeprecationWarning):
            web.add_get("/", hello)

"""What a type checker sees of this package."""

import pytest

api = pytest.importorskip("mypy.api")


@pytest.fixture
def check(tmp_path):
    """Check a program, and return the numbers of the lines that have errors and of those that are marked so."""

    def check(text):
        source = tmp_path / "program.py"
        source.write_text(text)
        output, problems, _ = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(source)])
        assert not problems
        wrong = {int(line.split(":")[1]) for line in output.splitlines() if ": error:" in line}
        return wrong, {number for number, line in enumerate(text.split("\n"), 1) if line.endswith("# wrong")}

    return check


def test_middlewares_are_of_the_requests_of_their_handler(check):
    wrong, marked = check("""
from collections.abc import Awaitable, Callable
from typing import Any
from muntin.middleware import Middlewares, compose, middleware


class Request: ...


class Other: ...


@middleware
async def right(request: Request, handler: Callable[[Request], Awaitable[str]]) -> str:
    return await handler(request)


@middleware
async def broader(request: Request, handler: Callable[[Request], Awaitable[object]]) -> object:
    return await handler(request)


@middleware
async def other(request: Other, handler: Callable[[Other], Awaitable[str]]) -> str:
    return await handler(request)


async def factory(
    owner: Any, handler: Callable[[Request], Awaitable[str]]
) -> Callable[[Request], Awaitable[str]]:
    return handler


async def other_factory(
    owner: Any, handler: Callable[[Other], Awaitable[str]]
) -> Callable[[Other], Awaitable[str]]:
    return handler


async def handle(request: Request) -> str:
    return ""


compose(handle, [])
compose(handle, [right])
compose(handle, [right, factory, broader])
compose(handle, Middlewares([right]))
compose(handle, [other])  # wrong
compose(handle, [right, other])  # wrong
compose(handle, [other_factory])  # wrong
compose(handle, [5])  # wrong
""")
    assert wrong == marked

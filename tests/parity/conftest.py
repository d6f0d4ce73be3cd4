"""Applications beside aiohttp's: each is made with both, asked over a socket, and what differs is on the page.

A case is an application and what it is asked; its responses and notes show what it does. The page has a row for
each request to which the two do not respond alike, with what both say and why. There are no others.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-application.md"
TOLD = re.compile(r"(?i)(allow|location|content-type): ")
# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


class Side:
    """One of the two packages, a log, and what applications are made of."""

    def __init__(self, web: Any) -> None:
        self.web = web
        self.log: list[Any] = []

    def answer(self, text: str) -> Any:
        """Return a handler that says something."""

        async def handler(request: Any) -> Any:
            return self.web.Response(text=text)

        return handler

    def show(self) -> Any:
        """Return a handler that says what it was told."""

        async def handler(request: Any) -> Any:
            info = request.match_info
            told = (dict(info), request.path, info.handler is handler, info.route.method, len(info.apps))
            return self.web.Response(text=repr(told))

        return handler

    def newer(self, name: str) -> Any:
        """Return a middleware that notes its turn, and what is raised inside of it."""

        @self.web.middleware
        async def around(request: Any, handler: Any) -> Any:
            self.log.append(f"{name} in")
            try:
                return await handler(request)
            except self.web.HTTPException as error:
                self.log.append(f"{name} sees {error.status}")
                raise

        return around

    def older(self, name: str) -> Any:
        """Return a factory that notes what it is given, and its turn."""

        async def factory(app: Any, handler: Any) -> Any:
            self.log.append(f"{name} is given {getattr(handler, 'name', 'another')}")

            async def around(request: Any) -> Any:
                self.log.append(f"{name} in")
                return await handler(request)

            around.name = name  # type: ignore[attr-defined]
            return around

        return factory

    def note_prepare(self, name: str) -> Any:
        """Return a receiver of `on_response_prepare` that notes its turn."""

        async def note(request: Any, response: Any) -> None:
            self.log.append(f"{name} prepares {response.status}")

        return note


class Answer(NamedTuple):
    """What came back, and what was noted until then."""

    status: str
    fields: str
    body: str
    log: str


async def ask(port: int, request: str) -> tuple[str, str, str]:
    """Return status, some fields and the body of the response to a request."""
    method, target, *field = request.split(" ", 2)
    fields = field if "Host:" in request else ["Host: example.org", *field]
    lines = [f"{method} {target} HTTP/1.1", "Connection: close", *fields, "", ""]
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join(lines).encode())
        head, _, body = (await reader.read()).decode("latin-1").partition("\r\n\r\n")
        interim = ""
        while head.startswith("HTTP/1.1 1"):
            interim += f"{head.split()[1]} "
            head, _, body = body.partition("\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    status = interim + head.partition(" ")[2][:3]
    told = sorted(line for line in head.split("\r\n") if TOLD.match(line))
    # What a server says of a failure or a request that is none is its own; the page says so once.
    return status, ", ".join(told), body if status[-3:] not in {"400", "417", "500"} else ""


async def answer_all(web: Any, make: Callable[[Side], Any], requests: Sequence[str]) -> list[Answer]:
    """Return the responses to requests; the last one has what is noted when the application ends."""
    side = Side(web)
    responses = []

    def take_log() -> str:
        told = ", ".join(map(str, side.log))
        side.log.clear()
        return told

    async with AsyncExitStack() as stack:
        runner = web.AppRunner(make(side), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        before = take_log()
        for request in requests:
            told = await ask(runner.addresses[0][1], request)
            responses.append(Answer(*told, before + take_log()))
            before = ""
    return [*responses, Answer("", "", "", take_log())]


def tell_apart(one: Answer, other: Answer) -> tuple[str, ...]:
    """Return what differs of two responses, as the page says it."""
    places = [place for place, texts in enumerate(zip(one, other, strict=True)) if texts[0] != texts[1]]
    if places[0] == 0:
        places = [0]  # what else differs follows from the status
    return tuple("; ".join(each[place] or "nothing" for place in places) for each in (one, other))


def read_rows() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what the page says of requests that are not answered alike, by application and request."""
    section = PAGE.read_text().partition("\n## Side by side\n")[2].partition("\n## ")[0]
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in section.splitlines():
        row = re.fullmatch(r"\| ([\w-]+) \| (.+?) \| `(.+?)` \| `(.+?)` \| (\w+): .+ \|", line)
        if row is not None:
            assert row[5] in {"other", "stricter"}, line
            rows |= {(row[1], request): (row[3], row[4]) for request in re.findall("`(.+?)`", row[2])}
    return rows


@pytest.fixture(scope="session")
def rows() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the rows of the page."""
    return read_rows()


@pytest.fixture
def side_by_side(rows: dict[tuple[str, str], tuple[str, ...]], recwarn: pytest.WarningsRecorder) -> Any:
    """Return what makes an application with both, asks both, and holds what differs against the page."""

    def compare(make: Callable[[Side], Any], requests: Sequence[str]) -> None:
        name = make.__name__.replace("_", "-")

        async def both() -> list[list[Answer]]:
            return [await answer_all(web, make, requests) for web in (theirs, ours)]

        one, other = asyncio.run(both())
        found = {
            (name, request): tell_apart(*responses)
            for request, *responses in zip([*requests, "the end"], one, other, strict=True)
            if responses[0] != responses[1]
        }
        assert found == {key: row for key, row in rows.items() if key[0] == name}

    return compare

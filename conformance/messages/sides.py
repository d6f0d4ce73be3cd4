"""Both frameworks side by side: one handler, one request over a socket, two responses.

aiohttp is looked at from outside: what a handler sees, and what arrives.
"""

import asyncio
import builtins
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from inspect import iscoroutine, iscoroutinefunction, signature
from typing import Any, NamedTuple

from aiohttp import web as theirs
from multidict import MultiMapping

from muntin import web as ours

__all__ = ["ANSWER", "Case", "Handler", "Note", "Sides", "ask_each", "compare", "make_request", "open_sides"]

ANSWER = "answer"
"""What a handler's notes are not called: what arrived."""

# What tells about the moment and the maker; what becomes of a connection shows in what comes after.
_NOT_COMPARED = {"date", "server", "connection"}
# Small enough for a server to read what it refuses, so that nobody is cut off before he has the response.
_MAX_SIZE = 65536
_WITHOUT_BODY = {"100", "103", "204", "304"}


def make_request(line: str, *fields: str, body: bytes = b"") -> bytes:
    """Return a request after which the connection ends; if its own fields keep it, another request ends it."""
    names = {field.partition(":")[0].lower() for field in fields}
    lines, last = [line if " HTTP/" in line else f"{line} HTTP/1.1"], b""
    if "host" not in names:
        lines.append("Host: example.org")
    if "connection" not in names:
        lines.append("Connection: close")
    else:
        last = b"GET /last HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *fields, "", ""]).encode("utf-8", "surrogateescape") + body + last


# What is told of values


class Told(NamedTuple):
    """One value as text, or an exception with the names of what it can be caught as."""

    text: str
    kinds: frozenset[str] = frozenset()

    def serves_for(self, other: "Told") -> bool:
        """Tell whether code written for the other works with this; an error may be caught as more."""
        return self.kinds >= other.kinds if other.kinds else self == other


def tell(value: Any) -> Told:
    """Return a value as text, without what its class is called."""
    if isinstance(value, BaseException):
        return Told(f"raises {value!r}", _kinds(type(value)))
    return Told(_describe(value))


def _kinds(kind: type) -> frozenset[str]:
    """Return the names by which users can catch an exception."""
    return frozenset(
        {each.__name__ for each in kind.__mro__ if _is_known(each)} - {"object", "BaseException"}
    )


def _is_known(kind: type) -> bool:
    return any(
        getattr(module, kind.__name__, None) is kind for module in (builtins, asyncio, json, theirs, ours)
    )


def _describe(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, slice)):
        return repr(value)
    if isinstance(value, str):
        return repr(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return repr(bytes(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        items = [f"{_describe(key)}: {_describe(each)}" for key, each in value.items()]
        return "{" + ", ".join(items if isinstance(value, MultiMapping) else sorted(items)) + "}"
    if type(value).__name__ == "ETag":
        return f"{'W/' * value.is_weak}{value.value!r}"
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_describe, value)) + "]"
    return str(value)


# What arrives


def describe_answers(raw: bytes) -> Iterator[str]:
    """Yield the lines of what a connection has brought: statuses, sorted fields, bodies.

    The version is left out: ours is our own, as RFC 9110 §6.2 wants it, theirs that of the request.
    """
    while raw.startswith(b"HTTP/"):
        head, _, raw = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = [tuple(line.split(": ", 1)) for line in lines]
        yield status.partition(" ")[2]
        yield from sorted(_describe_field(*pair) for pair in fields if pair[0].lower() not in _NOT_COMPARED)
        if status.split()[1] in _WITHOUT_BODY:
            continue
        told = {name.lower(): value for name, value in fields}
        if told.get("transfer-encoding") == "chunked":
            body, raw = _take_chunks(raw)
        else:
            length = int(told.get("content-length", len(raw)))
            body, raw = raw[:length], raw[length:]
        yield f"body {body!r}"
    if raw:
        yield f"rest {raw!r}"


def _describe_field(name: str, value: str) -> str:
    if name.lower() == "set-cookie":  # the order of attributes means nothing, nor does their case
        pair, *attributes = value.split("; ")
        value = "; ".join([pair, *sorted(attribute.lower() for attribute in attributes)])
    return f"{name.lower()}: {value}"


def _take_chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        if not re.fullmatch(b"[0-9a-fA-F]+", size):
            break
        length = int(size, 16)
        body, data = body + rest[:length], rest[length + 2 :]
        if length == 0:
            break
    return body, data


# The two


class Note:
    """Where a handler notes what it sees."""

    def __init__(self) -> None:
        self.values: dict[str, Told] = {}

    def __call__(self, label: str, value: Any) -> None:
        self.values[label] = tell(value)

    async def of(self, label: str, observe: Callable[[], Any]) -> None:
        """Note what a function gives, awaited if need be, or what it raises."""
        try:
            value = observe()
            self(label, await value if iscoroutine(value) else value)
        except Exception as error:
            self(label, error)


Handler = Callable[[Any, Any, Note], Awaitable[Any]]
"""Called with the module, theirs or ours, the request, and where to note."""


class Case(NamedTuple):
    """One conversation to have with both."""

    id: str
    handler: Handler
    raw: bytes


_ASKED = {
    "GET": ("GET /path?a=b",),
    "POST": ("POST /path?a=b", "Content-Length: 3"),
    "HEAD": ("HEAD /",),
    "1.0": ("GET / HTTP/1.0",),
    "kept": ("GET /", "Connection: keep-alive"),
    "gzip": ("GET /", "Accept-Encoding: gzip"),
    "deflate": ("GET /", "Accept-Encoding: deflate, gzip;q=0"),
    "none accepted": ("GET /", "Accept-Encoding: identity"),
}


def ask_each(table: Mapping[str, Any]) -> Iterator[Case]:
    """Yield the cases of a module whose handlers are functions: each is asked by several kinds of requests."""
    handlers = {
        name: each for name, each in table.items() if list(_parameters(each)) == ["web", "request", "note"]
    }
    for asked, request in _ASKED.items():
        raw = make_request(*request, body=b"abc" if asked == "POST" else b"")
        yield from (Case(f"{asked}/{name}", handler, raw) for name, handler in handlers.items())


def _parameters(function: Any) -> Iterable[str]:
    return signature(function).parameters if iscoroutinefunction(function) else ()


class Side:
    """One framework, serving whatever handler is set."""

    def __init__(self, web: Any) -> None:
        self._web = web
        self._handler: Handler | None = None
        self._note = Note()

    async def start(self) -> None:
        app = self._web.Application(client_max_size=_MAX_SIZE)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self.runner = self._web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await self._web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self._address = self.runner.addresses[0][:2]

    async def _handle(self, request: Any) -> Any:
        if request.path == "/last" or self._handler is None:
            return self._web.Response(text="last")
        return await self._handler(self._web, request, self._note)

    async def ask(self, handler: Handler, raw: bytes) -> dict[str, Told]:
        """Return what a handler has noted, and what arrived."""
        self._handler, self._note = handler, Note()
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(*self._address)
            writer.write(raw)
            arrived = await reader.read()
            writer.close()
            await writer.wait_closed()
        return self._note.values | {ANSWER: Told("\n".join(describe_answers(arrived)))}


class Sides(NamedTuple):
    """Theirs and ours."""

    theirs: Side
    ours: Side


@asynccontextmanager
async def open_sides() -> AsyncIterator[Sides]:
    """Serve both."""
    sides = Sides(Side(theirs), Side(ours))
    for side in sides:
        await side.start()
    try:
        yield sides
    finally:
        for side in sides:
            await side.runner.cleanup()


async def compare(sides: Sides, case: Case) -> dict[str, tuple[str, str]]:
    """Return what both make of a case where ours does not serve for theirs: by label, theirs and ours."""
    their, our = [await side.ask(case.handler, case.raw) for side in sides]
    nothing = Told("nothing")
    if len(their) == 1 or len(our) == 1:  # one of the handlers was not even called
        their, our = {ANSWER: their[ANSWER]}, {ANSWER: our[ANSWER]}
    pairs = {label: (their.get(label, nothing), our.get(label, nothing)) for label in their | our}
    return {label: (t.text, o.text) for label, (t, o) in pairs.items() if not o.serves_for(t)}

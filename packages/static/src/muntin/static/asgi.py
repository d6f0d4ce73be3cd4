"""The files of a root as an ASGI 3 application, for any server and below any framework.

The plan has all decisions; here it becomes messages, and is closed in every exit path.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from muntin.static._apart import plan_apart, read_apart
from muntin.static._locate import NO_FILE
from muntin.static._plan import FilePlan
from muntin.static._representation import Fields
from muntin.static._root import REQUEST_FIELDS, StaticRoot

__all__ = ["Message", "Receive", "Scope", "Send", "StaticFiles", "path_below"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_FIELDS: Final = {name.encode(): name for name in REQUEST_FIELDS}  # all others are not even decoded


class StaticFiles:
    """An ASGI application that serves a `StaticRoot`, or a directory with its defaults.

    Mounted below a prefix, it takes the prefix from the scope's `root_path`, as Starlette and FastAPI set it.
    `http.response.pathsend` is used where the server offers it; such a server opens the file again by its name, so
    leave `use_pathsend` off where others may write below the root.

    Raises:
        RootError: the directory is not one.
    """

    def __init__(self, root: StaticRoot | str | os.PathLike[str], *, use_pathsend: bool = True) -> None:
        self.root: Final = root if isinstance(root, StaticRoot) else StaticRoot(root)
        self.use_pathsend: Final = use_pathsend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._serve_http(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1000, "reason": ""})
            case other:
                raise RuntimeError(f"static files cannot serve the scope {other!r}")

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        with await self._plan(scope) as plan:
            headers = list(_encode_fields(plan.fields))  # a copy, as middlewares above add to it
            await send({"type": "http.response.start", "status": plan.status, "headers": headers})
            if plan.body is not None:
                await send({"type": "http.response.body", "body": plan.body})
            elif plan.path is not None and self.use_pathsend and _has_pathsend(scope):
                await send({"type": "http.response.pathsend", "path": plan.path})
            else:
                await _send_segments(plan, self.root.chunk_size, receive, send)

    async def _plan(self, scope: Scope) -> FilePlan:
        path = path_below(scope)
        query = scope.get("query_string", b"").decode("latin-1")
        # The mount itself may be requested without the slash that relative references need: here is its name known.
        name = scope["path"].rpartition("/")[2] or None
        return await plan_apart(
            self.root, scope["method"], path, _fields_of(scope), query=query, mount_name=name
        )


async def _live(receive: Receive, send: Send) -> None:
    """Reply to the events of a server's life: there is nothing to open or to close."""
    event = ""
    while event != "lifespan.shutdown":
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})


def path_below(scope: Scope) -> str:
    """Return the path below the mount as it stood in the target, still percent-encoded.

    The mount's own path is compared segment by segment, however it was spelled, so that an encoded slash never
    separates anything. Where a middleware changed the path and left `raw_path` as it was, the changed path is encoded
    again; a target with an encoded slash names no file then. Only without `raw_path` does an encoded slash count as a
    slash, because nothing tells it from one.
    """
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "").rstrip("/")
    if not prefix or not (path == prefix or path.startswith(prefix + "/")):
        prefix = ""
    rest = path[len(prefix) :]
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        return quote(rest, errors="surrogateescape")
    whole = raw.partition(b"?")[0].decode("utf-8", "surrogateescape")  # some servers leave the query there
    depth = prefix.count("/") + 1
    segments = whole.split("/", depth)
    below = f"/{segments[depth]}" if len(segments) > depth else ""
    if _means("/".join(segments[:depth]), prefix) and _means(below, rest):
        return below
    if "%2f" in whole.lower():
        return NO_FILE
    return quote(rest, errors="surrogateescape")


def _means(written: str, decoded: str) -> bool:
    """Return whether a path as it was sent means a decoded one; some servers replace octets that are not UTF-8."""
    if "%" not in written and written == decoded:
        return True
    octets = unquote_to_bytes(written.encode("utf-8", "surrogateescape"))
    return decoded in (octets.decode("utf-8", "surrogateescape"), octets.decode("utf-8", "replace"))


def _fields_of(scope: Scope) -> Callable[[str], str | None]:
    fields: dict[str, str] = {}
    for name, value in scope["headers"]:
        known = _FIELDS.get(name)
        if known is not None:
            text = value.decode("latin-1")
            fields[known] = f"{fields[known]}, {text}" if known in fields else text
    return fields.get


@lru_cache(maxsize=1024)  # a file's fields are the same tuple until it changes
def _encode_fields(fields: Fields) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields)


def _has_pathsend(scope: Scope) -> bool:
    return "http.response.pathsend" in (scope.get("extensions") or ())


async def _send_segments(plan: FilePlan, chunk_size: int, receive: Receive, send: Send) -> None:
    gone = _watch(receive)
    try:
        for piece in plan.pieces(chunk_size):
            if isinstance(piece, bytes):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                continue
            offset, end = piece.offset, piece.offset + piece.length
            while offset < end:
                if gone is not None and gone.done():
                    return
                data = await read_apart(plan, offset, end - offset)
                offset += len(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if gone is not None:
            gone.cancel()
            await asyncio.wait([gone])


def _watch(receive: Receive) -> "asyncio.Task[None] | None":
    """Watch for the client's disconnect: many servers accept messages for a lost client without an error."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # another event loop, such as Trio's: its servers cancel the application instead
        return None

    async def wait_for_disconnect() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return loop.create_task(wait_for_disconnect())

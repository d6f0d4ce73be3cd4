"""The live feed: a WebSocket that tells of every new entry, to everybody who has the book open."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from muntin import web

from .entries import ENTRIES, Entry
from .representations import parse_number, represent

# A reader who lags behind by more entries than this is asked to come back, and then begins where it stopped.
LONGEST_QUEUE = 100

# A reader has nothing to say, so that what it may say is short. Bytes.
LONGEST_MESSAGE = 1024

# How often a silent connection is asked whether it is still there. Seconds.
HEARTBEAT = 30.0

# Why a feed ends: the codes of RFC 6455, section 7.4.1, and of the registry that it opens.
GOING_AWAY = 1001
UNSUPPORTED_DATA = 1003
TRY_AGAIN_LATER = 1013

routes = web.RouteTableDef()


class Feed:
    """Everybody who is reading, each with a queue of the entries not sent yet."""

    def __init__(self) -> None:
        self._queues: dict[web.WebSocketResponse, asyncio.Queue[Entry]] = {}

    @contextmanager
    def follow(self, reader: web.WebSocketResponse) -> Iterator[asyncio.Queue[Entry]]:
        """Queue what is published from now on, until the block ends."""
        queue = self._queues[reader] = asyncio.Queue(LONGEST_QUEUE)
        try:
            yield queue
        finally:
            self._queues.pop(reader, None)

    def publish(self, entry: Entry) -> None:
        """Queue an entry for every reader, and forget the readers whose queue is full."""
        for reader, queue in list(self._queues.items()):
            try:
                queue.put_nowait(entry)
            except asyncio.QueueFull:
                del self._queues[reader]

    def has(self, reader: web.WebSocketResponse) -> bool:
        """Return whether a reader still receives new entries."""
        return reader in self._queues

    async def close(self) -> None:
        """Say good-bye to all readers."""
        closing = [reader.close(code=GOING_AWAY, message=b"The guestbook closes.") for reader in self._queues]
        await asyncio.gather(*closing)


FEED = web.AppKey("FEED", Feed)


async def close_feed(app: web.Application) -> None:
    """End all feeds when the application is about to stop."""
    await app[FEED].close()


@routes.get("/feed", name="feed")
async def show_feed(request: web.Request) -> web.WebSocketResponse:
    """Send entries as they are written; with `?after=NUMBER`, first those that were written since then."""
    after = request.query.get("after")
    start = None if after is None else parse_number(after)
    reader = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LONGEST_MESSAGE)
    await reader.prepare(request)
    with request.app[FEED].follow(reader) as queue:
        # When the delivery fails, the group ends the reading too, and the reader comes back.
        async with asyncio.TaskGroup() as tasks:
            delivery = tasks.create_task(deliver(request.app, reader, queue, start))
            async for _ in reader:
                await reader.close(code=UNSUPPORTED_DATA, message=b"The feed does not listen.")
            delivery.cancel()
    return reader


async def deliver(
    app: web.Application, reader: web.WebSocketResponse, queue: asyncio.Queue[Entry], start: int | None
) -> None:
    """Send a reader what it missed and then what is queued, each entry once."""
    sent = set()
    with suppress(ConnectionError):
        if start is not None:
            async for entry in app[ENTRIES].since(start):
                sent.add(entry.id)
                await reader.send_json(represent(app, entry))
        while app[FEED].has(reader) or not queue.empty():
            entry = await queue.get()
            if entry.id not in sent:
                await reader.send_json(represent(app, entry))
        await reader.close(code=TRY_AGAIN_LATER, message=b"You are too far behind.")

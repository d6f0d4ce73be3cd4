"""News: how an entry that is written at one process reaches the readers at all of them.

One process tells its own readers. Several share a Redis: each publishes there what is written at it, and tells its
readers what it hears. The entries themselves are in the database, so that what was not heard can be looked up.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from muntin import web

from .entries import ENTRIES, Entry
from .feed import FEED

# What is raised when Redis is not there. The client is installed only where it is used: the settings ask for it.
LOST: tuple[type[Exception], ...]
try:
    import redis.asyncio as redis
except ImportError:
    LOST = (OSError,)
else:
    LOST = (OSError, redis.RedisError)

CHANNEL = "guestbook:entries"

# How long to wait before Redis is asked again. Seconds.
RETRY = 1.0

# Numbers are given out in order, but transactions end in any: a look for what was missed begins so much earlier, and
# what was told already is remembered for longer than that.
OVERLAP = 100
LONGEST_MEMORY = 10 * OVERLAP

LOGGER = logging.getLogger("guestbook.news")


class NewsError(OSError):
    """Redis, which ought to carry the news, cannot be reached."""


class News:
    """The news of one process alone."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def announce(self, entry: Entry) -> None:
        """Send an entry that was written here to all readers."""
        self._app[FEED].publish(entry)


class SharedNews(News):
    """The news of several processes, which share a Redis. While that is away, the readers here are told."""

    def __init__(self, app: web.Application, client: Any) -> None:
        super().__init__(app)
        self._client = client
        self._told: dict[int, None] = {}
        self._newest: int | None = None

    async def announce(self, entry: Entry) -> None:
        try:
            await self._client.publish(CHANNEL, json.dumps(asdict(entry), default=datetime.isoformat))
        except LOST as error:
            LOGGER.warning("an entry is told here only: %s", error)
            self._tell(entry)

    async def listen(self, is_listening: asyncio.Event) -> None:
        """Send the published entries to the readers here, for ever."""
        while True:
            try:
                async with self._client.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "subscribe":
                            await self._catch_up()
                            is_listening.set()
                        else:
                            self._tell(parse_entry(message["data"]))
            except LOST as error:
                LOGGER.warning("no news from Redis: %s", error)
            await asyncio.sleep(RETRY)

    async def _catch_up(self) -> None:
        """Send the entries that were written while the connection was lost."""
        if self._newest is None:
            page = await self._app[ENTRIES].turn_to(before=None, limit=1)
            self._newest = page.entries[0].id if page.entries else 0
            return
        async for entry in self._app[ENTRIES].since(max(0, self._newest - OVERLAP)):
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        if entry.id in self._told:
            return
        self._told[entry.id] = None
        if len(self._told) > LONGEST_MEMORY:
            del self._told[next(iter(self._told))]
        self._newest = max(self._newest or 0, entry.id)
        self._app[FEED].publish(entry)


def parse_entry(text: bytes) -> Entry:
    """Return the entry that another process has published."""
    members = json.loads(text)
    return Entry(**members | {"written": datetime.fromisoformat(members["written"])})


NEWS = web.AppKey("NEWS", News)
REDIS = web.AppKey("REDIS", str)


async def open_news(app: web.Application) -> AsyncIterator[None]:
    """Listen to Redis from start to end, where there is one."""
    if not app[REDIS]:
        app[NEWS] = News(app)
        yield
        return
    client = redis.from_url(app[REDIS])
    app[NEWS] = news = SharedNews(app, client)
    is_listening = asyncio.Event()
    listener = asyncio.create_task(news.listen(is_listening))
    try:
        try:
            # Asked at first, as listening goes on for ever.
            await client.ping()
        except LOST as error:
            raise NewsError(
                f"the Redis of GUESTBOOK_REDIS cannot be reached: {type(error).__name__}"
            ) from error
        await is_listening.wait()
        yield
    finally:
        listener.cancel()
        with suppress(asyncio.CancelledError):
            await listener
        await client.aclose()

"""Entries, and the database that keeps them with their images.

The statements are plain SQL for every database that SQLAlchemy drives, so one `GUESTBOOK_DB` is as good as another.
"""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from muntin import web

from .drafts import LONGEST_NAME, Draft
from .uploads import Image


class Moment(TypeDecorator[datetime]):
    """A time in UTC, also where the database has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


metadata = MetaData()

images = Table(
    "images",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("media_type", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    # SQLite numbers rows by itself only in a column that is called INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("message", Text, nullable=False),
    Column("image", ForeignKey(images.c.name), nullable=True),
    Column("written", Moment, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The text that a visitor wrote, and its time; `image` is the name of the image that came with it."""

    id: int
    name: str
    message: str
    image: str | None
    written: datetime


class Page(NamedTuple):
    """Some entries, the newest first, and the number before which the next page begins, if there is one."""

    entries: list[Entry]
    before: int | None


class Entries:
    """The book."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, draft: Draft) -> Entry:
        """Keep an entry and its image, both or neither."""
        written = datetime.now(UTC).replace(microsecond=0)
        image = draft.image
        name = image.name if image else None
        async with self._engine.begin() as connection:
            if image:
                await connection.execute(insert(images).values(asdict(image)))
            row = {"name": draft.name, "message": draft.message, "image": name, "written": written}
            result = await connection.execute(insert(entries).values(row))
        (number,) = cast(tuple[int], result.inserted_primary_key)
        return Entry(number, draft.name, draft.message, name, written)

    async def find(self, number: int) -> Entry | None:
        """Return one entry."""
        found = await self._read(select(entries).where(entries.c.id == number))
        return found[0] if found else None

    async def find_image(self, name: str) -> Image | None:
        """Return one image."""
        async with self._engine.connect() as connection:
            result = await connection.execute(select(images).where(images.c.name == name))
        row = result.mappings().first()
        return Image(**row) if row else None

    async def turn_to(self, *, before: int | None, limit: int) -> Page:
        """Return the newest entries, or the newest of those before a number."""
        statement = select(entries).order_by(entries.c.id.desc()).limit(limit + 1)
        if before is not None:
            statement = statement.where(entries.c.id < before)
        found = await self._read(statement)
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    async def since(self, number: int, *, step: int = 100) -> AsyncIterator[Entry]:
        """Return the entries after a number, the oldest first, `step` of them by one query."""
        while True:
            statement = select(entries).where(entries.c.id > number).order_by(entries.c.id).limit(step)
            found = await self._read(statement)
            for entry in found:
                yield entry
            if len(found) < step:
                return
            number = found[-1].id

    async def _read(self, statement: Select[Any]) -> list[Entry]:
        async with self._engine.connect() as connection:
            result = await connection.execute(statement)
        return [Entry(**row) for row in result.mappings()]


ENTRIES = web.AppKey("ENTRIES", Entries)
DATABASE = web.AppKey("DATABASE", str)


async def make_tables(engine: AsyncEngine) -> None:
    """Make the tables that are missing."""
    for is_last in (False, True):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
            return
        except DBAPIError:
            # Another process may have made one in the same moment: then it is there now.
            if is_last:
                raise


async def check_entries(app: web.Application) -> None:
    """Ask the database whether it is there."""
    await app[ENTRIES].turn_to(before=None, limit=1)


async def open_entries(app: web.Application) -> AsyncIterator[None]:
    """Open the database at start, with its tables made when they are missing; close it in the end."""
    engine = create_async_engine(app[DATABASE])
    try:
        await make_tables(engine)
        app[ENTRIES] = Entries(engine)
        yield
    finally:
        await engine.dispose()

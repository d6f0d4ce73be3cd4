"""The same application on PostgreSQL."""

import asyncio
import json

import pytest
from guestbook.app import create_app
from guestbook.settings import Settings
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.sync.client import connect

from muntin import web

PATIENCE = 120.0


@pytest.mark.row("XP-14")
def test_everything_works_and_stays(start, postgresql, png):
    guestbook = start(GUESTBOOK_DB=postgresql)
    with guestbook.client() as client, connect(guestbook.feed_url("?after=0"), proxy=None) as feed:
        words = {"name": "Zoë 🪟", "message": "Kept by PostgreSQL."}
        created = client.post("/api/entries", data=words, files={"image": ("sky.png", png)})
        entry = created.json()
        news = json.loads(feed.recv(timeout=PATIENCE))
        listed = client.get("/api/entries").json()["entries"]
        beyond = client.get("/api/entries/" + "9" * 18)
        page = client.get("/")
    assert guestbook.stop() == 0

    assert created.status_code == 201
    assert [entry] == listed == [news]
    assert beyond.status_code == 404
    assert words["name"] in page.text

    with start(GUESTBOOK_DB=postgresql).client() as client:
        assert client.get(entry["url"]).json() == entry
        assert client.get(entry["image"]).content == png


@pytest.mark.row("XP-14")
def test_the_engine_is_disposed_exactly_once(postgresql, monkeypatch):
    """It is made in a cleanup context, whatever ends the application: no connection is left behind."""
    disposed = []
    dispose = AsyncEngine.dispose

    async def note(engine, *args, **kwargs):
        disposed.append(engine)
        await dispose(engine, *args, **kwargs)

    monkeypatch.setattr(AsyncEngine, "dispose", note)

    async def main():
        runner = web.AppRunner(create_app(Settings(database=postgresql)))
        await runner.setup()
        await runner.cleanup()
        await runner.cleanup()

    asyncio.run(main())
    assert len(disposed) == 1
    assert disposed[0].pool.checkedout() == 0


@pytest.mark.row("XP-14")
def test_two_that_start_at_once_make_the_tables_once(start, postgresql):
    first, second = (start(GUESTBOOK_DB=postgresql, wait=False) for _ in range(2))
    for guestbook in (first, second):
        guestbook.wait_until_it_listens()
        assert guestbook.stop() == 0

"""The same application on PostgreSQL: a cluster of our own, reachable through a socket in its folder only."""

import json
import os
import shutil
import subprocess
import tempfile
from functools import partial
from importlib.util import find_spec

import pytest
from websockets.sync.client import connect

PATIENCE = 30.0

# The programs refuse to serve as root.
OWNER = "postgres" if os.geteuid() == 0 else None


def missing():
    """Give what a cluster would need and this machine has not."""
    programs = [program for program in ("initdb", "pg_ctl") if shutil.which(program) is None]
    return programs + [module for module in ("asyncpg",) if find_spec(module) is None]


@pytest.fixture(scope="module")
def database():
    """Give the URL of a new and empty database."""
    if missing():
        pytest.skip(f"there is no {' and no '.join(missing())} on this machine")
    run = partial(
        subprocess.run, check=True, timeout=PATIENCE, user=OWNER, cwd="/", stdout=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory() as folder:
        if OWNER:
            shutil.chown(folder, OWNER)
        data = f"{folder}/data"
        run(
            [
                "initdb",
                "--pgdata",
                data,
                "--username",
                "guest",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--no-sync",
            ]
        )
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(["pg_ctl", "start", "--wait", "--pgdata", data, "--log", f"{folder}/log", "--options", options])
        try:
            yield f"postgresql+asyncpg://guest@/postgres?host={folder}"
        finally:
            run(["pg_ctl", "stop", "--wait", "--pgdata", data, "--mode", "fast"])


def test_everything_works_and_stays(start, database, png):
    guestbook = start(GUESTBOOK_DB=database)
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

    with start(GUESTBOOK_DB=database).client() as client:
        assert client.get(entry["url"]).json() == entry
        assert client.get(entry["image"]).content == png

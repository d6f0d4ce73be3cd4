"""Starts: what a program does not use it does not wait for.

How long a start takes is measured (`python -m benchmarks imports`); what must not come along is held fast here.
"""

import subprocess
import sys

import pytest

# What importing a door must not load, and why.
NOT_LOADED = {
    "muntin.http_core": {
        "muntin.http_core.client": "a server is no client",
        "muntin.http_core.coding": "most bodies are sent as they are",
        "muntin.http_core.headers": "the engine itself reads the few fields that frame",
        "muntin.http_core.multipart": "few requests bring a form",
    },
    "muntin.http_core.coding": {
        "muntin.http_core.coding.decoder": "who encodes does not have to decode",
        "muntin.http_core.coding.encoder": "and the other way round",
    },
    "muntin.http_core.headers": {
        "muntin.http_core.headers.accept": "each family is for those who ask for it",
        "muntin.http_core.headers.dates": "each family is for those who ask for it",
    },
    "muntin.http_core.multipart": {
        "muntin.http_core.multipart.decoder": "who makes forms does not have to read them",
        "muntin.http_core.multipart.encoder": "and the other way round",
    },
    "muntin.runner": {
        "muntin.runner.gunicorn": "few are run by gunicorn",
        "muntin.runner.workers": "nor by a supervisor of ours",
        "multiprocessing": "workers are forked",
        "pathlib": "a path is what os.fspath takes",
    },
    "muntin.web": {
        "email": "HTTP is no mail: its grammar is in muntin.http_core",
        "hashlib": "only WebSockets and versions of files are hashed",
        "html": "only the pages for developers, and listings, are HTML",
        "http.cookies": "cookies are read and written by muntin.http_core",
        "multiprocessing": "workers are forked",
        "muntin.http_core.client": "a server is no client",
        "muntin.http_core.coding.registry": "most bodies are sent as they are",
        "muntin.http_core.headers.accept": "few handlers negotiate",
        "muntin.http_core.headers.disposition": "few answers are files to save",
        "muntin.http_core.headers.forwarded": "not everybody is behind a proxy",
        "muntin.http_core.headers.ranges": "only files are asked for in pieces",
        "muntin.http_core.multipart.decoder": "few requests bring a form",
        "muntin.runner.workers": "most programs are one process",
        "muntin.static": "not everybody serves files",
        "muntin.web.serving.debug_page": "it is for developers",
        "muntin.web.response.events": "not everybody sends events",
        "muntin.web.response.file": "not everybody serves files",
        "muntin.web.middlewares.telemetry": "each of these is for those who ask for it",
        "muntin.migrate": "it is a command",
        "muntin.web.multipart": "few requests bring a form",
        "muntin.web.program.run": "a runner can do without",
        "muntin.web.testing": "it is for tests",
        "muntin.web.websocket": "not everybody speaks WebSocket",
        "muntin.websocket": "not everybody speaks WebSocket",
        "pathlib": "only files have paths",
        "secrets": "only boundaries of multipart are drawn by lot",
        "tempfile": "only large uploads go to disk",
        "uuid": "few variables are of that type",
    },
    "muntin.web.program.run": {
        "muntin.runner.workers": "most programs are one process",
        "pathlib": "a path is what os.fspath takes",
    },
}

ANSWER_ONCE = """
import asyncio, sys
from muntin import web
imported = set(sys.modules)

async def hello(request):
    return web.Response(text="hello")

async def main():
    app = web.Application()
    app.add_routes([web.get("/", hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    assert (await reader.read()).endswith(b"\\r\\n\\r\\nhello")
    writer.close()
    await runner.cleanup()

asyncio.run(main())
print(*sorted(set(sys.modules) - imported))
"""


def run(program: str) -> list[str]:
    """Return the words that a program prints in a fresh interpreter."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("door", NOT_LOADED)
def test_an_import_brings_nothing_that_is_put_off(door):
    # What the interpreter itself has loaded, for coverage or an editable install, is nobody's fault.
    loaded = run(f"import sys; before = set(sys.modules)\nimport {door}\nprint(*set(sys.modules) - before)")

    assert door in loaded
    assert sorted(NOT_LOADED[door].keys() & set(loaded)) == []


def test_a_plain_application_answers_without_loading_anything_more():
    """What is put off is not merely paid for later: the usual way needs none of it."""
    assert run(ANSWER_ONCE) == []

"""The report for projects that come from aiohttp: what it finds, and what it is not confused by."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from muntin.migrate import Kind, examine
from muntin.migrate._examination import examine_source
from muntin.migrate._rules import RULES

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 300

HEAD = "import aiohttp, asyncio\nfrom aiohttp import web\n"

# A line as it may stand in a project, and what is said about it.
LINES = [
    ("from aiohttp import ClientSession", Kind.MISSING, "keep aiohttp for the client"),
    ("session = aiohttp.ClientSession()", Kind.MISSING, "keep aiohttp for the client"),
    ("import aiohttp as http; http.ClientTimeout(3)", Kind.MISSING, "keep aiohttp for the client"),
    ("from aiohttp.web import Response", Kind.IMPORT, "from muntin import web"),
    ("from aiohttp.web_exceptions import HTTPFound", Kind.DIFFERS, "import this from muntin.web"),
    ("kind = aiohttp.WSMsgType.TEXT", Kind.DIFFERS, "import this from muntin.web"),
    ("from aiohttp.test_utils import TestClient", Kind.DIFFERS, "use muntin.web.testing"),
    ("worker_class = 'aiohttp.GunicornWebWorker'", Kind.DIFFERS, "muntin.runner.GunicornWebWorker"),
    ("from aiohttp_session import get_session", Kind.MISSING, "imports aiohttp by its name"),
    ("from aiojobs.aiohttp import setup, spawn", Kind.MISSING, "app.spawn()"),
    ("app.router['u'].url(parts={'user': 'ada'}, query='?a=b')", Kind.OLDER, "url_for()"),
    ("request.app.named_resource['root']", Kind.OLDER, "named_resources()"),
    ("app.router.add_route('/{name}')", Kind.OLDER, "add_resource()"),
    ("if msg.tp == aiohttp.MsgType.text: pass", Kind.OLDER, "message.type"),
    ("if msg.tp == aiohttp.MsgType.text: pass", Kind.OLDER, "web.WSMsgType"),
    ("text = response.message", Kind.OLDER, "response.reason"),
    ("handler = app.make_handler()", Kind.OLDER, "web.AppRunner"),
    ("loop.run_until_complete(handler.finish_connections(60.0))", Kind.OLDER, "AppRunner.cleanup()"),
    ("app = web.Application(loop=loop)", Kind.OLDER, "leave loop= out"),
    ("async def factory(app, handler): ...", Kind.OLDER, "@web.middleware"),
    ("def plain(request): ...\napp.router.add_route('GET', '/', plain)", Kind.OLDER, "async def"),
    ("def plain(request): ...\napp.add_routes([web.get('/', plain)])", Kind.OLDER, "async def"),
    ("def handler(request):\n    return web.HTTPFound('/x')", Kind.OLDER, "raise it"),
    ("app.add_routes([web.add_get('/', hello)])", Kind.OLDER, "web.get()"),
    ("ws.close(code=999, message='bye')", Kind.DIFFERS, "1001"),
    ("loop.run_until_complete(srv.wait_closed())", Kind.DIFFERS, "3.12"),
    ("loop = asyncio.get_event_loop()", Kind.DIFFERS, "running loop"),
    ("page = request.GET['page']", Kind.MISSING, "request.query"),
    ("form = request.POST", Kind.MISSING, "request.post()"),
    ("resp.start(request)", Kind.MISSING, "prepare(request)"),
    ("ws.can_start(request)", Kind.MISSING, "can_prepare()"),
    ("app.register_on_finish(close)", Kind.MISSING, "on_cleanup"),
    ("loop.run_until_complete(app.finish())", Kind.MISSING, "app.cleanup()"),
    ("if not resp.started: pass", Kind.MISSING, "response.prepared"),
    ("chunk = request.payload", Kind.MISSING, "request.content"),
    ("request.protocol.force_close()", Kind.MISSING, "request.exchange"),
    ("handler = app.make_handler(keep_alive=75)", Kind.MISSING, "keepalive_timeout="),
    (
        "app.make_handler(secure_proxy_ssl_header=('X', 'https'))",
        Kind.MISSING,
        "muntin.web.middlewares.proxies",
    ),
    ("app.router.post_init(app)", Kind.MISSING, "a router needs no such call"),
    ("request.match_info.add_app(app)", Kind.MISSING, "the applications are known before"),
    ("from aiohttp import CIMultiDict", Kind.DIFFERS, "import this from multidict"),
    ("from aiohttp.multidict import MultiDict", Kind.DIFFERS, "import this from multidict"),
    ("from aiohttp import hdrs", Kind.DIFFERS, "as text"),
    ("if request.method == aiohttp.hdrs.METH_GET: pass", Kind.DIFFERS, "as text"),
    ("from aiohttp.abc import AbstractView", Kind.DIFFERS, "muntin.web.abc"),
    ("from aiohttp.log import access_logger", Kind.DIFFERS, "muntin.access"),
    ("from aiohttp.typedefs import Handler", Kind.DIFFERS, "import this from muntin.web"),
    ("from aiohttp.http import HttpVersion11", Kind.DIFFERS, "import this from muntin.web"),
    ("from aiohttp.worker import GunicornWebWorker", Kind.DIFFERS, "muntin.runner"),
    ("from aiohttp import streamer", Kind.DIFFERS, "async generator"),
    ("from aiohttp import errors", Kind.MISSING, "no such name here"),
    ("import aiohttp.wsgi", Kind.MISSING, "no such name here"),
    ("from aiohttp.helpers import sentinel", Kind.MISSING, "no such name here"),
    ("import aiohttp_security", Kind.MISSING, "knows nothing of muntin"),
    ("app.router['root'].url()", Kind.OLDER, "url_for()"),
    (
        "async def auth(application, nxt):\n    async def inner(req): ...\n    return inner",
        Kind.OLDER,
        "@web.middleware",
    ),
    ("class A:\n    async def make(self, app, handler): ...", Kind.OLDER, "@web.middleware"),
    ("@routes.get('/')\ndef plain(request): ...", Kind.OLDER, "async def"),
    ("@asyncio.coroutine\ndef old(request): ...", Kind.DIFFERS, "Python has this no longer"),
    ("def hook(app): ...\napp.on_startup.append(hook)", Kind.DIFFERS, "a signal awaits its receivers"),
    ("app.router.add_get('/{word:[а-я]+}', hello)", Kind.DIFFERS, "percent-encoded path"),
]


@pytest.mark.parametrize(
    ("line", "kind", "message"), LINES, ids=[f"{text}-{said}" for text, _, said in LINES]
)
def test_what_is_found(line: str, kind: Kind, message: str) -> None:
    found = [
        finding
        for finding in examine_source(f"{HEAD}{line}\n".encode(), "app.py")
        if finding.line > 2 and message in finding.message
    ]
    assert [finding.kind for finding in found] == [kind]
    assert found[0].line <= 2 + len(line.splitlines())


UNCHANGED = """
from muntin import web

routes = web.RouteTableDef()


@web.middleware
async def outer(app, handler): ...


@routes.get("/")
async def hello(request):
    writer.start(10)
    await writer.wait_closed()
    await ws.close(code=1000)
    resource.url_for(parts="x")
    app.router.add_route("GET", "/", hello)
    raise web.HTTPFound("/")
"""


NOT_OURS = """
from muntin import web


def plain(request): ...


def handle(settings, queue, path):
    settings.get("/x", plain)
    requests.post("http://example.com/", plain)
    queue.put(path, plain)
    worker.started, record.message, event.payload, self.task, server.writer
    app.on_startup.append(lambda app: start(app))
    words = "/пример/{word}"
    return HTTPAdapter("x"), urllib.HTTPError("x")


def adapter():
    return HTTPAdapter("x")


async def pair(left, right):
    async def inner(): ...

    return left
"""


def test_what_looks_alike_is_not_mentioned() -> None:
    assert list(examine_source(NOT_OURS.encode(), "app.py")) == []


@pytest.mark.parametrize("framework", ["from django.views import View", "from fastapi import FastAPI"])
def test_where_another_framework_serves_aiohttp_is_its_client(framework: str) -> None:
    source = f"""
{framework}
import aiohttp

@app.get("/")
def view(request):
    return request.GET, request.POST, aiohttp.ClientSession()
"""
    found = list(examine_source(source.encode(), "views.py"))
    assert {finding.anchor for finding in found} == {"what-to-change", "the-client"}

    found = list(examine_source(f"from aiohttp import web\n{source}".encode(), "views.py"))
    assert {finding.anchor for finding in found} > {"the-older-page", "what-is-not-offered"}


def test_what_works_unchanged_is_not_mentioned() -> None:
    assert list(examine_source(UNCHANGED.encode(), "app.py")) == []


def test_modules_of_other_things_are_left_alone() -> None:
    assert list(examine_source(b"import django\nrequest.GET\nmsg.tp\n", "views.py")) == []


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"import aiohttp\nprint 'hello'\n", 2, "no Python"),
        (b"\x00", 1, "no Python"),
        (b"x = '\xff'\n", 1, "no Python"),
        (b"# coding: nonsense\n", 1, "no Python"),
        (b"(" * 100_000, 1, "no Python"),
    ],
    ids=["older-python", "null", "not-utf8", "unknown-coding", "deep"],
)
def test_what_is_no_python_is_said(data: bytes, line: int, said: str) -> None:
    (found,) = examine_source(data, "app.py")
    assert (found.kind, found.line) == (Kind.UNREAD, line)
    assert said in found.message


@pytest.mark.parametrize(
    "data",
    [
        "# coding: cp1251\nfrom aiohttp import web  # привет\n".encode("cp1251"),
        "\ufefffrom aiohttp import web\n".encode(),
        b"from aiohttp import web\r\nx = '\\d'\r\n",
    ],
    ids=["coding", "mark", "escape"],
)
def test_codings_are_understood(data: bytes) -> None:
    assert [finding.kind for finding in examine_source(data, "app.py")] == [Kind.IMPORT]


def test_a_tree_with_traps(tmp_path: Path) -> None:
    source = "from aiohttp import web\n"
    for name in (
        "b/one.py",
        "a/two.py",
        ".git/x.py",
        "node_modules/x.py",
        "env/lib/x.py",
        "a/__pycache__/x.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "missing.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "a" / "notes.txt").write_text(source)
    (tmp_path / "large.py").write_bytes(b"#" * (5 << 20))
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "z.py").mkdir()

    found = [(os.path.relpath(each.path, tmp_path), each.kind) for each in examine(tmp_path)]

    assert sorted(found) == [
        ("a/missing.py", Kind.UNREAD),
        ("a/two.py", Kind.IMPORT),
        ("b/one.py", Kind.IMPORT),
        ("large.py", Kind.UNREAD),
        ("pipe.py", Kind.UNREAD),
    ]


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "muntin.migrate", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from aiohttp import web\n\napp = web.Application(loop=None)\n")
    ended = run("app.py", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "app.py:1: import: from muntin import web (#what-to-change)",
        "app.py:3: older: leave loop= out (#the-older-page)",
        "1 import, 1 older",
    ]

    (tmp_path / "client.py").write_text("from aiohttp import ClientSession\n")
    ended = run(".", cwd=tmp_path)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, "1 import, 1 older, 1 missing")

    ended = run("nowhere", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, "error: there is no nowhere\n")
    assert run(cwd=tmp_path).returncode == 2


def test_names_that_no_terminal_can_show(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.py")).write_text("from aiohttp import web\n")
    ended = run(".", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert r"a\udcff.py:1: import" in ended.stdout


def test_nothing_is_changed_or_imported(tmp_path: Path) -> None:
    source = "from aiohttp import web\nraise SystemExit(9)\n"
    (tmp_path / "app.py").write_text(source)
    assert run(".", cwd=tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
    assert (tmp_path / "app.py").read_text() == source


def test_every_anchor_is_a_heading_of_the_page() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "migrate-from-aiohttp.md"
    if not page.exists():
        pytest.skip("the documentation is part of the repository, not of the package")
    headings = {
        line.lstrip("# ").lower().replace(" ", "-")
        for line in page.read_text().splitlines()
        if re.match("##+ ", line)
    }
    assert {rule.anchor for rule in RULES} | {"the-report"} <= headings

"""The table of files beside aiohttp's has every public name of the installed aiohttp, and tells how both respond."""

import asyncio
import inspect
import os
import re
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web as theirs

from muntin import web as ours

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-static.md"

pytestmark = pytest.mark.row("ST-01", "ST-02", "BH-11", "BH-13")


def read_section(name):
    return PAGE.read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def read_names(section):
    """Return what the page says of each name of one section."""
    told = {}
    for names, here in re.findall(r"^\| (.+?) \| (.+) \|$", read_section(section), re.M):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", names), here)
    return told


def public_names(kind):
    """Return the names of a class; of a response only those that it has not from being one."""
    if issubclass(kind, theirs.StreamResponse):
        return {name for name in vars(kind) if not name.startswith("_")}
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["StaticResource", "FileResponse"])
def test_every_name_of_theirs_is_in_the_table_and_none_besides(name):
    assert set(read_names(name)) == public_names(getattr(theirs, name))


@pytest.mark.parametrize("name", ["StaticResource", "FileResponse"])
def test_what_the_table_names_is_there_and_takes_the_same_arguments(name):
    one, other = getattr(theirs, name), getattr(ours, name)
    for member, here in {**read_names(name), "__init__": "same"}.items():
        assert re.match(r"(same|stricter|other|not offered)\b", here), member
        assert hasattr(other, member), member
        if callable(getattr(one, member)) and "its parameter is called" not in here:
            wanted, found = (inspect.signature(getattr(kind, member)).parameters for kind in (one, other))
            assert {key: each.kind for key, each in wanted.items()} == {
                key: found[key].kind for key in wanted
            }
            assert [each.default for each in wanted.values()] == [found[key].default for key in wanted]


def test_prefixes_are_refused_as_the_table_says(tmp_path):
    with pytest.raises(RuntimeError):
        ours.StaticResource("/static", tmp_path).add_prefix("/other")


# How both respond

ROWS = re.findall(r"^\| `([A-Z]+ .+?)` \| (.+?) \| (.+?) \| (.+) \|$", read_section("Answers"), re.M)


def make_files(base):
    root = base / "root"
    (root / "sub").mkdir(parents=True)
    for name, text in {"a.txt": "0123456789", "b.txt": "new", "sub/c.txt": "c", "c.js": "js"}.items():
        (root / name).write_text(text)
    for name in ("b.txt.gz", "c.js.gz", "c.js.zst"):
        (root / name).write_text("coded")
    os.utime(root / "b.txt.gz", (1_500_000_000, 1_500_000_000))
    (base / "secret.txt").write_text("secret")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.fspath(root / "socket"))
    return root


def answer_with(web, path, status):
    async def handler(request):
        return web.FileResponse(path, status=status)

    return handler


async def serve(stack, web, root):
    app = web.Application()
    app.router.add_static("/static", root)
    app.router.add_static("/listed", root, show_index=True)
    for path, name, status in (("/file", "a.txt", 200), ("/lost", "a.txt", 404), ("/folder", "sub", 200)):
        app.router.add_route("*", path, answer_with(web, root / name, status))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner.addresses[0][1]


async def ask(port, request):
    """Return the status, and the coding if there is one, of the response to a request as the page writes it."""
    method, path, *fields = re.split(r" (?=/|[A-Z][a-z]+-?[A-Z]?[a-z]*: )", request)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [f"{method} {path} HTTP/1.1", "Host: a", "Connection: close", *fields, "", ""]
        writer.write("\r\n".join(lines).encode())
        head = (await reader.read()).partition(b"\r\n\r\n")[0].decode()
        writer.close()
        await writer.wait_closed()
    coding = re.search(r"^Content-Encoding: (\w+)", head, re.M | re.I)
    return head.split()[1] + (f" {coding[1]}" if coding else "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_both_answer_as_the_table_says(tmp_path):
    async def main():
        root = make_files(tmp_path)
        async with AsyncExitStack() as stack:
            ports = [await serve(stack, web, root) for web in (theirs, ours)]
            return {row[0]: [await ask(port, row[0]) for port in ports] for row in ROWS}

    assert len(ROWS) > 15
    assert asyncio.run(main()) == {request: [one, other] for request, one, other, _ in ROWS}
    for _, one, other, why in ROWS:
        assert re.match(r"(same|stricter|other)\b", why)
        assert one == other or not re.fullmatch("same", why)

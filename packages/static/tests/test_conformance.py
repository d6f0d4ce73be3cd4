"""The conformance file, asked of the plan, of the ASGI application in process, and of it under uvicorn."""

import asyncio
import os
import socket
import tomllib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pytest

from muntin.static import StaticRoot
from muntin.static.asgi import StaticFiles

CONFORMANCE = Path(__file__).parents[3] / "conformance" / "static" / "requests.toml"
if not CONFORMANCE.exists():
    pytest.skip("the conformance data is part of the repository, not of the package", allow_module_level=True)
DATA = tomllib.loads(CONFORMANCE.read_text("utf-8"))

MERGED = ("expect", "fields")


@dataclass(frozen=True)
class Case:
    group: dict[str, Any]
    own: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        if key in MERGED:
            return {**self.group.get(key, {}), **self.own.get(key, {})}
        return self.own.get(key, self.group.get(key))

    @property
    def method(self) -> str:
        return self.own.get("method", "GET")

    def __str__(self) -> str:
        fields = " ".join(f"{name}:{value}" for name, value in self["fields"].items())
        return (
            f"{self.group['name']}: {self.method} {self.own['target']} {fields}".strip()
            .encode("unicode_escape")
            .decode()
        )


CASES = [
    pytest.param(
        case := Case(group, own),
        id=str(case),
        marks=[pytest.mark.row(*group["rows"])] if "rows" in group else [],
    )
    for group in DATA["group"]
    for own in group["cases"]
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tree that the file describes, and give its root."""
    base = tmp_path_factory.mktemp("conformance")
    tree = DATA["tree"]
    root = base / "static"
    for name in tree["folders"]:
        _path(base, name).mkdir(parents=True)
    for name, file in tree["files"].items():
        path = _path(base, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file["text"].encode() * file.get("repeat", 1))
        mtime = tree["mtime"] - file.get("older", 0)
        os.utime(path, (mtime, mtime))
    for name, target in tree["links"].items():
        path = _path(base, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.replace("{root}", str(root)))
    for name, kind in tree["special"].items():
        if kind == "fifo":
            os.mkfifo(_path(base, name))
        else:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(os.fspath(_path(base, name)))
    return root


def _path(base: Path, name: str) -> Path:
    return base / os.fsdecode(unquote_to_bytes(name))


@pytest.fixture(scope="module")
def roots(site: Path) -> dict[str, StaticRoot]:
    return {name: StaticRoot(site, **options) for name, options in DATA["roots"].items()}


@pytest.fixture
def check(site: Path) -> Callable[[Case, int, list[tuple[str, str]], bytes], None]:
    """Hold an answer against what a case expects."""

    def check(case: Case, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
        assert status == case["status"]
        names = [name.lower() for name, _ in fields]
        assert len(names) == len(set(names))
        given = {name.lower(): value for name, value in fields}
        for name, value in case["expect"].items():
            assert given.get(name.lower()) == value, name
        for name in case["absent"] or ():
            if name not in case.own.get("expect", ()):
                assert name.lower() not in given
        if case.method != "HEAD" and status != 304:
            assert int(given["content-length"]) == len(body)
        _check_content(case, given, body, site)

    return check


def _check_content(case: Case, given: dict[str, str], body: bytes, site: Path) -> None:
    if "body" in case.own or case["file"] is None:
        if case["body"] is not None:
            assert body == case["body"].encode()
    else:
        content = _path(site, case["file"]).read_bytes()
        if case["parts"] is not None:
            _check_parts(case["parts"], given["content-type"], body, content)
        else:
            assert body == content[slice(*(case["slice"] or (None,)))]
    for text in case["contains"] or ():
        assert text in body.decode()
    for text in case["lacks"] or ():
        assert text not in body.decode()


def _check_parts(ranges: list[list[int]], media_type: str, body: bytes, content: bytes) -> None:
    """Read multipart/byteranges with another parser than ours."""
    message = BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    parts = message.get_payload()
    assert message.get_content_type() == "multipart/byteranges"
    assert [part["Content-Range"] for part in parts] == [
        f"bytes {start}-{end - 1}/{len(content)}" for start, end in ranges
    ]
    for part, (start, end) in zip(parts, ranges, strict=True):
        assert part.get_content_type() == "application/octet-stream"
        assert part.get_payload(decode=True) == content[start:end]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 120
    assert len({param.id for param in CASES}) == len(CASES)


# The plan


@pytest.mark.parametrize("case", CASES)
def test_plan(case: Case, roots: dict[str, StaticRoot], check: Callable[..., None]) -> None:
    path, _, query = case.own["target"].partition("?")
    for _ in range(2):  # found, then remembered
        with roots[case["root"]].plan(case.method, path, case["fields"], query=query) as plan:
            body = b"".join(plan.chunks(1000))
            assert plan.length == len(body)
            check(case, plan.status, list(plan.fields), body)


# The ASGI application


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES)
async def test_asgi(case: Case, roots: dict[str, StaticRoot], check: Callable[..., None]) -> None:
    path, _, query = case.own["target"].partition("?")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": case.method,
        "path": "/assets" + unquote(path),
        "raw_path": b"/assets" + path.encode(),
        "root_path": "/assets",
        "query_string": query.encode(),
        "headers": [
            (name.lower().encode(), value.encode("latin-1", "ignore"))
            for name, value in case["fields"].items()
        ],
    }
    await StaticFiles(roots[case["root"]])(scope, receive, send)
    assert sent[0]["type"] == "http.response.start"
    fields = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    assert not sent[-1].get("more_body", False)
    check(case, sent[0]["status"], fields, b"".join(message["body"] for message in sent[1:]))


# A server


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def addresses(
    roots: dict[str, StaticRoot], serve: Callable[..., Any], anyio_backend: str
) -> AsyncIterator[dict[str, tuple[str, int]]]:
    """Serve every root with uvicorn on a loopback port of its own."""
    async with serve(*map(StaticFiles, roots.values())) as running:
        yield dict(zip(roots, (address for address, _ in running), strict=True))


@pytest.mark.anyio
@pytest.mark.parametrize("case", [param for param in CASES if param.values[0].own.get("wire", True)])
async def test_uvicorn(case: Case, addresses: dict[str, tuple[str, int]], check: Callable[..., None]) -> None:
    lines = [f"{case.method} {case.own['target']} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in case["fields"].items()]
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*addresses[case["root"]])
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *field_lines = head.decode("latin-1").split("\r\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in field_lines)]
    check(case, int(status_line.split()[1]), fields, body)

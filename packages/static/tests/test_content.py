"""Small files that are asked for again."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muntin.static import FilePlan, StaticRoot, plan_file
from muntin.static._content import KEPT, Contents
from muntin.static._representation import About, describe


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be ten seconds old: one that was just written may be written again within a tick of its clock."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10_000_000_000)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Note every file that is opened."""
    seen: list[Any] = []
    really = os.open

    def note(path: Any, *args: Any, **options: Any) -> int:
        seen.append(path)
        return really(path, *args, **options)

    monkeypatch.setattr(os, "open", note)
    return seen


Ask = Callable[..., FilePlan]


@pytest.fixture(params=["root", "file"])
def ask(request: pytest.FixtureRequest, tree: Path) -> Ask:
    """Ask for hello.txt, of a root or by its path."""
    if request.param == "file":
        return lambda method="GET", fields=None: plan_file(tree / "hello.txt", method, fields or {})
    root = StaticRoot(tree)
    return lambda method="GET", fields=None: root.plan(method, "hello.txt", fields or {})


def test_what_was_read_is_not_read_again(ask: Ask, opened: list[Any]) -> None:
    first = ask()
    opened.clear()
    again = ask()
    assert (again.status, again.fields, again.body) == (first.status, first.fields, b"hello, world\n")
    assert opened == []


def test_conditions_and_ranges_count_all_the_same(ask: Ask, opened: list[Any]) -> None:
    etag = dict(ask().fields)["ETag"]
    opened.clear()
    assert ask(fields={"If-None-Match": etag}).status == 304
    assert ask(fields={"If-Match": '"other"'}).status == 412
    assert ask(fields={"Range": "bytes=99-"}).status == 416
    part = ask(fields={"Range": "bytes=0-4"})
    assert (part.status, part.body) == (206, b"hello")
    assert ask(fields={"Range": "bytes=0-0,2-2"}).body == b"hel"  # so near that they are one
    head = ask("HEAD")
    assert (head.body, dict(head.fields)["Content-Length"]) == (b"", "13")
    assert opened == []


def test_a_change_is_seen_at_once(ask: Ask, tree: Path) -> None:
    assert ask().body == b"hello, world\n"
    (tree / "hello.txt").write_bytes(b"HELLO, WORLD\n")
    assert ask().body == b"HELLO, WORLD\n"
    (tree / "new").write_bytes(b"hello, again\n")
    os.replace(tree / "new", tree / "hello.txt")
    assert ask().body == b"hello, again\n"
    (tree / "hello.txt").unlink()
    assert ask().status == 404


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_any_more(ask: Ask, tree: Path) -> None:
    assert ask().status == 200
    (tree / "hello.txt").chmod(0)
    assert ask().status == 403


@pytest.mark.row("ST-05", "HI-39")
def test_a_link_in_its_place_is_judged_anew(tree: Path) -> None:
    root = StaticRoot(tree)
    assert root.plan("GET", "hello.txt", {}).status == 200
    (tree / "hello.txt").unlink()
    (tree / "hello.txt").symlink_to("../secret.txt")
    assert root.plan("GET", "hello.txt", {}).status == 404


def test_what_is_still_changing_is_not_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = StaticRoot(tree)
    assert root.plan("GET", "hello.txt", {}).body == b"hello, world\n"
    status = (tree / "hello.txt").stat()
    (tree / "hello.txt").write_bytes(b"HELLO, WORLD\n")
    os.utime(tree / "hello.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert root.plan("GET", "hello.txt", {}).body == b"HELLO, WORLD\n"


@pytest.mark.row("ST-08", "ST-09")
def test_versions_of_what_is_kept(tree: Path, opened: list[Any]) -> None:
    root = StaticRoot(tree, append_version=True, cache_control="no-cache")
    version = root.url_of("hello.txt").partition("?")[2]

    def policy(query: str) -> str:
        return dict(root.plan("GET", "hello.txt", {}, query=query).fields)["Cache-Control"]

    policy("")
    opened.clear()
    assert "immutable" in policy(version)
    assert policy("") == policy("a=b") == "no-cache"
    assert opened == []
    assert policy("v=other") == "no-cache"


def test_compressed_forms_are_kept_apart(tree: Path) -> None:
    (tree / "hello.txt.gz").write_bytes(b"compressed")
    root = StaticRoot(tree, append_version=True)
    version = root.url_of("hello.txt").partition("?")[2]
    for _ in range(2):
        for accepted, body in (("gzip", b"compressed"), ("br", b"hello, world\n")):
            plan = root.plan("GET", "hello.txt", {"Accept-Encoding": accepted}, query=version)
            assert plan.body == body
            assert "immutable" in dict(plan.fields)["Cache-Control"]


def test_there_is_a_bound(tmp_path: Path) -> None:
    contents = Contents()
    path = tmp_path / "file"
    path.write_bytes(bytes(60_000))
    status = path.stat()
    for number in range(2 * KEPT // 60_000):
        chosen = describe((f"{number}",), About(""), status.st_mtime_ns, status.st_size)
        contents.keep(chosen, str(path), bytes(60_000), status)
        assert contents.recall(chosen) is not None
        assert contents.size <= KEPT
    size = contents.size
    contents.keep(chosen, str(path), bytes(60_000), status)  # in the place of the former
    assert contents.size == size


def test_what_was_cut_while_it_was_read_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    status = path.stat()
    contents = Contents()
    chosen = describe(("file",), About(""), status.st_mtime_ns, 5)
    contents.keep(chosen, str(path), b"123", status)
    contents.keep(chosen.resized(4), str(path), b"12345", status)
    assert contents.size == 0

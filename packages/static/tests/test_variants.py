"""Files and their compressed forms, as they come, change and go."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from muntin.static import CacheLimits, StaticRoot
from muntin.static import _variants as module
from muntin.static._sandbox import Sandbox
from muntin.static._variants import open_file, status_of

GZIP = {"Accept-Encoding": "gzip"}


def test_what_an_error_says_of_a_request() -> None:
    assert status_of(FileNotFoundError(errno.ENOENT, "")) == 404
    assert status_of(PermissionError(errno.EACCES, "")) == 403
    assert status_of(OSError(errno.EMFILE, "")) == 503
    for error in (OSError(errno.EIO, "the disk"), OSError("no number")):
        with pytest.raises(OSError) as caught:
            status_of(error)
        assert caught.value is error


def test_a_change_is_seen_at_once(tree: Path) -> None:
    root, path = StaticRoot(tree), tree / "hello.txt"
    tags = set()
    for content in (b"one", b"three", b"four"):
        path.write_bytes(content)
        plan = root.plan("GET", "hello.txt", {})
        assert plan.body == content
        tags.add(dict(plan.fields)["ETag"])
    assert len(tags) == 3
    path.unlink()
    assert root.plan("GET", "hello.txt", {}).status == 404
    path.mkdir()
    assert root.plan("GET", "hello.txt", {}).status == 403


def test_a_compressed_form_that_goes_away(tree: Path) -> None:
    root, sibling = StaticRoot(tree), tree / "hello.txt.gz"
    sibling.write_bytes(b"as gzip")
    assert root.plan("GET", "hello.txt", GZIP).body == b"as gzip"
    sibling.unlink()
    assert root.plan("GET", "hello.txt", GZIP).body == b"hello, world\n"


@pytest.mark.row("AH-10", "HI-39")
def test_a_compressed_form_that_becomes_a_link(tree: Path) -> None:
    root, sibling = StaticRoot(tree), tree / "hello.txt.gz"
    sibling.write_bytes(b"as gzip")
    assert root.plan("GET", "hello.txt", GZIP).body == b"as gzip"
    sibling.unlink()
    sibling.symlink_to("../secret.txt")
    assert root.plan("GET", "hello.txt", GZIP).body == b"hello, world\n"


def test_a_compressed_form_that_becomes_a_directory(tree: Path) -> None:
    root, sibling = StaticRoot(tree), tree / "hello.txt.gz"
    sibling.write_bytes(b"as gzip")
    assert root.plan("GET", "hello.txt", GZIP).body == b"as gzip"
    sibling.unlink()
    sibling.mkdir()
    assert root.plan("GET", "hello.txt", GZIP).body == b"hello, world\n"


def test_a_compressed_form_that_comes_later(tree: Path) -> None:
    root = StaticRoot(tree, cache=CacheLimits(reread_after=0))
    assert root.plan("GET", "hello.txt", GZIP).body == b"hello, world\n"
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    assert root.plan("GET", "hello.txt", GZIP).body == b"as gzip"


def test_a_compressed_form_from_before_the_last_change(tree: Path) -> None:
    sibling = tree / "hello.txt.gz"
    sibling.write_bytes(b"as gzip")
    now = (tree / "hello.txt").stat().st_mtime
    for age, body in ((1.5, b"as gzip"), (3.0, b"hello, world\n")):
        os.utime(sibling, (now - age, now - age))
        assert StaticRoot(tree).plan("GET", "hello.txt", GZIP).body == body


@pytest.fixture
def private_tree() -> Iterator[Path]:
    """Return a tree outside of pytest's own, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        tree.chmod(0o755)
        (tree / "hello.txt").write_bytes(b"hello")
        (tree / "hello.txt").chmod(0)
        (tree / "closed").mkdir(mode=0)
        yield tree


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="this platform has no users to change to")
def test_what_may_not_be_read(private_tree: Path) -> None:
    root = StaticRoot(private_tree)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may read everything; nobody may not
    try:
        statuses = [
            root.plan("GET", path, {}).status for path in ("hello.txt", "closed/x", "closed", "nothing")
        ]
    finally:
        os.seteuid(me)
    assert statuses == [403, 403, 403, 404]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="this platform has no users to change to")
def test_what_may_not_be_read_any_more(private_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muntin.static._identity.SETTLED_NS", -(10**18))  # kept at once
    root = StaticRoot(private_tree, cache=CacheLimits(reread_after=1e9))
    folder, path = private_tree / "open", private_tree / "open" / "hello.txt"
    folder.mkdir()
    path.write_bytes(b"hello")
    me = os.geteuid()

    def ask() -> int:
        if me == 0:
            os.seteuid(65534)
        try:
            return root.plan("GET", "open/hello.txt", {}).status
        finally:
            os.seteuid(me)

    assert [ask(), ask()] == [200, 200]
    path.chmod(0)
    assert ask() == 403
    path.chmod(0o644)
    assert [ask(), ask()] == [200, 200]
    folder.chmod(0)
    assert ask() == 403
    folder.chmod(0o755)
    assert ask() == 200


def test_storage_that_fails_is_not_the_requests_fault(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = StaticRoot(tree)
    monkeypatch.delitem(module._STATUS, errno.ENOENT)  # as if "no entry" were a trouble like EIO
    with pytest.raises(FileNotFoundError):
        root.plan("GET", "nothing", {})
    with pytest.raises(FileNotFoundError):
        root.plan("GET", "hello.txt", {})  # its siblings are looked for


@pytest.mark.row("HI-38")
def test_only_files_are_remembered_and_each_once(tree: Path) -> None:
    root = StaticRoot(tree, index_file="index.html")
    for path in (
        "nothing",
        "css",
        "hello.txt",
        "/hello.txt",
        "h%65llo.txt",
        "%68ello.txt",
        "docs/",
        "d%6fcs/",
        "docs",
        "d%6fcs",
        "a%20b",
        "with%20space/a%20b.txt",
    ):
        root.plan("GET", path, {})
    assert set(root._planner._cache.paths()) == {"hello.txt", "docs/", "with%20space/a%20b.txt"}


def test_only_regular_files_are_resources(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    for parts in (("css",), ("pipe",), ("nothing",)):
        with pytest.raises(FileNotFoundError):
            open_file(Sandbox(tree).open, parts)

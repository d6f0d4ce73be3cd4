"""Open files in, versions out."""

import os
from pathlib import Path

import pytest

from muntin.static import StaticRoot, _identity
from muntin.static import _fingerprint as module
from muntin.static._fingerprint import Fingerprints, version_in
from muntin.static._sandbox import Sandbox


def age(path: Path, seconds: int = 3600) -> None:
    status = path.stat()
    os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))


@pytest.mark.row("ST-08")
def test_a_version_names_the_content(tree: Path) -> None:
    root = StaticRoot(tree)
    first = root.version_of("hello.txt")
    assert first is not None
    assert len(first) == 22
    (tree / "copy.txt").write_bytes((tree / "hello.txt").read_bytes())
    assert root.version_of("copy.txt") == first
    assert root.version_of("css/site.css") != first
    assert root.version_of(Path("css") / "site.css") == root.version_of("/css/site.css")


@pytest.mark.row("ST-08")
@pytest.mark.parametrize(
    "name", ["nothing", "css", "css/", "", "../secret.txt", "a\0b", "link", "pipe", "//hello.txt", "\ud800"]
)
def test_what_is_no_file_has_no_version(tree: Path, name: str) -> None:
    (tree / "link").symlink_to("../secret.txt")
    os.mkfifo(tree / "pipe")
    assert StaticRoot(tree).version_of(name) is None


def test_a_changed_file_has_another_version(tree: Path) -> None:
    root = StaticRoot(tree)
    path = tree / "hello.txt"
    versions = []
    for content in (b"one", b"two", b"one"):  # of one size, and within one tick of the clock
        path.write_bytes(content)
        versions.append(root.version_of("hello.txt"))
    assert versions[0] == versions[2] != versions[1]


def test_a_settled_file_is_hashed_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_identity, "SETTLED_NS", -1)
    fingerprints, sandbox = Fingerprints(), Sandbox(tree)
    path = tree / "hello.txt"
    opened = sandbox.open(("hello.txt",))
    assert opened is not None
    with opened:
        assert fingerprints.recall(("hello.txt",), opened.status) is None
        version = fingerprints.version_of(("hello.txt",), opened)
        assert fingerprints.recall(("hello.txt",), opened.status) == version
        assert fingerprints.version_of(("hello.txt",), opened) == version
    age(path)
    assert fingerprints.recall(("hello.txt",), path.stat()) is None


def test_a_file_whose_time_was_set_back_has_another_version(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_identity, "SETTLED_NS", -1)
    root, path = StaticRoot(tree), tree / "hello.txt"
    before, status = root.version_of("hello.txt"), path.stat()
    while path.stat().st_ctime_ns == status.st_ctime_ns:  # the clock of the file system ticks
        path.write_bytes(b"HELLO, WORLD\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (status.st_mtime_ns, status.st_size)
    assert root.version_of("hello.txt") != before


def test_a_fresh_file_is_not_remembered(tree: Path) -> None:
    fingerprints = Fingerprints()
    opened = Sandbox(tree).open(("hello.txt",))
    assert opened is not None
    with opened:
        fingerprints.version_of(("hello.txt",), opened)
        assert fingerprints.recall(("hello.txt",), opened.status) is None


def test_the_memory_is_bounded(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_identity, "SETTLED_NS", -1)
    monkeypatch.setattr(module, "REMEMBERED", 3)
    fingerprints, sandbox = Fingerprints(), Sandbox(tree)
    known = []
    for number in range(5):
        (tree / f"{number}").write_bytes(b"x")
        opened = sandbox.open((f"{number}",))
        assert opened is not None
        with opened:
            fingerprints.version_of((f"{number}",), opened)
            known.append(opened.status)
    kept = [number for number in range(5) if fingerprints.recall((f"{number}",), known[number]) is not None]
    assert kept == [3, 4]


def test_large_files_are_not_hashed_by_requests(tree: Path) -> None:
    path = tree / "huge.bin"
    path.write_bytes(b"x" * 1_200_000)
    root = StaticRoot(tree, append_version=True)
    version = root.version_of("huge.bin")  # fresh, so not remembered
    with root.plan("GET", "huge.bin", {}, query=f"v={version}") as plan:
        assert "Cache-Control" not in dict(plan.fields)


def test_large_files_whose_version_is_known_are_immutable(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_identity, "SETTLED_NS", -1)
    path = tree / "huge.bin"
    path.write_bytes(b"x" * 1_200_000)
    root = StaticRoot(tree, append_version=True)
    version = root.version_of("huge.bin")
    with root.plan("GET", "huge.bin", {}, query=f"v={version}") as plan:
        assert "immutable" in dict(plan.fields)["Cache-Control"]


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("", None),
        ("v=abc", "abc"),
        ("a=b&v=abc", "abc"),
        ("v=", ""),
        ("vv=x", None),
        ("v=1&v=2", "1"),
        ("a&" * 9 + "v=1", None),
    ],
)
def test_versions_in_queries(query: str, version: str | None) -> None:
    assert version_in(query) == version

"""Names in, open files out; and nothing from outside, however the tree changes meanwhile."""

import errno
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import StaticRoot, _sandbox
from muntin.static._sandbox import CAN_WALK, NO_DESCRIPTOR, Opened, Sandbox

Make = Callable[..., Sandbox]


@pytest.fixture(params=[pytest.param(True, id="walking"), pytest.param(False, id="comparing")])
def make(request: pytest.FixtureRequest) -> Make:
    """Return sandboxes of both kinds: the one for this platform, and the one for platforms without `dir_fd`."""
    if request.param and not CAN_WALK:
        pytest.skip("this platform cannot open relative to a directory")
    return lambda directory, **options: Sandbox(directory, can_walk=request.param, **options)


def read(sandbox: Sandbox, path: str) -> bytes | None:
    """Read a file; None for anything else that is there."""
    opened = sandbox.open(tuple(path.split("/")))
    if opened is None:
        return None
    with opened:
        return os.read(opened.descriptor, 100)


def test_files_and_directories(tree: Path, make: Make) -> None:
    sandbox = make(tree)
    assert read(sandbox, "hello.txt") == b"hello, world\n"
    assert read(sandbox, "css/site.css") == b"body { margin: 0 }\n"
    assert read(sandbox, "docs/deep/page.html") == b"<!doctype html><title>deep</title>"
    for parts in [(), ("css",), ("docs", "deep")]:
        opened = sandbox.open(parts)
        assert isinstance(opened, Opened)
        assert os.path.samestat(opened.status, os.stat(tree.joinpath(*parts)))
        opened.close()


@pytest.mark.parametrize("path", ["nothing", "nothing/x", "hello.txt/x", "css/nothing", "css/site.css/x"])
def test_what_is_missing(tree: Path, make: Make, path: str) -> None:
    with pytest.raises(OSError) as caught:
        make(tree).open(tuple(path.split("/")))
    assert caught.value.errno in (errno.ENOENT, errno.ENOTDIR)


@pytest.mark.row("ST-07")
@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("link", "hello.txt", "link"),
        ("css/link", "../hello.txt", "css/link"),
        ("link", "{root}/hello.txt", "link"),
        ("link", "../static/hello.txt", "link"),
        ("link", "css/../hello.txt", "link"),
        ("link", ".", "link/link/link/hello.txt"),
        ("css/up", "..", "css/up/css/up/hello.txt"),
        ("folder", "../static", "folder/hello.txt"),
    ],
)
def test_links_that_stay_inside(tree: Path, make: Make, link: str, target: str, path: str) -> None:
    (tree / link).symlink_to(target.replace("{root}", str(tree)))
    assert read(make(tree), path) == b"hello, world\n"


@pytest.mark.row("ST-05", "HI-39")
@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("link", "../secret.txt", "link"),
        ("link", "{base}/secret.txt", "link"),
        ("link", "../static-private", "link/secret.txt"),
        ("link", "../static-private", "link"),
        ("link", "..", "link/secret.txt"),
        ("css/link", "../../secret.txt", "css/link"),
        ("link", "css/../../secret.txt", "link"),
        ("link", "/", "link/etc/passwd"),
        ("link", "../no-such-file", "link"),
        ("link", "no-such-file", "link"),
        ("link", "link", "link"),
        ("link", "link", "link/x"),
        ("css/a", "b", "css/a"),
    ],
)
def test_links_that_leave_or_lead_nowhere(tree: Path, make: Make, link: str, target: str, path: str) -> None:
    (tree / link).symlink_to(target.replace("{base}", str(tree.parent)))
    with pytest.raises(OSError) as caught:
        make(tree).open(tuple(path.split("/")))
    assert caught.value.errno in (errno.ENOENT, errno.ELOOP)


@pytest.mark.row("ST-06")
def test_links_that_leave_are_followed_on_request(tree: Path, make: Make) -> None:
    (tree / "link").symlink_to("../secret.txt")
    assert read(make(tree, follow_symlinks=True), "link") == b"secret\n"


@pytest.mark.row("HI-39")
@pytest.mark.parametrize("follow", [False, True])
def test_fifos_sockets_and_devices(tree: Path, make: Make, *, follow: bool) -> None:
    os.mkfifo(tree / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.fspath(tree / "socket"))
    sandbox = make(tree, follow_symlinks=follow)
    assert read(sandbox, "pipe") is None
    with pytest.raises(OSError):
        read(sandbox, "socket")
    (tree / "device").symlink_to("/dev/null")
    if follow:
        assert read(sandbox, "device") is None


def test_the_root_may_be_a_link_that_is_turned(tree: Path, make: Make) -> None:
    for name in ("one", "two"):
        (tree.parent / name).mkdir()
        (tree.parent / name / "release.txt").write_text(name)
        (tree.parent / name / "link").symlink_to("release.txt")
    current = tree.parent / "current"
    current.symlink_to("one")
    sandbox = make(current)
    assert (read(sandbox, "release.txt"), read(sandbox, "link")) == (b"one", b"one")
    current.unlink()
    current.symlink_to("two")
    assert (read(sandbox, "release.txt"), read(sandbox, "link")) == (b"two", b"two")


def test_the_file_system_as_root(make: Make, tree: Path) -> None:
    sandbox = make("/")
    assert read(sandbox, os.fspath(tree / "hello.txt")[1:]) == b"hello, world\n"
    assert sandbox.resolve(tuple(os.fspath(tree.resolve())[1:].split("/"))) is not None


def test_a_directory_without_descriptor(tree: Path) -> None:
    opened = Sandbox(tree, can_walk=False).open(("css",))
    assert opened is not None
    assert opened.descriptor == NO_DESCRIPTOR
    opened.close()


class Changing(Sandbox):
    """A sandbox in whose tree something happens between the check and the open, or after it."""

    def __init__(self, directory: Path, *changes: Callable[[], object]) -> None:
        super().__init__(directory, can_walk=False)
        self.changes = list(changes)

    def resolve(self, parts: tuple[str, ...]) -> tuple[str, ...] | None:
        found = super().resolve(parts)
        if self.changes:
            self.changes.pop(0)()
        return found


@pytest.mark.row("HI-39")
def test_changes_between_check_and_open_win_nothing_without_walking_either(tree: Path) -> None:
    hello, aside = tree / "hello.txt", tree / "aside"

    def swap() -> None:
        hello.rename(aside)
        hello.symlink_to("../secret.txt")

    def swap_back() -> None:
        hello.unlink()
        aside.rename(hello)

    for changes in ([swap], [hello.unlink], [lambda: None, swap], [lambda: None, hello.unlink]):
        with pytest.raises(FileNotFoundError):
            Changing(tree, *changes).open(("hello.txt",))
        if hello.is_symlink():
            swap_back()
        hello.write_bytes(b"hello, world\n")


def test_trusted_paths(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for can_walk in (True, False):
        monkeypatch.setattr(_sandbox, "CAN_WALK", can_walk)
        for path in (tree, tree / "hello.txt"):
            opened = _sandbox.open_trusted(os.fspath(path))
            assert opened is not None
            opened.close()
    with pytest.raises(FileNotFoundError):
        _sandbox.open_trusted(os.fspath(tree / "nothing"))


def test_a_directory_that_vanishes(tree: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _sandbox._inspect(NO_DESCRIPTOR, os.fspath(tree / "nothing"))


def test_storage_that_fails_gives_the_descriptor_back(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fail)
        with pytest.raises(OSError, match="the disk"):
            Sandbox(tree).open(("hello.txt",))


@pytest.mark.row("HI-39")
def test_swapping_a_directory_for_a_link_wins_nothing(tree: Path) -> None:
    """One thread swaps a directory and a link out of the root, as fast as it can; the other keeps asking."""
    (tree / "a").mkdir()
    (tree / "a" / "secret.txt").write_bytes(b"public\n")
    (tree / "b").symlink_to("../static-private")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            os.rename(tree / "a", tree / "aside")
            os.rename(tree / "b", tree / "a")
            os.rename(tree / "a", tree / "b")
            os.rename(tree / "aside", tree / "a")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        root = StaticRoot(tree)
        bodies = {root.plan("GET", "a/secret.txt", {}).body for _ in range(3000)}
    finally:
        done.set()
        swapper.join()
    assert bodies <= {b"public\n", b"404: Not Found"}


# Property: whatever is asked, nothing from outside is sent.

PIECES = [
    "..", ".", "/", "//", "%2e", "%2E%2e", "%2f", "%5c", "\\", "%00", "%", "%25", "~", ":", "C:", " ", "?", "#", ";",
    "static", "static-private", "secret.txt", "css", "hello.txt", "out", "up", "file", "inside", "etc", "passwd",
    "-private",
]  # fmt: skip


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[StaticRoot]:
    base = tmp_path_factory.mktemp("property")
    root = base / "static"
    (root / "css").mkdir(parents=True)
    (base / "static-private").mkdir()
    for secret in (base / "secret.txt", base / "static-private" / "secret.txt", base / "file.gz"):
        secret.write_bytes(b"this is a secret\n")
    (root / "hello.txt").write_bytes(b"hello\n")
    (root / "out").symlink_to("../static-private")
    (root / "file").symlink_to("../secret.txt")
    (root / "hello.txt.gz").symlink_to("../file.gz")
    (root / "css" / "up").symlink_to("../..")
    (root / "inside").symlink_to("css")
    options = [
        {},
        {"show_index": True},
        {"index_file": "secret.txt"},
        {"fallback": "file"},
        {"append_version": True},
    ]
    return [StaticRoot(root, **option) for option in options]


@pytest.mark.row("HI-39", "AH-07", "AH-10")
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join) | st.text(max_size=30))
def test_nothing_from_outside_is_ever_sent(roots: list[StaticRoot], path: str) -> None:
    for root in roots:
        with root.plan("GET", path, {"Accept": "text/html", "Accept-Encoding": "gzip"}, query="v=x") as plan:
            assert b"this is a secret" not in b"".join(plan.chunks())

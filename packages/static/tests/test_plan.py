"""Plans: what they hold, how they are read, and that they give back what they own."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import FileChanged, FilePlan, FileSegment, StaticRoot
from muntin.static._plan import IN_MEMORY, plan_opened, plan_redirect, plan_status
from muntin.static._representation import About, describe
from muntin.static._sandbox import Opened


@pytest.fixture
def large(tree: Path) -> FilePlan:
    """Return a plan that holds an open file of 65536 bytes and one."""
    (tree / "just-large.bin").write_bytes(bytes(IN_MEMORY + 1))
    return StaticRoot(tree).plan("GET", "just-large.bin", {})


def test_small_files_are_in_memory(tree: Path) -> None:
    (tree / "just-small.bin").write_bytes(b"x" * IN_MEMORY)
    plan = StaticRoot(tree).plan("GET", "just-small.bin", {})
    assert plan.body == b"x" * IN_MEMORY
    assert (plan.file, plan.segments, plan.path) == (None, (), None)
    plan.close()
    assert repr(plan) == "<FilePlan 200 length=65536>"


def test_large_files_are_segments(large: FilePlan, tree: Path) -> None:
    with large as plan:
        assert plan.body is None
        assert plan.segments == (FileSegment(b"", 0, IN_MEMORY + 1),)
        assert plan.path == os.fspath(tree / "just-large.bin")
        assert repr(plan) == "<FilePlan 200 length=65537 with file>"
    assert plan.file is not None
    assert plan.file.closed
    plan.close()


def test_pieces_fit_the_buffer(tree: Path) -> None:
    plan = StaticRoot(tree).plan("GET", "large.bin", {"Range": "bytes=0-99,200000-200299"})
    with plan:
        pieces = list(plan.pieces(100))
    assert [type(piece) for piece in pieces] == [
        bytes,
        FileSegment,
        bytes,
        FileSegment,
        FileSegment,
        FileSegment,
        bytes,
    ]
    assert all(piece.length <= 100 for piece in pieces if isinstance(piece, FileSegment))
    assert plan.length == sum(
        piece.length if isinstance(piece, FileSegment) else len(piece) for piece in pieces
    )
    assert list(FilePlan(200, (), b"abc").pieces()) == [b"abc"]
    assert list(FilePlan(304, ()).pieces()) == []


def test_a_partial_response_has_no_path(tree: Path) -> None:
    with StaticRoot(tree).plan("GET", "large.bin", {"Range": "bytes=0-99999"}) as plan:
        assert (plan.status, plan.path) == (206, None)


@pytest.mark.row("AH-33")
def test_a_file_that_shrinks_while_it_is_sent(tree: Path, large: FilePlan) -> None:
    with large as plan:
        chunks = plan.chunks(1000)
        assert len(next(chunks)) == 1000
        os.truncate(tree / "just-large.bin", 1500)
        assert len(next(chunks)) == 500
        with pytest.raises(FileChanged) as caught:
            next(chunks)
    assert caught.value.missing == 500


def test_reading_past_the_end(large: FilePlan) -> None:
    with large as plan:
        assert plan.read(IN_MEMORY, 10) == b"\0"
        for read in (plan.read, plan.read_nowait):
            with pytest.raises(FileChanged):
                read(IN_MEMORY + 1, 10)


def test_reading_without_a_file() -> None:
    plan = FilePlan(200, (), b"x")
    for read in (plan.read, plan.read_nowait):
        with pytest.raises(ValueError, match="no file"):
            read(0, 1)


def test_reading_what_is_in_memory(large: FilePlan) -> None:
    with large as plan:
        assert plan.read_nowait(0, 10) in (bytes(10), None)


def test_platforms_that_cannot_tell_what_is_in_memory(
    large: FilePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    with large as plan:
        assert plan.read_nowait(0, 10) is None


def test_file_systems_that_cannot_tell(tree: Path, large: FilePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "RWF_NOWAIT", 1 << 30, raising=False)  # flags that no kernel knows: EOPNOTSUPP
    with large as plan:
        assert plan.read_nowait(0, 10) is None
    assert StaticRoot(tree).plan("GET", "hello.txt", {}).body == b"hello, world\n"


def test_small_files_that_are_not_in_memory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> int:  # as Linux does for RWF_NOWAIT if the disk would block
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "RWF_NOWAIT", 8, raising=False)
    monkeypatch.setattr(os, "preadv", refuse, raising=False)
    with StaticRoot(tree).plan("GET", "hello.txt", {}) as plan:
        assert plan.body is None
        assert plan.read_nowait(0, 13) is None
        assert b"".join(plan.chunks()) == b"hello, world\n"
    with StaticRoot(tree).plan("GET", "hello.txt", {"Range": "bytes=1-2"}) as plan:
        assert (plan.status, b"".join(plan.chunks())) == (206, b"el")


def test_platforms_without_positional_reads(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread", raising=False)
    root = StaticRoot(tree)
    assert root.plan("GET", "hello.txt", {}).body == b"hello, world\n"
    with root.plan("GET", "large.bin", {"Range": "bytes=0-9,200000-200009"}) as plan:
        assert plan.read(200000, 10) == (tree / "large.bin").read_bytes()[200000:200010]


@pytest.fixture
def open_as(tree: Path) -> Callable[..., FilePlan]:
    """Plan hello.txt as if it had been described with another size."""

    def open_as(size: int, fields: dict[str, str] | None = None) -> FilePlan:
        path = tree / "hello.txt"
        descriptor = os.open(path, os.O_RDONLY)
        chosen = describe(("hello.txt",), About("text/plain", vary="Accept"), 5, size)
        return plan_opened(
            Opened(descriptor, os.fstat(descriptor)), chosen, "GET", (fields or {}).get, path_of="/".join
        )

    return open_as


@pytest.mark.row("AH-33")
def test_a_file_that_shrank_before_it_was_read(open_as: Callable[..., FilePlan]) -> None:
    for fields in ({}, {"range": "bytes=0-1"}):
        plan = open_as(20, fields)
        assert (plan.status, plan.body, plan.length) == (200, b"hello, world\n", 13)
        assert dict(plan.fields)["Content-Length"] == "13"
        assert dict(plan.fields)["Vary"] == "Accept"


def test_a_file_that_grew_is_sent_as_described(open_as: Callable[..., FilePlan]) -> None:
    assert open_as(5).body == b"hello"


@pytest.mark.row("AH-33", "HI-46")
def test_an_error_while_planning_gives_the_descriptor_back(open_as: Callable[..., FilePlan]) -> None:
    class Broken(dict[str, str]):
        def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
            raise RuntimeError(name)

    with pytest.raises(RuntimeError):
        open_as(13, Broken({"x": "y"}))


def test_statuses() -> None:
    plan = plan_status(404)
    assert (plan.body, plan.length) == (b"404: Not Found", 14)
    assert plan_status(404, method="HEAD").body == b""
    assert dict(plan_status(404, method="HEAD").fields)["Content-Length"] == "14"


@pytest.mark.row("HI-33")
@pytest.mark.parametrize(
    ("name", "query", "location"),
    [
        ("docs", "", "./docs/"),
        ("javascript:alert(1)", "", "./javascript%3Aalert%281%29/"),
        ("a b", "x=%20&y=/", "./a%20b/?x=%20&y=/"),
        ("\udcff", "", "./%FF/"),
        ("a", "x=\r\nSet-Cookie: y", "./a/?x=%0D%0ASet-Cookie:%20y"),
        ("//example.org", "", ".///example.org/"),
    ],
)
def test_redirects_stay_on_their_origin(name: str, query: str, location: str) -> None:
    assert dict(plan_redirect(name, query).fields)["Location"] == location


@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(0, 300_000)), min_size=1, max_size=8),
    st.integers(1000, 300_000),
)
def test_any_ranges_are_cut_out_of_the_file(
    property_root: StaticRoot, ranges: list[tuple[int, int]], buffer: int
) -> None:
    field = "bytes=" + ",".join(f"{min(pair)}-{max(pair)}" for pair in ranges)
    for name, size in (("small.bin", 60_000), ("large.bin", 250_000)):
        with property_root.plan("GET", name, {"Range": field}) as plan:
            content = b"".join(plan.chunks(buffer))
            assert plan.length == len(content)
        satisfiable = any(min(pair) < size for pair in ranges)
        assert plan.status == (206 if satisfiable else 416)
        if plan.status == 206:
            assert int(dict(plan.fields)["Content-Length"]) == len(content)
            assert len(content) <= size + 300 * len(ranges) + 100


@pytest.fixture(scope="module")
def property_root(tmp_path_factory: pytest.TempPathFactory) -> StaticRoot:
    root = tmp_path_factory.mktemp("ranges")
    (root / "small.bin").write_bytes(bytes(60_000))
    (root / "large.bin").write_bytes(bytes(250_000))
    return StaticRoot(root)

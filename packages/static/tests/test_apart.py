"""Planning and reading in threads, beside the event loop."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from muntin.static import CacheLimits, FilePlan, StaticRoot, plan_apart, read_apart

pytestmark = pytest.mark.anyio


class Recording(ThreadPoolExecutor):
    """A pool of one thread that counts what it was asked to do."""

    def __init__(self) -> None:
        super().__init__(1)
        self.count = 0

    def submit(self, call: Any, /, *args: Any, **options: Any) -> Any:
        self.count += 1
        return super().submit(call, *args, **options)


@pytest.fixture
def executor() -> Iterator[Recording]:
    with Recording() as executor:
        yield executor


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be at rest long enough to be kept."""
    monkeypatch.setattr("muntin.static._identity.SETTLED_NS", -(10**18))


async def test_only_a_listing_needs_a_thread(tree: Path) -> None:
    root = StaticRoot(tree, show_index=True)
    assert root.may_wait
    assert not StaticRoot(tree).may_wait
    for path in ("", "/", "css/"):
        assert root.plan_nowait("GET", path, {}) is None
        assert (await plan_apart(root, "GET", path, {})).status == 200
    for path, status in (("hello.txt", 200), ("nothing", 404)):
        plan = root.plan_nowait("GET", path, {})
        assert plan is not None
        assert plan.status == status
    assert (await plan_apart(root, "GET", "", {}, mount_name="files")).status == 301


async def test_an_executor_does_what_waits_for_the_disk(tree: Path, executor: Recording) -> None:
    root = StaticRoot(tree, executor=executor)
    assert root.may_wait
    for number, (path, status) in enumerate(
        (("hello.txt", 200), ("nothing", 404), ("", 403), ("hello.txt", 200)), 1
    ):
        assert root.plan_nowait("GET", path, {}) is None
        plan = await plan_apart(root, "GET", path, {})
        assert (plan.status, executor.count) == (status, number)
    assert (await plan_apart(root, "POST", "hello.txt", {})).status == 405
    assert executor.count == 4


async def test_what_is_kept_needs_no_thread_until_the_disk_is_looked_at_again(
    tree: Path, executor: Recording
) -> None:
    limits = CacheLimits(stat_after=1e9, reread_after=1e9)
    root = StaticRoot(tree, executor=executor, cache=limits, append_version=True)
    version = root.url_of("hello.txt").partition("?")[2]
    first = await plan_apart(root, "GET", "hello.txt", {})
    assert executor.count == 1
    plan = root.plan_nowait("GET", "/hello.txt", {})
    assert plan is not None
    assert (plan.status, plan.fields, plan.body) == (200, first.fields, first.body)
    unchanged = root.plan_nowait("GET", "hello.txt", {"If-None-Match": dict(first.fields)["ETag"]})
    assert unchanged is not None
    assert unchanged.status == 304
    immutable = root.plan_nowait("GET", "hello.txt", {}, query=version)
    assert immutable is not None
    assert "immutable" in dict(immutable.fields)["Cache-Control"]
    assert root.plan_nowait("GET", "", {}, mount_name="files") is None
    assert executor.count == 1


async def test_versions_of_compressed_forms_need_a_look_at_the_file_itself(
    tree: Path, executor: Recording
) -> None:
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    limits = CacheLimits(stat_after=1e9, reread_after=1e9)
    root = StaticRoot(tree, executor=executor, cache=limits, append_version=True)
    accepting = {"Accept-Encoding": "gzip"}
    for _ in range(2):
        assert (await plan_apart(root, "GET", "hello.txt", accepting)).body == b"as gzip"
    assert executor.count == 1
    assert root.plan_nowait("GET", "hello.txt", accepting, query="v=x") is None


async def test_a_version_that_is_not_known_has_to_be_computed(tree: Path, executor: Recording) -> None:
    limits = CacheLimits(stat_after=1e9, reread_after=1e9)
    root = StaticRoot(tree, executor=executor, cache=limits, append_version=True)
    await plan_apart(root, "GET", "hello.txt", {})
    assert root.plan_nowait("GET", "hello.txt", {}, query="v=x") is None
    await plan_apart(root, "GET", "hello.txt", {}, query="v=x")
    assert root.plan_nowait("GET", "hello.txt", {}, query="v=x") is not None


async def test_small_files_are_read_in_the_thread(
    tree: Path, executor: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> int:  # as Linux does for RWF_NOWAIT if the disk would block
        raise BlockingIOError

    monkeypatch.setattr("os.preadv", refuse, raising=False)
    monkeypatch.setattr("os.RWF_NOWAIT", 8, raising=False)
    plan = await plan_apart(StaticRoot(tree, executor=executor), "GET", "hello.txt", {})
    assert plan.body == b"hello, world\n"
    with StaticRoot(tree).plan("GET", "hello.txt", {}) as waiting:
        assert waiting.body is None


async def test_large_files_are_read_by_the_executor(
    tree: Path, executor: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(
        "os.RWF_NOWAIT", raising=False
    )  # as on file systems that cannot tell what is in memory
    with await plan_apart(StaticRoot(tree, executor=executor), "GET", "large.bin", {}) as plan:
        assert plan.executor is executor
        assert await read_apart(plan, 0, 256) == bytes(range(256))
        assert executor.count == 2


async def test_a_plan_that_nobody_waits_for_is_closed(tree: Path) -> None:
    made: list[FilePlan] = []
    go = threading.Event()

    class Slow(StaticRoot):
        def plan(self, *args: Any, **options: Any) -> FilePlan:
            go.wait()
            made.append(super().plan(*args, **options))
            return made[0]

    with ThreadPoolExecutor(1) as executor:
        planning = asyncio.ensure_future(plan_apart(Slow(tree, executor=executor), "GET", "large.bin", {}))
        await asyncio.sleep(0)
        planning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await planning
        go.set()
    while not made[0].file.closed:  # type: ignore[union-attr]  # until the loop has called back
        await asyncio.sleep(0)


async def test_an_executor_that_was_shut_down(tree: Path) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError):
        await plan_apart(StaticRoot(tree, executor=executor), "GET", "hello.txt", {})

"""Small files that are requested again, while the tree below the root changes."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.etags import ETag
from muntin.static import CacheLimits, FilePlan, StaticRoot, _file, plan_file
from muntin.static._cache import FileCache
from muntin.static._content import Content
from muntin.static._representation import About, describe
from muntin.static._variants import Form, Variants

NEVER_AGAIN = CacheLimits(reread_after=1e9)
"""Only the status of a file decides, however long a test takes."""
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be ten seconds old: one that was just written may be written again within a tick of its clock."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10_000_000_000)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record every file that is opened."""
    seen: list[Any] = []
    really = os.open

    def record(path: Any, *args: Any, **options: Any) -> int:
        seen.append(path)
        return really(path, *args, **options)

    monkeypatch.setattr(os, "open", record)
    return seen


Ask = Callable[..., FilePlan]


@pytest.fixture(params=["root", "file"])
def ask(request: pytest.FixtureRequest, tree: Path) -> Ask:
    """Request hello.txt, of a root or by its path."""
    if request.param == "file":
        return lambda method="GET", fields=None: plan_file(tree / "hello.txt", method, fields or {})
    root = StaticRoot(tree)
    return lambda method="GET", fields=None: root.plan(method, "hello.txt", fields or {})


@pytest.fixture
def root(tree: Path) -> StaticRoot:
    return StaticRoot(tree, cache=NEVER_AGAIN)


def body_of(root: StaticRoot, path: str, fields: dict[str, str] | None = None) -> bytes | int:
    """Return the body of a response with status 200, or another status."""
    with root.plan("GET", path, fields or {}) as plan:
        return b"".join(plan.chunks()) if plan.status == 200 else plan.status


def test_what_was_read_is_not_read_again(ask: Ask, opened: list[Any]) -> None:
    first = ask()
    opened.clear()
    again = ask()
    assert (again.status, again.fields, again.body) == (first.status, first.fields, b"hello, world\n")
    assert opened == []
    assert ask() is again


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


def test_what_is_still_changing_is_not_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = StaticRoot(tree)
    assert root.plan("GET", "hello.txt", {}).body == b"hello, world\n"
    status = (tree / "hello.txt").stat()
    (tree / "hello.txt").write_bytes(b"HELLO, WORLD\n")
    os.utime(tree / "hello.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert root.plan("GET", "hello.txt", {}).body == b"HELLO, WORLD\n"


# What one look at the status of a file must show: each change, made after the content was kept


def link_out(tree: Path) -> None:
    (tree / "css" / "site.css").unlink()
    (tree / "css" / "site.css").symlink_to("../../secret.txt")


def link_inside(tree: Path) -> None:
    (tree / "css" / "site.css").unlink()
    (tree / "css" / "site.css").symlink_to("../hello.txt")


def link_folder_out(tree: Path) -> None:
    shutil.rmtree(tree / "css")
    (tree.parent / "static-private" / "site.css").write_bytes(b"body { margin: 9 }\n")
    (tree / "css").symlink_to("../static-private")


def replace_folder(tree: Path) -> None:
    (tree / "css").rename(tree / "old")
    (tree / "css").mkdir()
    (tree / "css" / "site.css").write_bytes(b"body { margin: 1 }\n")


def replace_file(tree: Path) -> None:
    (tree / "new").write_bytes(b"body { margin: 2 }\n")
    os.replace(tree / "new", tree / "css" / "site.css")


def replace_by_older_file(tree: Path) -> None:
    status = (tree / "css" / "site.css").stat()
    (tree / "new").write_bytes(b"body { margin: 3 }\n")
    os.utime(tree / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(tree / "new", tree / "css" / "site.css")


def truncate(tree: Path) -> None:
    os.truncate(tree / "css" / "site.css", 4)


def truncate_to_nothing(tree: Path) -> None:
    os.truncate(tree / "css" / "site.css", 0)


def touch_back(tree: Path) -> None:
    path = tree / "css" / "site.css"
    status = path.stat()
    while path.stat().st_ctime_ns == status.st_ctime_ns:  # the clock of the file system ticks
        path.write_bytes(b"body { margin: 4 }\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (status.st_mtime_ns, status.st_size)


def remove_folder(tree: Path) -> None:
    shutil.rmtree(tree / "css")


def put_file_for_folder(tree: Path) -> None:
    shutil.rmtree(tree / "css")
    (tree / "css").write_bytes(b"no directory")


def put_folder_for_file(tree: Path) -> None:
    (tree / "css" / "site.css").unlink()
    (tree / "css" / "site.css").mkdir()


def put_fifo_for_file(tree: Path) -> None:
    (tree / "css" / "site.css").unlink()
    os.mkfifo(tree / "css" / "site.css")


def loop_links(tree: Path) -> None:
    (tree / "css" / "site.css").unlink()
    (tree / "css" / "site.css").symlink_to("site.css")


@pytest.mark.row("ST-05", "HI-39")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (link_out, 404),
        (link_inside, b"hello, world\n"),
        (link_folder_out, 404),
        (replace_folder, b"body { margin: 1 }\n"),
        (replace_file, b"body { margin: 2 }\n"),
        (replace_by_older_file, b"body { margin: 3 }\n"),
        (truncate, b"body"),
        (truncate_to_nothing, b""),
        (touch_back, b"body { margin: 4 }\n"),
        (remove_folder, 404),
        (put_file_for_folder, 404),
        (put_folder_for_file, 403),
        (put_fifo_for_file, 404),
        (loop_links, 404),
    ],
)
def test_a_change_on_the_way_is_judged_anew(
    root: StaticRoot, tree: Path, change: Callable[[Path], None], expected: bytes | int
) -> None:
    for _ in range(2):
        assert body_of(root, "css/site.css") == b"body { margin: 0 }\n"
    change(tree)
    for _ in range(2):
        assert body_of(root, "css/site.css") == expected


@pytest.mark.row("ST-05", "HI-39")
def test_a_folder_moved_out_and_linked_to_sends_nothing_but_what_was_below_the_root(tree: Path) -> None:
    """One `stat` does not show it, as the file is the same; the next long way does."""
    clock = CacheLimits(reread_after=1e9)
    root = StaticRoot(tree, cache=clock)
    assert body_of(root, "css/site.css") == b"body { margin: 0 }\n"
    (tree / "css").rename(tree.parent / "moved")
    (tree / "css").symlink_to("../moved")
    assert body_of(root, "css/site.css") == b"body { margin: 0 }\n"
    # It is changed out there: its new content never lay below the root.
    (tree.parent / "moved" / "site.css").write_bytes(b"secret\n")
    assert body_of(root, "css/site.css") == 404
    strict = StaticRoot(tree, cache=CacheLimits(reread_after=0))
    assert body_of(strict, "css/site.css") == 404


@pytest.mark.row("HI-39")
def test_a_root_that_is_a_link_to_the_current_release(tree: Path) -> None:
    for release in ("one", "two"):
        (tree.parent / release).mkdir()
        (tree.parent / release / "version.txt").write_text(release)
    current = tree.parent / "current"
    current.symlink_to("one")
    root = StaticRoot(current, cache=NEVER_AGAIN)
    assert body_of(root, "version.txt") == body_of(root, "version.txt") == b"one"
    (tree.parent / "next").symlink_to("two")
    os.replace(tree.parent / "next", current)
    assert body_of(root, "version.txt") == b"two"


def test_compressed_forms_that_go_and_change(root: StaticRoot, tree: Path) -> None:
    coded = tree / "hello.txt.gz"
    coded.write_bytes(b"as gzip")
    for _ in range(2):
        assert body_of(root, "hello.txt", GZIP) == b"as gzip"
        assert body_of(root, "hello.txt", {"Accept-Encoding": "br"}) == b"hello, world\n"
    coded.write_bytes(b"as gzip again")
    assert body_of(root, "hello.txt", GZIP) == b"as gzip again"
    coded.unlink()
    coded.symlink_to("../secret.txt")
    assert body_of(root, "hello.txt", GZIP) == b"hello, world\n"


def test_compressed_forms_that_come_or_are_out_of_date_are_seen_by_the_next_long_way(tree: Path) -> None:
    root = StaticRoot(tree, cache=CacheLimits(reread_after=0))
    coded, own = tree / "hello.txt.gz", tree / "hello.txt"
    assert body_of(root, "hello.txt", GZIP) == b"hello, world\n"
    coded.write_bytes(b"as gzip")
    assert body_of(root, "hello.txt", GZIP) == b"as gzip"
    os.utime(coded, (1_600_000_000, 1_600_000_000))  # older than the file
    assert body_of(root, "hello.txt", GZIP) == b"hello, world\n"
    os.utime(own, (1_600_000_000, 1_600_000_000))
    assert body_of(root, "hello.txt", GZIP) == b"as gzip"


def test_another_spelling_of_a_path_uses_what_is_kept(root: StaticRoot, opened: list[Any]) -> None:
    root.plan("GET", "hello.txt", {})
    first = root.plan("GET", "hello.txt", {})
    opened.clear()
    assert root.plan("GET", "/hello.txt", {}) is first
    assert root.plan("GET", "/h%65llo.txt", {}) is first
    assert opened == []
    assert body_of(root, "//hello.txt") == 404


def test_the_fallback_is_kept_apart_from_its_file(tree: Path, opened: list[Any]) -> None:
    root = StaticRoot(tree, fallback="hello.txt", cache=NEVER_AGAIN)
    accepting = {"Accept": "text/html"}
    for _ in range(2):
        page, own = root.plan("GET", "page", accepting), root.plan("GET", "hello.txt", accepting)
    assert (dict(page.fields)["Vary"], "Vary" in dict(own.fields)) == ("Accept", False)
    assert root.plan("GET", "other", accepting) is page
    (tree / "hello.txt").write_bytes(b"new")
    assert root.plan("GET", "page", accepting).body == b"new"
    (tree / "hello.txt").unlink()
    assert root.plan("GET", "page", accepting).status == 404


def test_a_fallback_whose_compressed_form_goes_away(tree: Path) -> None:
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    root = StaticRoot(tree, fallback="hello.txt", cache=NEVER_AGAIN)
    accepting = {"Accept": "text/html", **GZIP}
    assert root.plan("GET", "page", accepting).body == b"as gzip"
    (tree / "hello.txt.gz").unlink()
    assert root.plan("GET", "page", accepting).body == b"hello, world\n"


# Versions


@pytest.mark.row("ST-08", "ST-09")
def test_versions_of_what_is_kept(tree: Path, opened: list[Any]) -> None:
    root = StaticRoot(tree, append_version=True, cache_control="no-cache")
    version = root.url_of("hello.txt").partition("?")[2]

    def policy(query: str) -> str:
        return dict(root.plan("GET", "hello.txt", {}, query=query).fields)["Cache-Control"]

    policy("")
    opened.clear()
    assert "immutable" in policy(version)
    assert policy("") == policy("a=b") == policy("v=other") == "no-cache"
    assert opened == []


@pytest.mark.row("ST-08", "ST-09")
def test_versions_of_compressed_forms_that_are_kept(tree: Path, opened: list[Any]) -> None:
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    root = StaticRoot(tree, append_version=True, cache=NEVER_AGAIN)
    version = root.url_of("hello.txt").partition("?")[2]

    def is_immutable(query: str) -> bool:
        plan = root.plan("GET", "hello.txt", GZIP, query=query)
        assert plan.body == b"as gzip"
        return "immutable" in dict(plan.fields).get("Cache-Control", "")

    assert is_immutable(version)
    opened.clear()
    assert is_immutable(version)
    assert not is_immutable("v=other")
    assert opened == []
    (tree / "hello.txt").write_bytes(b"changed")
    assert not is_immutable(version)


def test_compressed_forms_are_kept_apart(tree: Path) -> None:
    (tree / "hello.txt.gz").write_bytes(b"compressed")
    root = StaticRoot(tree, append_version=True)
    version = root.url_of("hello.txt").partition("?")[2]
    for _ in range(2):
        for accepted, body in (("gzip", b"compressed"), ("br", b"hello, world\n")):
            plan = root.plan("GET", "hello.txt", {"Accept-Encoding": accepted}, query=version)
            assert plan.body == body
            assert "immutable" in dict(plan.fields)["Cache-Control"]


# Both ways respond alike


DATES = [
    "Sun, 13 Sep 2020 12:26:40 GMT",
    "Sun, 13 Sep 2020 12:26:39 GMT",
    "Fri, 01 Jan 2100 00:00:00 GMT",
    "x",
]
TAGS = ['"16345785d8a00000-d"', '"16345785d8a00000-d-gzip"', 'W/"16345785d8a00000-d"', '"other"', "*", "x"]
VALUES = {
    "if-none-match": st.lists(st.sampled_from(TAGS), min_size=1, max_size=3).map(", ".join),
    "if-match": st.lists(st.sampled_from(TAGS), min_size=1, max_size=3).map(", ".join),
    "if-modified-since": st.sampled_from(DATES),
    "if-unmodified-since": st.sampled_from(DATES),
    "if-range": st.sampled_from([*TAGS, *DATES]),
    "range": st.sampled_from(
        [
            "bytes=0-4",
            "bytes=-3",
            "bytes=5-",
            "bytes=99-",
            "bytes=0-0,9-",
            "bytes=0-1,4-5",
            "lines=1-2",
            "bytes=9-1",
        ]
    ),
    "accept-encoding": st.sampled_from(["gzip", "br", "identity;q=0, gzip", "gzip;q=0", "*", ""]),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, content in (
        ("hello.txt", b"hello, world\n"),
        ("coded.txt", b"0123456789abc"),
        ("coded.txt.gz", b"x" * 13),
    ):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@given(
    st.sampled_from(["hello.txt", "coded.txt"]),
    st.sampled_from(["GET", "HEAD"]),
    st.fixed_dictionaries({}, optional=VALUES),
    st.sampled_from(["", "v=1", "current"]),
)
def test_both_ways_respond_alike(
    site: Path, name: str, method: str, fields: dict[str, str], query: str
) -> None:
    """What is sent from the cache, after one look at the status, is what is sent by the long way."""
    cached = StaticRoot(site, append_version=True, cache=NEVER_AGAIN)
    plain = StaticRoot(site, append_version=True, cache=CacheLimits(files=0))
    version = cached.version_of(name)
    query = f"v={version}" if query == "current" else query
    for accepted in ("", "gzip"):
        cached.plan("GET", name, {"accept-encoding": accepted})

    def kept() -> list[Content | None]:
        known = cached._planner._cache.recall(name, 0.0)
        return [] if known is None else [form.content for form in known.by_coding.values()]

    before = kept()
    assert before
    assert None not in before
    is_conditional = any(each != "accept-encoding" for each in fields)
    for promise in {True, is_conditional}:
        plan = cached.plan(method, name, fields, query=query, is_conditional=promise)
        assert show(plan) == show(plain.plan(method, name, fields, query=query))
    assert kept() == before


@given(
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.fixed_dictionaries({}, optional=VALUES),
    st.sampled_from([200, 404]),
    st.sampled_from(
        [{}, {"media_type": "text/x-other"}, {"etag": ETag("other")}, {"last_modified": 1_600_000_000}]
    ),
)
def test_files_of_the_application_are_planned_alike_both_ways(
    site: Path, method: str, fields: dict[str, str], status: int, about: dict[str, Any]
) -> None:
    path = site / "coded.txt"
    _file._CACHE.forget(str(path))
    first = show(plan_file(path, method, fields, status=status, **about))
    for accepted in ("", "gzip"):
        plan_file(path, "GET", {"accept-encoding": accepted})
    assert show(plan_file(path, method, fields, status=status, **about)) == first


def show(plan: FilePlan) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return all that a plan says, with a boundary that is not random."""
    with plan:
        body = b"".join(plan.chunks())
    fields = list(plan.fields)
    _, sign, boundary = dict(fields).get("Content-Type", "").partition("boundary=")
    if not sign:
        return plan.status, fields, body
    return (
        plan.status,
        [(name, value.replace(boundary, "B")) for name, value in fields],
        body.replace(boundary.encode(), b"B"),
    )


# Bounds


def make_entry(cache: FileCache, key: str, path: Path, now: float = 0.0) -> Form:
    status = path.stat()
    form = Form(describe((key,), About(""), status.st_mtime_ns, status.st_size))
    cache.store(key, Variants([form], now))
    cache.keep(key, form, form.representation, str(path), status, path.read_bytes(), now)
    return form


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(60_000))
    return path


def test_the_bytes_are_bounded(path: Path) -> None:
    cache = FileCache(CacheLimits(total_size=200_000))
    for number in range(10):
        form = make_entry(cache, f"{number}", path)
        assert form.content is not None
        assert cache.size <= 200_000
    assert cache.paths() == ["7", "8", "9"]  # the oldest made room
    assert cache.size == 180_000
    status = path.stat()
    cache.keep(
        "9", form, form.representation, str(path), status, bytes(60_000), 0.0
    )  # in the place of the former
    assert cache.size == 180_000
    cache.forget("8")
    cache.forget("8")
    assert cache.size == 120_000


def test_the_forms_of_one_file_may_be_too_much(path: Path) -> None:
    cache = FileCache(CacheLimits(total_size=100_000))
    status = path.stat()
    forms = [
        Form(describe(("file",), About("", coding=coding), status.st_mtime_ns, status.st_size))
        for coding in ("", "gzip")
    ]
    cache.store("x", Variants(forms, 0.0))
    for form in forms:
        cache.keep("x", form, form.representation, str(path), status, bytes(60_000), 0.0)
    assert [form.content is None for form in forms] == [False, True]
    assert cache.size == 60_000


def test_the_number_of_files_is_bounded(path: Path) -> None:
    cache = FileCache(CacheLimits(files=2))
    for key in ("a", "b", "c"):
        make_entry(cache, key, path)
    assert [cache.recall(key, 0.0) is None for key in ("a", "b", "c")] == [True, False, False]
    assert cache.size == 120_000
    none = FileCache(CacheLimits(files=0))
    make_entry(none, "a", path)
    assert (none.recall("a", 0.0), none.size) == (None, 0)


def test_the_size_of_a_file_is_bounded(path: Path, opened: list[Any]) -> None:
    for limits in (CacheLimits(file_size=59_999), CacheLimits(total_size=0), CacheLimits(file_size=0)):
        cache = FileCache(limits)
        assert make_entry(cache, "a", path).content is None
        assert cache.recall("a", 0.0) is not None
    path.write_bytes(bytes(100_000))
    for size, again in ((65_536, ["file"]), (100_000, [])):
        root = StaticRoot(path.parent, cache=CacheLimits(file_size=size, reread_after=1e9))
        for _ in range(2):
            opened.clear()
            with root.plan("GET", "file", {}) as plan:
                assert plan.length == 100_000
        assert [Path(each).name for each in opened] == again


def test_what_a_path_led_to_counts_for_a_time(path: Path) -> None:
    cache = FileCache(CacheLimits(reread_after=5.0))
    make_entry(cache, "a", path, 100.0)
    assert cache.recall("a", 104.9) is not None
    assert cache.recall("a", 105.0) is None


def test_the_disk_is_not_looked_at_for_a_time(path: Path) -> None:
    content = make_entry(FileCache(CacheLimits()), "a", path, 100.0).content
    assert content is not None
    path.write_bytes(b"new")
    assert content.is_current(104.9, 5.0)
    assert content.was_checked(104.9, 5.0)
    assert not content.was_checked(105.0, 5.0)
    assert not content.is_current(105.0, 5.0)
    assert not content.is_current(100.0, 0.0)


def test_a_look_at_the_disk_counts_anew(path: Path) -> None:
    content = make_entry(FileCache(CacheLimits()), "a", path, 100.0).content
    assert content is not None
    assert content.is_current(110.0, 5.0)
    path.unlink()
    assert content.is_current(114.0, 5.0)
    with pytest.raises(FileNotFoundError):
        content.is_current(115.0, 5.0)


@pytest.mark.parametrize("name", ["files", "total_size", "file_size", "stat_after", "reread_after"])
def test_bounds_are_not_negative(name: str) -> None:
    for value in (-1, float("nan")):
        with pytest.raises(ValueError, match=name):
            CacheLimits(**{name: value})


def test_what_was_cut_or_changed_while_it_was_read_is_not_kept(path: Path) -> None:
    cache = FileCache(CacheLimits())
    status = path.stat()
    form = Form(describe(("file",), About(""), status.st_mtime_ns, status.st_size))
    cache.store("a", Variants([form], 0.0))
    cache.keep("a", form, form.representation, str(path), status, bytes(10), 0.0)
    cache.keep("a", form, form.representation.resized(4), str(path), status, bytes(60_000), 0.0)
    assert (cache.size, form.content) == (0, None)


def test_a_form_that_was_replaced_meanwhile_is_not_kept(path: Path) -> None:
    cache = FileCache(CacheLimits())
    status = path.stat()
    old = Form(describe(("file",), About(""), status.st_mtime_ns, status.st_size))
    cache.store("a", Variants([old], 0.0))
    new = make_entry(cache, "a", path)
    cache.keep("a", old, old.representation, str(path), status, bytes(60_000), 0.0)
    assert (cache.size, old.content, new.content is None) == (60_000, None, False)

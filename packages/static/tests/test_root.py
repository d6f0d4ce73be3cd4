"""Requests in, plans out, over a real tree."""

import errno
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import RootError, StaticRoot, _variants
from muntin.static._root import RequestFields


@pytest.mark.row("ST-01", "BH-11")
def test_a_file(tree: Path) -> None:
    plan = StaticRoot(tree).plan("GET", "css/site.css", {})
    fields = dict(plan.fields)
    assert (plan.status, plan.body, plan.length) == (200, b"body { margin: 0 }\n", 19)
    assert fields["Content-Type"] == "text/css; charset=utf-8"
    assert fields["Content-Length"] == "19"
    assert fields["Accept-Ranges"] == "bytes"
    assert fields["ETag"].startswith('"')
    assert fields["Last-Modified"].endswith(" GMT")


@pytest.mark.row("ST-12")
@pytest.mark.parametrize("path", ["nothing", "css/nothing", "hello.txt/", "hello.txt/x"])
def test_what_is_missing(tree: Path, path: str) -> None:
    assert StaticRoot(tree).plan("GET", path, {}).status == 404


@pytest.mark.row("ST-03")
@pytest.mark.parametrize("path", ["", "/", "css", "css/", "empty/"])
def test_directories_are_forbidden(tree: Path, path: str) -> None:
    assert StaticRoot(tree).plan("GET", path, {}).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", ""])
def test_other_methods(tree: Path, method: str) -> None:
    plan = StaticRoot(tree).plan(method, "hello.txt", {})
    assert plan.status == 405
    assert dict(plan.fields)["Allow"] == "GET, HEAD"


def test_a_root_must_be_a_directory(tree: Path) -> None:
    with pytest.raises(RootError, match="does not exist"):
        StaticRoot(tree / "nothing")
    with pytest.raises(RootError, match="not a directory"):
        StaticRoot(tree / "hello.txt")
    with pytest.raises(RootError, match="index_file"):
        StaticRoot(tree, index_file="../secret.txt")
    with pytest.raises(ValueError, match="chunk_size"):
        StaticRoot(tree, chunk_size=0)


def test_what_a_root_says_of_itself(tree: Path) -> None:
    root = StaticRoot(tree, follow_symlinks=True)
    assert root.directory == str(tree)
    assert repr(root) == f"<StaticRoot {str(tree)!r}>"
    assert root.follow_symlinks is True
    assert repr(root) == f"<StaticRoot {str(tree)!r}>"


@pytest.mark.parametrize("spelling", ["If-None-Match", "if-none-match", "IF-NONE-MATCH"])
def test_fields_may_come_in_any_form(tree: Path, spelling: str) -> None:
    root = StaticRoot(tree)
    etag = dict(root.plan("GET", "hello.txt", {}).fields)["ETag"]
    given: list[RequestFields] = [
        {spelling: etag},
        {"if-none-match": etag}.get,
        MappingProxyType({"if-none-match": etag}),
    ]
    assert [root.plan("GET", "hello.txt", fields).status for fields in given] == [304, 304, 304]


@pytest.mark.row("ST-08")
def test_urls(tree: Path) -> None:
    root = StaticRoot(tree, append_version=True)
    version = root.version_of("with space/a b.txt")
    for name in ("with space/a b.txt", "/with space/a b.txt", Path("with space") / "a b.txt"):
        assert root.url_of(name) == f"with%20space/a%20b.txt?v={version}"
    assert root.url_of("nothing.txt") == "nothing.txt"
    assert root.url_of("css") == "css"
    assert root.url_of("a?b#c%d") == "a%3Fb%23c%25d"
    assert StaticRoot(tree).url_of("hello.txt") == "hello.txt"


@pytest.mark.row("ST-08", "ST-09")
def test_a_url_leads_back_to_its_file_for_ever(tree: Path) -> None:
    root = StaticRoot(tree, append_version=True)
    path, _, query = root.url_of("with space/a b.txt").partition("?")
    for _ in range(2):
        plan = root.plan("GET", path, {}, query=query)
        assert plan.body == b"spaces\n"
        assert "immutable" in dict(plan.fields)["Cache-Control"]
    (tree / "with space" / "a b.txt").write_bytes(b"changed\n")
    plan = root.plan("GET", path, {}, query=query)
    assert (plan.body, "Cache-Control" in dict(plan.fields)) == (b"changed\n", False)


def test_a_policy_by_name(tree: Path) -> None:
    root = StaticRoot(tree, cache_control={"css/site.css": "max-age=60"}.get)
    assert dict(root.plan("GET", "css/site.css", {}).fields)["Cache-Control"] == "max-age=60"
    assert "Cache-Control" not in dict(root.plan("GET", "hello.txt", {}).fields)


def test_an_index_file_that_comes_and_goes(tree: Path) -> None:
    root = StaticRoot(tree, index_file="index.html")
    assert root.plan("GET", "", {}).status == 403
    (tree / "index.html").write_bytes(b"home")
    assert [root.plan("GET", path, {}).body for path in ("", "/")] == [b"home", b"home"]
    (tree / "index.html").unlink()
    assert root.plan("GET", "", {}).status == 403


def test_a_fallback_that_comes_and_goes(tree: Path) -> None:
    root = StaticRoot(tree, fallback="docs/app.html")
    pages = tree / "docs" / "app.html"
    accepting = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    assert root.plan("GET", "page", accepting).status == 404
    for content in (b"one", b"two"):
        pages.write_bytes(content)
        for path in ("page", "other/page", "docs/"):
            assert root.plan("GET", path, accepting).body == content
        assert root.plan("GET", "page", {}).status == 404
        assert root.plan("GET", "", {}).status == 403
    pages.unlink()
    assert root.plan("GET", "page", accepting).status == 404


@pytest.mark.skipif(sys.platform == "win32", reason="this platform has no limit to lower")
def test_a_process_without_descriptors(tree: Path) -> None:
    resource = pytest.importorskip("resource")
    root = StaticRoot(tree)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = os.open(tree, os.O_RDONLY)  # the lowest free number, so none below the limit stays free
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (held + 1, hard))
        plans = [root.plan("GET", path, {}) for path in ("hello.txt", "css/site.css", "../x")]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(held)
    assert [plan.status for plan in plans] == [503, 503, 404]
    assert [dict(plan.fields).get("Retry-After") for plan in plans] == ["1", "1", None]


def test_a_fallback_that_does_not_exist(tree: Path) -> None:
    root = StaticRoot(tree, fallback="app.html")
    assert root.plan("GET", "page", {"Accept": "text/html"}).status == 404


@pytest.mark.parametrize("name", ["../x", "", "a/", "a//b", "a\0"])
def test_options_that_name_no_file(tree: Path, name: str) -> None:
    for option in ("index_file", "fallback"):
        with pytest.raises(RootError, match=option):
            StaticRoot(tree, **{option: name})


def test_a_policy_that_fails_is_the_applications_fault_and_leaks_nothing(tree: Path) -> None:
    def policy(name: str) -> str:
        raise LookupError(name)

    with pytest.raises(LookupError):
        StaticRoot(tree, cache_control=policy).plan("GET", "hello.txt", {})


def test_fields_that_fail_leak_nothing(tree: Path) -> None:
    root = StaticRoot(tree, append_version=True)

    def field(name: str) -> str | None:
        raise LookupError(name)

    for path in ("hello.txt", "large.bin"):
        with pytest.raises(LookupError):
            root.plan("GET", path, field)


def test_storage_that_fails_while_a_version_is_compared_leaks_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = StaticRoot(tree, append_version=True)
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    accepting = {"Accept-Encoding": "gzip"}
    assert root.plan("GET", "hello.txt", accepting, query="v=x").body == b"as gzip"
    (tree / "hello.txt").unlink()
    monkeypatch.delitem(_variants._STATUS, errno.ENOENT)  # as if "no entry" were a trouble like EIO
    with pytest.raises(FileNotFoundError):
        root.plan("GET", "hello.txt", accepting, query="v=x")


def test_a_thread_each(tree: Path) -> None:
    """Many threads plan at once, over the same few memories."""
    root = StaticRoot(tree, append_version=True, show_index=True)
    paths = ["hello.txt", "css/site.css", "docs/", "nothing", "large.bin"] * 40

    def ask(path: str) -> int:
        with root.plan("GET", path, {"Accept-Encoding": "gzip"}, query="v=x") as plan:
            return plan.status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, paths)) == {200, 404}


@given(
    st.sampled_from(["GET", "HEAD", "POST", "x"]) | st.text(max_size=5),
    st.text(max_size=40),
    st.dictionaries(
        st.sampled_from(
            ["Accept", "Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Modified-Since"]
        ),
        st.text(max_size=30),
    ),
    st.text(max_size=20),
)
def test_no_request_raises(
    small_root: StaticRoot, method: str, path: str, fields: dict[str, str], query: str
) -> None:
    for target in (path, "hello.txt", "folder"):
        with small_root.plan(method, target, fields, query=query) as plan:
            assert plan.status in (200, 206, 301, 304, 403, 404, 405, 412, 416)
            for name, value in plan.fields:
                assert name.isascii()
                assert value.encode("latin-1").isascii()
                assert value.isprintable()


@pytest.fixture(scope="module")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> StaticRoot:
    root = tmp_path_factory.mktemp("small")
    (root / "hello.txt").write_bytes(b"hello, world\n")
    (root / "hello.txt.gz").write_bytes(b"as gzip")
    (root / "folder").mkdir()
    return StaticRoot(root, show_index=True, append_version=True)


def test_the_mount_without_its_slash_is_redirected(tree: Path) -> None:
    for root in (StaticRoot(tree, show_index=True), StaticRoot(tree, index_file="hello.txt")):
        plan = root.plan("GET", "", {"range": "bytes=0-1"}, query="x=1", mount_name="my files")
        assert (plan.status, dict(plan.fields)["Location"], plan.file) == (301, "./my%20files/?x=1", None)
        assert root.plan("GET", "/", {}, mount_name="my files").status == 200
    assert StaticRoot(tree).plan("GET", "", {}, mount_name="my files").status == 403
    falling_back = StaticRoot(tree, fallback="hello.txt")
    assert falling_back.plan("GET", "", {"accept": "text/html"}, mount_name="x").status == 301
    assert falling_back.plan("GET", "", {"accept": "image/png"}, mount_name="x").status == 403
    assert StaticRoot(tree).plan("POST", "", {}, mount_name="x").status == 405


def test_the_mount_of_a_directory_that_went_away(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    root = StaticRoot(tmp_path / "site", show_index=True)
    (tmp_path / "site").rmdir()
    assert root.plan("GET", "", {}, mount_name="x").status == 404

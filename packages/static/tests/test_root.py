"""Requests in, plans out, over a real tree."""

from pathlib import Path

import pytest

from muntin.static import RootError, StaticRoot


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

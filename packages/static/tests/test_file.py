"""Paths of the application in, plans out."""

import os
from pathlib import Path

import pytest

from muntin.http_core.headers.etags import ETag
from muntin.static import FilePlan, plan_file


@pytest.mark.row("BH-11")
def test_a_file(tree: Path) -> None:
    for path in (tree / "hello.txt", os.fspath(tree / "hello.txt")):
        plan = plan_file(path, "GET", {})
        assert (plan.status, plan.body) == (200, b"hello, world\n")
    etag = dict(plan.fields)["ETag"]
    assert plan_file(tree / "hello.txt", "GET", {"If-None-Match": etag}).status == 304
    partial = plan_file(tree / "hello.txt", "GET", {"Range": "bytes=0-4"})
    assert (partial.status, partial.body) == (206, b"hello")
    head = plan_file(tree / "hello.txt", "HEAD", {"Range": "bytes=0-4"})
    assert (head.status, head.body, dict(head.fields)["Content-Length"]) == (200, b"", "13")


def test_a_large_file(tree: Path) -> None:
    with plan_file(tree / "large.bin", "GET", {}) as plan:
        assert plan.body is None
        assert plan.path == os.fspath(tree / "large.bin")
        assert b"".join(plan.chunks()) == (tree / "large.bin").read_bytes()
    assert plan.file is not None
    assert plan.file.closed


def test_another_status_is_sent_whole(tree: Path) -> None:
    plan = plan_file(tree / "hello.txt", "GET", {"Range": "bytes=0-4", "If-None-Match": "*"}, status=404)
    assert (plan.status, plan.body) == (404, b"hello, world\n")
    assert plan_file(tree / "hello.txt", "HEAD", {}, status=404).body == b""


def test_other_methods_are_not_conditional(tree: Path) -> None:
    plan = plan_file(tree / "hello.txt", "POST", {"Range": "bytes=0-4", "If-None-Match": "*"})
    assert (plan.status, plan.body) == (200, b"hello, world\n")


def test_another_media_type(tree: Path) -> None:
    plan = plan_file(tree / "large.bin", "GET", {"Range": "bytes=0-1,9000-9001"}, media_type="video/x-test")
    with plan:
        content = b"".join(plan.chunks())
    assert content.count(b"Content-Type: video/x-test\r\n") == 2
    assert dict(plan_file(tree / "hello.txt", "GET", {}, media_type="x/y").fields)["Content-Type"] == "x/y"


@pytest.mark.row("BH-11")
def test_validators_of_the_application(tree: Path) -> None:
    (tree / "hello.txt.gz").write_bytes(b"coded")

    def ask(**fields: str) -> FilePlan:
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        return plan_file(tree / "hello.txt", "GET", names, etag=ETag("build-7"), last_modified=1_600_000_000)

    told = dict(ask().fields)
    assert (told["ETag"], told["Last-Modified"]) == ('"build-7"', "Sun, 13 Sep 2020 12:26:40 GMT")
    assert dict(ask(accept_encoding="gzip").fields)["ETag"] == '"build-7-gzip"'
    assert ask(if_none_match='"build-7"').status == 304
    assert ask(if_none_match='"build-7"', accept_encoding="gzip").status == 200
    assert ask(if_match='"build-7"').status == 200
    assert ask(if_match='"build-6"').status == 412
    assert ask(if_modified_since="Sun, 13 Sep 2020 12:26:40 GMT").status == 304
    assert ask(if_unmodified_since="Sun, 13 Sep 2020 12:26:39 GMT").status == 412
    assert ask(range="bytes=0-4", if_range='"build-7"').status == 206
    assert ask(range="bytes=0-4", if_range='"build-6"').status == 200
    weak = plan_file(
        tree / "hello.txt", "GET", {"Range": "bytes=0-4", "If-Range": 'W/"7"'}, etag=ETag("7", is_weak=True)
    )
    assert (weak.status, dict(weak.fields)["ETag"]) == (200, 'W/"7"')


def test_what_cannot_be_sent(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    for name in ("nothing", "css", "pipe", "hello.txt/x"):
        assert plan_file(tree / name, "GET", {}).status == 404


def test_links_are_the_applications_own(tree: Path) -> None:
    (tree / "link").symlink_to("../secret.txt")
    assert plan_file(tree / "link", "GET", {}).body == b"secret\n"


@pytest.mark.row("AH-10", "HI-39")
def test_compressed_siblings_stay_in_the_directory(tree: Path) -> None:
    accepting = {"Accept-Encoding": "br, gzip"}
    (tree / "hello.txt.br").symlink_to("../secret.txt")
    plan = plan_file(tree / "hello.txt", "GET", accepting)
    assert (plan.body, "Content-Encoding" in dict(plan.fields)) == (b"hello, world\n", False)
    (tree / "css" / "site.css.gz").write_bytes(b"as gzip")
    plan = plan_file(tree / "css" / "site.css", "GET", accepting)
    assert (plan.body, dict(plan.fields)["Content-Encoding"]) == (b"as gzip", "gzip")
    assert dict(plan.fields)["Vary"] == "Accept-Encoding"


def test_a_sibling_that_goes_away(tree: Path) -> None:
    accepting = {"Accept-Encoding": "gzip"}
    (tree / "hello.txt.gz").write_bytes(b"as gzip")
    assert plan_file(tree / "hello.txt", "GET", accepting).body == b"as gzip"
    (tree / "hello.txt.gz").unlink()
    assert plan_file(tree / "hello.txt", "GET", accepting).body == b"hello, world\n"


def test_a_file_that_changes(tree: Path) -> None:
    first = plan_file(tree / "hello.txt", "GET", {})
    (tree / "hello.txt").write_bytes(b"changed, and longer\n")
    second = plan_file(tree / "hello.txt", "GET", {})
    assert second.body == b"changed, and longer\n"
    assert dict(first.fields)["ETag"] != dict(second.fields)["ETag"]


def test_a_media_type_that_no_field_can_hold_leaks_nothing(tree: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        plan_file(tree / "large.bin", "GET", {"Range": "bytes=0-1,9000-9001"}, media_type="\N{SNOWMAN}")

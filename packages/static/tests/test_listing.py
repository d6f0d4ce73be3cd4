"""Directories in, pages out."""

import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import StaticRoot
from muntin.static._listing import Entry, Listing, format_listing, format_size, list_folder
from muntin.static._sandbox import Sandbox


class Page(HTMLParser):
    """Reads the elements, references and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.references += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def entries_of(directory: Path, *, limit: int = 100) -> Listing:
    sandbox = Sandbox(directory)
    opened = sandbox.open(())
    assert opened is not None
    with opened:
        return list_folder(sandbox, (), opened, limit=limit)


@pytest.mark.row("ST-04")
def test_folders_come_first_then_files_by_name(tmp_path: Path) -> None:
    for name in ("b", "A", "c10", "ä"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "z").mkdir()
    assert [entry.name for entry in entries_of(tmp_path).entries] == ["z", "A", "b", "c10", "ä"]


@pytest.mark.row("ST-04", "HI-39")
def test_only_what_can_be_requested_is_listed(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    (tree / ".hidden").write_bytes(b"")
    (tree / "back\\slash").write_bytes(b"")
    (tree / "out").symlink_to("../secret.txt")
    (tree / "broken").symlink_to("nothing")
    (tree / "loop").symlink_to("loop")
    (tree / "in").symlink_to("hello.txt")
    (tree / "in-folder").symlink_to("docs")
    names = [entry.name for entry in entries_of(tree).entries]
    assert names == [
        "css",
        "docs",
        "empty",
        "in-folder",
        "with space",
        "digits.bin",
        "hello.txt",
        "in",
        "large.bin",
    ]
    followed = Sandbox(tree, follow_symlinks=True)
    opened = followed.open(())
    assert opened is not None
    with opened:
        assert "out" in [entry.name for entry in list_folder(followed, (), opened).entries]


def test_platforms_that_open_no_directories(tree: Path) -> None:
    sandbox = Sandbox(tree, can_walk=False)
    opened = sandbox.open(("docs",))
    assert opened is not None
    assert [entry.name for entry in list_folder(sandbox, ("docs",), opened).entries] == ["deep", "index.html"]


@pytest.mark.row("HI-40")
def test_large_directories_are_cut(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").write_bytes(b"")
    listing = entries_of(tmp_path, limit=10)
    assert (len(listing.entries), listing.is_cut) == (10, True)
    assert "Only the first 10 entries are shown." in format_listing((), listing)
    assert entries_of(tmp_path, limit=30).is_cut is False


@pytest.mark.row("AH-08", "HI-40")
@given(st.lists(st.text(min_size=1), max_size=3), st.text(min_size=1))
def test_names_are_only_ever_text(parts: list[str], name: str) -> None:
    name = name.replace("\ud800", "") or "x"
    try:
        os.fsencode(name + "".join(parts))
    except UnicodeEncodeError:
        return  # no file can have it
    page = Page(format_listing(tuple(parts), Listing((Entry(name, False, 1, 0.0),), False)))
    assert set(page.elements) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "table", "thead", "tr", "th", "tbody", "td", "a",
    }  # fmt: skip
    assert page.attributes <= {"href", "lang", "charset", "name", "content"}
    reference = page.references[-1]
    assert reference.startswith("./")
    assert unquote_to_bytes(reference[2:]) == os.fsencode(name)
    assert reference[2:].isascii()
    assert not set(reference[2:]) & set("/:?#\"'<>& ")


def test_the_page(tree: Path) -> None:
    plan = StaticRoot(tree, show_index=True).plan("GET", "docs/", {})
    assert plan.body is not None
    page = Page(plan.body.decode())
    assert page.references == ["../", "./deep/", "./index.html"]
    assert "Index of /docs/" in page.text
    assert "34 B" in page.text
    assert "color-scheme:light dark" in plan.body.decode()
    policy = dict(plan.fields)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in page.elements


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10_188, "9.9 KiB"),
        (10_240, "10 KiB"),
        (1_048_000, "1023 KiB"),
        (1_048_575, "1.0 MiB"),
        (5 * 2**30, "5.0 GiB"),
        (3 * 2**40, "3.0 TiB"),
        (5000 * 2**40, "5000 TiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert format_size(size) == text


def test_times_that_no_calendar_has() -> None:
    page = format_listing(
        (), Listing((Entry("a", False, 1, 1e30), Entry("b", False, 1, float("nan"))), False)
    )
    assert page.count("<td></td></tr>") == 2

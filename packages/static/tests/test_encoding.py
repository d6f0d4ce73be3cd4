"""File names in, media types and codings out."""

import mimetypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static._encoding import choose_coding, media_type_of, siblings_of, suffix_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("A.HTML", "text/html; charset=utf-8"),
        ("a.min.js", "text/javascript; charset=utf-8"),
        ("a.css.map", "application/json"),
        ("a.tar.gz", "application/gzip"),
        ("a.tgz", "application/gzip"),
        ("a.txt.br", "application/octet-stream"),
        ("a.zst", "application/zstd"),
        ("a.doc", "application/msword"),
        ("a", "application/octet-stream"),
        (".css", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.\udcff", "application/octet-stream"),
        ("a.html\r\nX: y", "application/octet-stream"),
    ],
)
def test_media_types(name: str, expected: str) -> None:
    assert media_type_of(name) == expected


def test_the_platforms_table_can_be_extended() -> None:
    mimetypes.add_type("text/x-muntin", ".muntin")
    assert media_type_of("a.muntin") == "text/x-muntin; charset=utf-8"


def test_the_platforms_table_cannot_break_the_web(monkeypatch: pytest.MonkeyPatch) -> None:
    mimetypes.init()
    monkeypatch.setitem(mimetypes.types_map, ".js", "text/plain")
    assert media_type_of("a.js") == "text/javascript; charset=utf-8"


@given(st.text())
def test_every_name_has_a_media_type_that_a_field_can_hold(name: str) -> None:
    value = media_type_of(name)
    assert value.isascii()
    assert value.isprintable()
    assert "/" in value


def test_suffixes() -> None:
    assert [suffix_of(name) for name in ("a.B", "a.b.c", ".a", "a", "a.", "..a")] == [
        ".b",
        ".c",
        "",
        "",
        ".",
        ".a",
    ]


def test_siblings() -> None:
    assert siblings_of("a.js") == {"br": "a.js.br", "zstd": "a.js.zst", "gzip": "a.js.gz"}
    assert siblings_of("a.js.gz") == {}


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("br, gzip", "br"),
        ("gzip, br", "br"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("gzip ; q=0.5", "gzip"),
        ("gzip;Q=0.5", "gzip"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("identity;q=0.5, gzip;q=0.4", ""),
        ("identity;q=0", ""),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("deflate", ""),
        ("gzip;q=2", ""),
        ("gzip;q=x", ""),
        ("gzip;q=0.0000", ""),
        ("gzip;q=٠.٥", ""),
        ("gz ip", ""),
        (",,gzip,,", "gzip"),
        ("gzip, gzip;q=0", "gzip"),
        ('gzip;x="a', ""),
    ],
)
def test_codings(accepted: str, expected: str) -> None:
    assert choose_coding(accepted, ("br", "gzip")) == expected


@pytest.mark.row("HI-42")
def test_endless_lists_are_read_to_a_point() -> None:
    assert choose_coding(", ".join(["x"] * 5000 + ["gzip"]), ("gzip",)) == ""
    assert choose_coding("gzip;q=" + "0" * 100_000, ("gzip",)) == ""


@given(st.text(), st.lists(st.sampled_from(["br", "gzip", "zstd"]), unique=True))
def test_what_is_chosen_is_available(accepted: str, available: list[str]) -> None:
    assert choose_coding(accepted, tuple(available)) in ["", *available]

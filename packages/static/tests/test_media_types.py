"""File names in, media types out."""

import mimetypes
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import guess_media_type
from muntin.static._media_types import TYPES, media_type_of, suffix_of

KNOWN = sorted(TYPES)


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


@pytest.mark.parametrize("platform", [{}, dict.fromkeys(KNOWN, "text/x-wrong")], ids=["nothing", "all wrong"])
def test_the_platforms_table_changes_no_known_type(
    monkeypatch: pytest.MonkeyPatch, platform: dict[str, str]
) -> None:
    """Neither does the version of Python: its own table is that of the platform here."""
    before = {suffix: media_type_of(f"a{suffix}") for suffix in KNOWN}
    other = mimetypes.MimeTypes(())
    monkeypatch.setattr(other, "types_map", ({}, platform))
    monkeypatch.setattr(mimetypes, "_db", other)
    assert mimetypes.guess_type("a.html")[0] != "text/html"
    assert {suffix: media_type_of(f"a{suffix}") for suffix in KNOWN} == before


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="newer versions may know of more")
def test_all_that_python_knows_is_in_the_table() -> None:
    assert mimetypes.MimeTypes(()).types_map[True].keys() - set(KNOWN) == set()


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        (".ts", "video/mp2t"),
        (".mjs", "text/javascript; charset=utf-8"),
        (".cjs", "text/javascript; charset=utf-8"),
        (".wasm", "application/wasm"),
        (".avif", "image/avif"),
        (".webmanifest", "application/manifest+json"),
        (".webp", "image/webp"),
        (".woff2", "font/woff2"),
        (".m3u8", "application/vnd.apple.mpegurl"),
        (".m4s", "video/iso.segment"),
        (".vtt", "text/vtt; charset=utf-8"),
        (".jxl", "image/jxl"),
        (".apng", "image/apng"),
        (".geojson", "application/geo+json"),
        (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (".epub", "application/epub+zip"),
    ],
)
def test_types_that_platforms_lack(suffix: str, expected: str) -> None:
    assert media_type_of(f"a{suffix}") == media_type_of(f"A{suffix.upper()}") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.svgz", "application/gzip"),
        ("A.SVGZ", "application/gzip"),
        ("a.svg.gz", "application/gzip"),
        ("a.tgz", "application/gzip"),
        ("a.taz", "application/gzip"),
        ("a.tz", "application/gzip"),
        ("a.tbz", "application/x-bzip2"),
        ("a.tbz2", "application/x-bzip2"),
        ("a.txz", "application/x-xz"),
        ("a.tar.xz", "application/x-xz"),
        ("a.tlz", "application/x-lzma"),
        ("a.tzst", "application/zstd"),
        ("a.tar.Z", "application/x-compress"),
        ("a.html.br", "application/octet-stream"),
    ],
)
def test_what_is_compressed_has_the_type_of_the_compression(name: str, expected: str) -> None:
    assert media_type_of(name) == expected
    assert guess_media_type(name) == expected


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ("gzip", "application/gzip"),
        ("xz", "application/x-xz"),
        ("bzip2", "application/x-bzip2"),
        ("lz4", None),
    ],
)
def test_so_has_what_the_program_adds(
    monkeypatch: pytest.MonkeyPatch, coding: str, expected: str | None
) -> None:
    mimetypes.init()
    monkeypatch.setitem(mimetypes.suffix_map, ".vgz", ".svg.packed")
    monkeypatch.setitem(mimetypes.encodings_map, ".packed", coding)
    for name in ("a.vgz", "a.packed"):
        assert guess_media_type(name) == expected
        assert media_type_of(name) == (expected or "application/octet-stream")


def test_a_suffix_that_nobody_knows() -> None:
    for name in ("a", "a.", ".css", "a.nobody-knows"):
        assert guess_media_type(name) is None
        assert media_type_of(name) == "application/octet-stream"


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

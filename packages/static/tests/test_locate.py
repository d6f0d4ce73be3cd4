"""Paths in, places out; nothing here touches a file system."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static import Flavour, Place, locate
from muntin.static._locate import NAME_LIMIT, PATH_LIMIT, is_name, locate_name

POSIX, WINDOWS = Flavour.POSIX, Flavour.WINDOWS


@pytest.mark.parametrize(
    ("path", "parts", "is_folder"),
    [
        ("", (), True),
        ("/", (), True),
        ("a", ("a",), False),
        ("/a", ("a",), False),
        ("a/", ("a",), True),
        ("a/b/c.txt", ("a", "b", "c.txt"), False),
        ("a%20b", ("a b",), False),
        ("caf%C3%A9", ("café",), False),
        ("café", ("café",), False),
        ("%ff", ("\udcff",), False),
        ("%252e%252e", ("%2e%2e",), False),
        ("...", ("...",), False),
        (".well-known/x", (".well-known", "x"), False),
        ("a..b", ("a..b",), False),
        ("~", ("~",), False),
        ("x" * NAME_LIMIT, ("x" * NAME_LIMIT,), False),
        ("%C3%A9" * 127, ("é" * 127,), False),
    ],
)
def test_ordinary_paths_lead_to_places(path: str, parts: tuple[str, ...], *, is_folder: bool) -> None:
    assert locate(path, flavour=POSIX) == Place(parts, is_folder)


HOSTILE = [
    "..", "../x", "a/../b", "a/..", "%2e%2e/x", ".%2e/x", "%2E./x", "..%2fx", "..%2Fx", "a%2fb", "%2f", "a%2f..%2fb",
    ".", "./x", "a/./b", "%2e", "//etc/passwd", "///", "a//b", "a//", "//",
    "\\", "..\\x", "a\\b", "%5c", "a%5Cb", "..%5c..%5cx", "\\\\host\\share", "%5c%5chost%5cshare",
    "\0", "a\0b", "a%00", "%00", "a%00.txt", "%", "%2", "%zz", "a%", "%u002e%u002e",
    "x" * (NAME_LIMIT + 1), "a/" * PATH_LIMIT, "\ud800", "x\udfff",
]  # fmt: skip


@pytest.mark.row("HI-39", "AH-07")
@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_lead_nowhere_on_any_platform(path: str, flavour: Flavour) -> None:
    assert locate(path, flavour=flavour) is None


ON_WINDOWS = [
    # drives, streams
    "C:", "C:/x", "c:x", "C%3A/x", "C%3a%2fx", "x/C:/y", "%43%3A", "a.txt:stream", "a.txt::$DATA", "a.txt%3A%3A$DATA",
    "a.txt:", "a.txt:x:$DATA", "a/.:$INDEX_ALLOCATION", ":x", "%3Ax",
    # devices
    "CON", "con", "con.txt", "Aux", "NUL", "nul.tar.gz", "prn.x/y", "a/NUL", "COM1", "com9.log", "LPT0", "COM¹", "lpt²",
    "COM%C2%B3", "CONIN$", "conout$", "CLOCK$", "NUL .txt", "nul  ", "NUL:", "aux.", "aux .txt", "con.a.b", "nul . x",
    "com1 ", "com1:x", "CON%20", "nul%2etxt", "COM%31", "x/con/y", "LPT9.tar.gz",
    # short names
    "PROGRA~1", "progra~1/x", "x/LONGNA~2.TXT", "A~1", "AB1C~1.HTM", "index~1.htm", "a~10.js", "x~123456", "PROGRA%7E1",
    # paths that are no paths of the file system, and slashes of both kinds
    "\\\\?\\C:\\x", "%5c%5c%3f%5cC:%5cx", "//?/C:/x", "%2f%2f?%2fC:", "\\\\.\\NUL", "//./NUL",
    "a/b\\c", "a\\b/c", "a%5cb/c",
    # endings that are dropped, and what no name contains
    "a.", "a..", "a ", "a.txt.", "a.txt ", "a. .", "a%20", "a%2e",
    "a<b", "a>b", 'a"b', "a|b", "a?b", "a%3Fb", "a*b", "a%0ab", "a\x1fb", "\udcff", "%ff", "x" * 256, "😀" * 128,
]  # fmt: skip


@pytest.mark.row("HI-39", "AH-23")
@pytest.mark.parametrize("path", ON_WINDOWS)
def test_names_with_a_second_meaning_on_windows(path: str) -> None:
    assert locate(path, flavour=WINDOWS) is None


ORDINARY_ON_WINDOWS = [
    "console", "con1", "auxiliary.txt", "nullable", "com", "com10", "lpt", "xcon", "x.con", "é.txt", "a b.txt", " a",
    "~", "~1", "a~", "a~b", "a~1b", "backup~12345", "a~1.html", "a~1.b.c", "a.b~1", "draft-2~1.txt", "x" * 255,
]  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY_ON_WINDOWS)
def test_ordinary_names_on_windows(name: str) -> None:
    assert locate(name, flavour=WINDOWS) == Place((name,), False)


@pytest.mark.parametrize("path", ["é" * 128, "%C3%A9" * 128])
def test_names_are_measured_as_the_file_system_counts(path: str) -> None:
    assert locate(path, flavour=POSIX) is None
    assert locate(path, flavour=WINDOWS) == Place(("é" * 128,), False)


def test_windows_rules_do_not_bind_posix() -> None:
    assert locate("10:30.txt", flavour=POSIX) == Place(("10:30.txt",), False)
    assert locate("nul", flavour=POSIX) == Place(("nul",), False)


@pytest.mark.row("HI-39")
@given(st.text(max_size=60) | st.text(alphabet="./\\%2e5cf0C:\0a ", max_size=40), st.sampled_from(Flavour))
def test_a_place_is_made_of_single_names(path: str, flavour: Flavour) -> None:
    place = locate(path, flavour=flavour)
    if place is not None:
        for part in place.parts:
            assert part not in ("", ".", "..")
            assert not {"/", "\\", "\0"} & set(part)
            assert is_name(part, flavour=flavour)


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_any_name_can_be_asked_for(names: list[str]) -> None:
    if all(is_name(name, flavour=POSIX) for name in names):
        path = "/".join(quote(name, safe="", errors="surrogateescape") for name in names)
        assert locate(path, flavour=POSIX) == Place(tuple(names), not names)


def test_names_are_not_decoded() -> None:
    assert locate_name("/a b/100%.txt", flavour=POSIX) == Place(("a b", "100%.txt"), False)
    assert locate_name("%2e%2e", flavour=POSIX) == Place(("%2e%2e",), False)
    for name in ("../a", "a//b", "//a", "a\\b", "a/" * PATH_LIMIT):
        assert locate_name(name, flavour=POSIX) is None

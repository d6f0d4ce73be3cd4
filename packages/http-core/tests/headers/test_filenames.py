import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.filenames import MAX_FILENAME, sanitize_filename


@pytest.mark.row("HI-30")
@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("naïve 文書.txt", "naïve 文書.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\dir\\file.txt", "file.txt"),
        ("C:file.txt", "C_file.txt"),
        ("/etc/", None),
        ("..", None),
        ("", None),
        (" . . ", None),
        (".htaccess", "htaccess"),
        ("a\x00.png", "a.png"),
        ("a\r\nb.txt", "ab.txt"),
        ("a\x85b\udcffc", "abc"),
        ("\u202egpj.exe", "gpj.exe"),
        ("trailing. . ", "trailing"),
        ("file.txt::$DATA", "file.txt__$DATA"),
        ('<a>|"b"?*', "_a___b___"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("NUL .tar.gz", "_NUL .tar.gz"),
        ("COM1", "_COM1"),
        ("lpt³.log", "_lpt³.log"),
        ("CONIN$", "_CONIN$"),
        ("CONSOLE", "CONSOLE"),
        ("COM10", "COM10"),
    ],
)
def test_sanitizes(raw: str, safe: str | None) -> None:
    assert sanitize_filename(raw) == safe


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("a" * 300, "a" * 255),
        ("a" * 300 + ".jpeg", "a" * 250 + ".jpeg"),
        ("é" * 300 + ".jpg", "é" * 125 + ".jpg"),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("x" * 254 + ". " + "y" * 60, "x" * 254),
    ],
)
def test_shortens_the_stem(raw: str, safe: str) -> None:
    assert sanitize_filename(raw) == safe


@given(st.text(max_size=400) | st.text("./\\ \x00CON:é", max_size=20))
def test_what_is_left_is_harmless_and_stays_as_it_is(raw: str) -> None:
    safe = sanitize_filename(raw)
    if safe is None:
        return
    assert safe
    assert not set(safe) & set('/\\:\x00\r\n<>"|?*')
    assert safe.strip(" .") == safe
    assert len(safe.encode()) <= MAX_FILENAME
    assert sanitize_filename(safe) == safe

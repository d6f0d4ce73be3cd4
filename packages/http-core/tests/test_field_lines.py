"""Field lines, read and joined by both kernels: the one in Python and the compiled one."""

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import _field_lines

try:
    from muntin.http_core import _speedups
except ImportError:
    _speedups = None  # type: ignore[assignment]  # where nothing compiles

SECTION = b"Host: a\r\nX-A:\r\nx-a: \t b c \t\r\nX-A-B:d:e \r\nCaf: \xc3\xa9\xff\r\n"


@pytest.fixture(params=[_field_lines, _speedups], ids=["python", "compiled"], scope="module")
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    """The kernel in both forms; test_accel checks that the compiled one exists where it was built."""
    if request.param is None:
        pytest.skip("the compiled kernel was not built")
    module: ModuleType = request.param
    return module


def test_lines_are_cut(kernel: ModuleType) -> None:
    assert kernel.cut_lines(SECTION) == [
        (b"Host", b"a"),
        (b"X-A", b""),
        (b"x-a", b"b c"),
        (b"X-A-B", b"d:e"),
        (b"Caf", b"\xc3\xa9\xff"),
    ]
    assert kernel.cut_lines(b"") == []


def test_lines_are_decoded(kernel: ModuleType) -> None:
    assert kernel.decode_lines(SECTION) == [
        ("Host", "a"),
        ("X-A", ""),
        ("x-a", "b c"),
        ("X-A-B", "d:e"),
        ("Caf", "\u00e9\udcff"),
    ]
    assert kernel.decode_lines(b"") == []


def test_values_are_found_by_name(kernel: ModuleType) -> None:
    assert kernel.find_all(SECTION, b"x-a") == [b"", b"b c"]
    assert kernel.find_all(SECTION, b"x") == kernel.find_all(b"", b"x") == []
    assert kernel.find_each(SECTION, (b"x-a-b", b"x-", b"host", b"x-a")) == [b"d:e", None, b"a", b""]
    assert kernel.find_each(b"", (b"host",)) == [None]
    assert kernel.find_each(SECTION, ()) == []


def test_a_name_is_found_in_any_case_and_no_other_byte_counts_as_a_letter(kernel: ModuleType) -> None:
    for name, other in ((b"a-b^c", b"A-B^C"), (b"~_1", b"~_1")):
        assert kernel.find_all(other + b": v\r\n", name) == [b"v"]
    # They differ in the bit that tells capitals from small letters.
    for name, other in ((b"~", b"^"), (b"^", b"~"), (b"`", b"@"), (b"-", b"\r")):
        assert kernel.find_each(b"X: y\r\n" + other + b": v\r\n", (name,)) == [None]


@pytest.mark.parametrize(
    ("fields", "joined"),
    [
        ([], b""),
        ([("A", "b")], b"A: b\r\n"),
        ((("A", "b"), ("c", ""), ("D-~", "\t e:f ")), b"A: b\r\nc: \r\nD-~: \t e:f \r\n"),
        ([("A", "\u00e9\udcff")], b"A: \xc3\xa9\xff\r\n"),
        ([["A", "b"]], b"A: b\r\n"),
        ([("Dates", "x"), ("Connect", "y"), ("Trailers", "z")], b"Dates: x\r\nConnect: y\r\nTrailers: z\r\n"),
        *(
            ([("A", "b"), (name, "1")], None)
            for name in (
                "Date",
                "TRAILER",
                "connection",
                "Content-length",
                "transfer-Encoding",
                "",
                "a b",
                "\u00e9",
                "a:",
            )
        ),
        *(
            ([("A", value)], None)
            for value in ("\r", "\n", "\0", "\x7f", "a\r\nB: c", "\ud800", b"b", 1, None)
        ),
        ([("A", "b"), ("A",)], None),
        ([("A", "b", "c")], None),
        ([1], None),
        ("ab", None),
        ({"A": "b"}, None),
        (None, None),
    ],
)
def test_lines_are_joined(kernel: ModuleType, fields: Any, joined: bytes | None) -> None:
    assert kernel.join_lines(fields) == joined


class Text(str):
    """Text that is more than text."""

    __slots__ = ()


def test_text_of_any_class_is_joined(kernel: ModuleType) -> None:
    assert kernel.join_lines([(Text("A"), Text("b"))]) == b"A: b\r\n"


compiled = pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")

NAMES = st.sampled_from(["Date", "Connection", "X", "Content-Type", "trailer", "", "\u00e9"]) | st.text(
    max_size=4
)
VALUES = st.text(max_size=6) | st.text([chr(code) for code in range(256)], max_size=6)


@compiled
@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_both_join_alike(fields: list[tuple[str, str]]) -> None:
    assert _speedups.join_lines(fields) == _field_lines.join_lines(fields)


@compiled
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"A", b"a", b"A-B", b"~", b"^"]),
            st.binary(max_size=6).map(
                lambda value: bytes(byte for byte in value if byte >= 32 and byte != 127)
            ),
        ),
        max_size=4,
    )
)
def test_both_read_alike(fields: list[tuple[bytes, bytes]]) -> None:
    section = b"".join(b"%b: %b \r\n" % line for line in fields)
    for function, *arguments in (
        ("cut_lines", section),
        ("decode_lines", section),
        ("find_all", section, b"a"),
        ("find_all", section, b"~"),
        ("find_each", section, (b"^", b"a-b")),
    ):
        assert getattr(_speedups, function)(*arguments) == getattr(_field_lines, function)(*arguments)


@compiled
@given(st.binary(max_size=30) | st.lists(st.sampled_from([b":", b"\r", b"\n", b"a", b" "])).map(b"".join))
def test_the_compiled_kernel_reads_nothing_that_is_not_its_own(junk: bytes) -> None:
    """No such section was received; what matters is that no byte beyond it is read."""
    for found in _speedups.cut_lines(junk):
        assert b":".join(found) or junk
        assert all(part in junk for part in found)
    assert len(_speedups.decode_lines(junk)) == len(_speedups.cut_lines(junk))
    assert all(value in junk for value in _speedups.find_all(junk, b"a"))


@compiled
def test_the_compiled_kernel_takes_nothing_but_bytes() -> None:
    for call in (
        lambda: _speedups.cut_lines(None),  # type: ignore[arg-type]  # as a caller in error would
        lambda: _speedups.decode_lines("text"),  # type: ignore[arg-type]
        lambda: _speedups.find_all(b"", "name"),  # type: ignore[arg-type]
        lambda: _speedups.find_each(SECTION, ("host",)),  # type: ignore[arg-type]
        lambda: _speedups.find_each(SECTION, [b"host"]),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            call()

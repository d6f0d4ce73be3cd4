from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.multipart.decoder import MultipartDecoder
from muntin.http_core.multipart.encoder import MultipartEncoder
from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import (
    NEED_DATA,
    Finished,
    MultipartEvent,
    PartBegin,
    PartData,
    PartEnd,
)
from muntin.http_core.multipart.limits import DEFAULT_MULTIPART_LIMITS, MultipartLimits

Part = tuple[tuple[tuple[str, str], ...], bytes]
DISPOSITION = (("Content-Disposition", 'form-data; name="a"'),)
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: form-data; name="a"\r\nX:\r\n\r\n\r\n\r\n'
    b"--b--\r\n"
)
FORM_PARTS: list[Part] = [(DISPOSITION, b"one"), ((*DISPOSITION, ("X", "")), b"\r\n")]


def events_of(pieces: Iterable[bytes], limits: MultipartLimits, boundary: str = "b") -> list[MultipartEvent]:
    decoder = MultipartDecoder(boundary, limits)
    events: list[MultipartEvent] = []
    for piece in (*filter(None, pieces), b""):
        decoder.receive(piece)
        events.extend(decoder.events())
    return events


def parts_of(
    pieces: Iterable[bytes], limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS, boundary: str = "b"
) -> list[Part]:
    """Join the events to parts, and check their order by the grammar."""
    parts: list[Part] = []
    content: list[bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    events = events_of(pieces, limits, boundary)
    assert events.pop() == Finished()
    for event in events:
        if isinstance(event, PartBegin):
            assert content is None
            headers, content = event.headers, []
        elif isinstance(event, PartData):
            assert content is not None
            assert event.data
            content.append(event.data)
        else:
            assert event == PartEnd()
            assert content is not None
            parts.append((headers, b"".join(content)))
            content = None
    assert content is None
    return parts


def bytewise(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def status_of(body: bytes, limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS) -> int:
    """Return the verdict on a body, which must not depend on how it is cut."""
    statuses = set()
    for pieces in ([body], bytewise(body)):
        with pytest.raises(MultipartError) as caught:
            events_of(pieces, limits)
        statuses.add(caught.value.status)
    assert len(statuses) == 1
    return statuses.pop()


def test_the_events_of_a_form() -> None:
    decoder = MultipartDecoder("b")
    assert decoder.next_event() is NEED_DATA
    decoder.receive(FORM)
    assert list(decoder.events()) == [
        PartBegin(DISPOSITION),
        PartData(b"one"),
        PartEnd(),
        PartBegin((*DISPOSITION, ("X", ""))),
        PartData(b"\r\n"),
        PartEnd(),
    ]
    decoder.receive(b"")
    assert list(decoder.events()) == [Finished()]
    assert list(decoder.events()) == []
    assert decoder.next_event() == Finished()


def test_every_cut_gives_the_same_parts() -> None:
    for at in range(len(FORM)):
        assert parts_of([FORM[:at], FORM[at:]]) == FORM_PARTS
    assert parts_of(bytewise(FORM)) == FORM_PARTS


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"--b--", []),
        (b"--b--\r\n", []),
        (b"--b-- \t\r\nepilogue", []),
        (b"--b--  ", []),
        (b"preamble\r\n--b\r\n\r\nx\r\n--b--", [((), b"x")]),
        (b"\r\n--b\r\n\r\nx\r\n--b--", [((), b"x")]),
        (
            b"--bpreamble is a delimiter only with what follows"[:0] + b"--b \t\r\n\r\nx\r\n--b--",
            [((), b"x")],
        ),
        # No blank line, or one whose CRLF is the delimiter's: no content.
        (b"--b\r\n\r\n--b--", [((), b"")]),
        (b"--b\r\n\r\n\r\n--b--", [((), b"")]),
        (b"--b\r\nA: x\r\n\r\n--b--", [((("A", "x"),), b"")]),
        (b"--b\r\nA: x\r\n\r\n\r\n--b--", [((("A", "x"),), b"")]),
        # What only looks like a delimiter.
        (b"--b\r\n\r\na--b--\r\n--b--", [((), b"a--b--")]),
        (b"--b\r\n\r\n\r\r\n\n\r\n--b--", [((), b"\r\r\n\n")]),
        (b"--b\r\n\r\n\r\n-\r\n--\r\n--a\r\n--b--", [((), b"\r\n-\r\n--\r\n--a")]),
        (b"--b\r\nA: x\r\n y\r\n\tz\r\n\r\n\r\n--b--", [((("A", "x y\tz"),), b"")]),
        (b"--b\r\nA:\xc3\xa9\r\nB: \xe9 \r\n\r\n\r\n--b--", [((("A", "é"), ("B", "é")), b"")]),
        (b"--b\r\nContent-Length: 3\r\n\r\nabc\r\n--b--", [((("Content-Length", "3"),), b"abc")]),
    ],
)
def test_what_is_well_formed(body: bytes, parts: list[Part]) -> None:
    assert parts_of([body]) == parts
    assert parts_of(bytewise(body)) == parts


@pytest.mark.row("HI-29", "AH-09", "AH-42")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"a=b&c=d",
        b"--",
        b"--b",
        b"--b\r",
        b"--b\r\n",
        b"--b\r\n\r\n",
        b"--b\r\n\r\nx",
        b"--b\r\n\r\nx\r\n--b",
        b"--b\r\n\r\nx\r\n--b-",
        b"--bx\r\n\r\nx\r\n--b--",
        b"--b\rx\r\n\r\nx\r\n--b--",
        b"--b\r\r\n\r\nx\r\n--b--",
        b"--b\n\nx\n--b--\n",
        b"--b\r\n\r\nx\r\n--b--x",
        b"--b\r\n\r\nx\r\n--b-x",
        b"--b\r\nA\r\n\r\nx\r\n--b--",
        b"--b\r\nA : x\r\n\r\nx\r\n--b--",
        b"--b\r\n A: x\r\n\r\nx\r\n--b--",
        b"--b\r\n: x\r\n\r\nx\r\n--b--",
        b"--b\r\nA: x\x00\r\n\r\nx\r\n--b--",
        b"--b\r\nA: x\ry\r\n\r\nx\r\n--b--",
        b"--b\r\nA: x\ny\r\n\r\nx\r\n--b--",
        b"--b\r\nA: x\r\n--b--\r\n\r\n",
        b"--b\r\nContent-Type: a/b\r\ncontent-type: a/c\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Disposition: a\r\nContent-Disposition: a\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: 1000\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: 0\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: +1\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: -1\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: 1_0\r\n\r\n0123456789\r\n--b--",
        b"--b\r\nContent-Length: \xd9\xa1\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length:\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\nx\r\n--b--",
    ],
)
def test_malformed_is_400(body: bytes) -> None:
    assert status_of(body) == 400


SMALL = MultipartLimits(
    parts=2, part_headers=2, part_header_size=20, part_size=4, size=200, preamble=5, epilogue=5
)


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n\r\n1234\r\n--b\r\nA: 1\r\nB: 2\r\n\r\n1234\r\n--b--\r\n12345",
        b"12345\r\n--b\r\nA: " + b"x" * 17 + b"\r\n\r\n\r\n--b--",
    ],
)
def test_limits_allow_what_they_say(body: bytes) -> None:
    for pieces in ([body], bytewise(body)):
        assert parts_of(pieces, SMALL)


@pytest.mark.row("HI-28", "AH-19", "AH-24", "AH-25")
@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b--",
        b"--b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n1\r\n--b--",
        b"--b\r\nA: " + b"x" * 18 + b"\r\n\r\n1\r\n--b--",
        b"--b\r\nA: " + b"x" * 21,
        b"--b\r\n\r\n12345\r\n--b--",
        b"--b\r\n\r\n12345",
        b"123456\r\n--b--",
        b"1234567",
        b"--b--\r\n123456",
        b"--b" + b" " * 65 + b"\r\n\r\n1\r\n--b--",
        b"--b\r\n" + b"x" * 200,
    ],
)
def test_beyond_a_limit_is_413(body: bytes) -> None:
    assert status_of(body, SMALL) == 413


@pytest.mark.row("AH-25")
def test_a_large_part_is_refused_while_it_is_read() -> None:
    decoder = MultipartDecoder("b", MultipartLimits(part_size=100_000))
    decoder.receive(b"--b\r\n\r\n")
    seen = 0
    for _ in range(100):
        decoder.receive(b"x" * 1000)
        seen += sum(len(event.data) for event in decoder.events() if isinstance(event, PartData))
    assert seen == 100_000
    decoder.receive(b"x")
    with pytest.raises(MultipartError, match="413"):
        decoder.next_event()


@pytest.mark.row("HI-28")
def test_the_default_number_of_parts_is_bounded() -> None:
    assert status_of(b"--b\r\n\r\n1\r\n" * 5000) == 413


def test_an_error_is_final() -> None:
    decoder = MultipartDecoder("b")
    decoder.receive(b"--bxy")
    for _ in range(2):
        with pytest.raises(MultipartError, match="malformed multipart delimiter"):
            decoder.next_event()
    decoder = MultipartDecoder("b", MultipartLimits(size=1))
    with pytest.raises(MultipartError, match="multipart body too large"):
        decoder.receive(b"--")
    with pytest.raises(MultipartError, match="multipart body too large"):
        decoder.next_event()


def test_a_malformed_boundary_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="not a multipart boundary"):
        MultipartDecoder("a\r\nb")


@pytest.mark.row("AH-20")
@pytest.mark.parametrize(
    "content",
    [
        b"\r" * 200_000,
        b"\r\n" * 100_000,
        b"\r\n--" * 50_000,
        (b"\r\n--" + b"b" * 69) * 3_000,
        b"-" * 200_000,
        bytes(200_000),
    ],
)
@pytest.mark.parametrize("size", [7, 1_000_000_000])
def test_hostile_content_takes_linear_time(content: bytes, size: int) -> None:
    boundary = "b" * 70
    body = f"--{boundary}\r\n\r\n".encode() + content + f"\r\n--{boundary}--".encode()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    assert parts_of(pieces, boundary=boundary) == [((), content)]


def test_large_content_comes_in_large_slices() -> None:
    piece = bytes(65536)
    events = events_of([b"--b\r\n\r\n", *[piece] * 16, b"\r\n--b--"], DEFAULT_MULTIPART_LIMITS)
    assert events == [PartBegin(()), *[PartData(piece)] * 16, PartEnd(), Finished()]


def test_a_head_fed_byte_by_byte_takes_linear_time() -> None:
    limits = MultipartLimits(part_header_size=200_010, part_headers=2)
    body = b"--b\r\nA: " + b"\r\n " * 66_000 + b"\r\n\r\n\r\n--b--"
    assert len(parts_of(bytewise(body), limits)) == 1


@pytest.mark.row("HI-29")
def test_a_thousand_nested_bodies_need_a_thousand_decoders_in_a_row() -> None:
    body = b"core"
    for depth in range(1000):
        body = b"--%d.\r\n\r\n%b\r\n--%d.--" % (depth, body, depth)
    for depth in reversed(range(1000)):
        ((_, body),) = parts_of([body], boundary=f"{depth}.")
    assert body == b"core"


NAMES = st.text("ABCdef-", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12).map(lambda text: text.strip(" "))
CONTENTS = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"b", b"\r\n--", b"--a", b"x"]), max_size=12
).map(b"".join)
PARTS = st.lists(
    st.tuples(st.dictionaries(NAMES, TEXTS, max_size=3).map(lambda items: tuple(items.items())), CONTENTS),
    max_size=4,
)


@given(PARTS, st.lists(st.integers(min_value=0, max_value=400), max_size=8))
def test_what_is_encoded_is_decoded_however_it_is_cut(parts: list[Part], cuts: list[int]) -> None:
    encoder = MultipartEncoder("bound")
    body = b"".join([piece for headers, content in parts for piece in (encoder.begin_part(headers), content)])
    body += encoder.finish()
    edges = [0, *sorted(cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    if any(b"\r\n--bound" in b"\r\n" + content for _, content in parts):
        return
    assert parts_of(pieces, boundary="bound") == parts
    assert len(body) == encoder.size_of([(headers, len(content)) for headers, content in parts])


@given(
    st.lists(
        st.sampled_from([b"--b", b"--b--", b"\r\n", b"A: x", b"--", b"x", b"\r", b"\n", b" ", b":"]),
        max_size=16,
    )
)
def test_any_body_has_one_outcome_however_it_is_cut(tokens: list[bytes]) -> None:
    body = b"".join(tokens)
    assert outcome([body]) == outcome(bytewise(body)) == outcome(tokens)


def outcome(pieces: list[bytes]) -> list[Part] | int:
    try:
        return parts_of(pieces, SMALL)
    except MultipartError as error:
        return error.status

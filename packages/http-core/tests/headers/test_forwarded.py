from ipaddress import ip_address
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.forwarded import (
    MAX_HOPS,
    ForwardedElement,
    Node,
    format_forwarded,
    format_node,
    parse_forwarded,
    parse_node,
    parse_x_forwarded_for,
    parse_x_forwarded_host,
    parse_x_forwarded_port,
    parse_x_forwarded_prefix,
    parse_x_forwarded_proto,
    walk_forwarded,
    walk_x_forwarded,
)

OBFUSCATED = st.text("aZ0._-", min_size=1, max_size=8).map("_".__add__)
PORTS = st.none() | st.integers(min_value=0, max_value=65535) | OBFUSCATED
# Addresses that embed another have a spelling of their own, tested below.
ADDRESSES = st.ip_addresses().filter(lambda address: getattr(address, "ipv4_mapped", None) is None).map(str)
NODES = st.builds(Node, ADDRESSES | st.just("unknown") | OBFUSCATED, PORTS)
HOSTS = st.sampled_from(["example.org", "example.org:8080", "192.0.2.1", "[2001:db8::1]:443", "a%20b"])
ELEMENTS = st.builds(
    ForwardedElement,
    st.none() | NODES,
    st.none() | NODES,
    st.none() | HOSTS,
    st.none() | st.sampled_from(["http", "https"]),
).filter(lambda element: element != ForwardedElement())


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("192.0.2.43", Node("192.0.2.43")),
        ("192.0.2.43:47011", Node("192.0.2.43", 47011)),
        ("[2001:DB8:0::17]:4711", Node("2001:db8::17", 4711)),
        ("[::]", Node("::")),
        ("[::ffff:192.0.2.1]", Node("::ffff:192.0.2.1")),
        ("Unknown", Node("unknown")),
        ("unknown:0", Node("unknown", 0)),
        ("_gazonk", Node("_gazonk")),
        ("_Hidden.x:_P-1", Node("_Hidden.x", "_P-1")),
    ],
)
def test_nodes(text: str, node: Node) -> None:
    assert parse_node(text) == node
    assert parse_node(format_node(node)) == node


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "_",
        ":80",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        ".......",
        "192.0.2.1:65536",
        "192.0.2.1:",
        "192.0.2.1:x",
        "::1",
        "[::1",
        "[192.0.2.1]",
        "[::g]",
        "[fe80::1%eth0]",
        "example.org",
        "unknown ",
        "١٩٢.0.2.1",
        "192.0.2.1:٨",
        "_a b",
        "_" + "a" * 200_000,
    ],
)
def test_not_nodes(text: str) -> None:
    assert parse_node(text) is None


def test_addresses() -> None:
    assert Node("192.0.2.1").address == ip_address("192.0.2.1")
    assert Node("2001:db8::1", 80).address == ip_address("2001:db8::1")
    assert Node("unknown").address is None
    assert Node("_a").address is None
    assert Node("::x").address is None


# The examples of RFC 7239 §4 and §7.1.
@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ('for="_gazonk"', [ForwardedElement(Node("_gazonk"))]),
        ('For="[2001:db8:cafe::17]:4711"', [ForwardedElement(Node("2001:db8:cafe::17", 4711))]),
        (
            "for=192.0.2.60;proto=HTTP;by=203.0.113.43",
            [ForwardedElement(Node("192.0.2.60"), Node("203.0.113.43"), proto="http")],
        ),
        (
            "for=192.0.2.43, for=198.51.100.17",
            [ForwardedElement(Node("192.0.2.43")), ForwardedElement(Node("198.51.100.17"))],
        ),
        (
            'for=unknown ; host="example.org:80";x=y ,',
            [ForwardedElement(Node("unknown"), host="example.org:80")],
        ),
        (", ;;for=_a;;, ;", [ForwardedElement(Node("_a"))]),
        ("secret=x", [ForwardedElement()]),
    ],
)
def test_parses(text: str, elements: list[ForwardedElement]) -> None:
    assert parse_forwarded(text) == tuple(elements)


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    "text",
    [
        "",
        ",;,",
        "for",
        "for=",
        "for =1.2.3.4",
        'for="1.2.3.4',
        "for=[::1]",
        'for="::1"',
        "for=example.org",
        "for=1.2.3.4;for=5.6.7.8",
        "for=1.2.3.4:80",
        'host="a/b"',
        'host="a b"',
        'host=""',
        'host="a@b"',
        "proto=1http",
        'proto="http:"',
        "by=x",
        "for=1.2.3.4 by=5.6.7.8",
        "for=1.2.3.4\r\n",
        "for=1.2.3.4\n",
        ";".join(f"p{number}=x" for number in range(17)),
    ],
)
def test_malformed_is_none(text: str) -> None:
    assert parse_forwarded(text) is None


@pytest.mark.row("HI-42", "HI-48")
def test_hops_have_a_cap() -> None:
    assert len(parse_forwarded(", ".join(["for=_a"] * MAX_HOPS)) or ()) == MAX_HOPS
    assert parse_forwarded(", ".join(["for=_a"] * (MAX_HOPS + 1))) is None
    assert len(parse_x_forwarded_for(",".join(["::1"] * MAX_HOPS)) or ()) == MAX_HOPS
    assert parse_x_forwarded_for(",".join(["::1"] * (MAX_HOPS + 1))) is None


@pytest.mark.row("HI-42")
@pytest.mark.parametrize(
    "text",
    [
        "," * 200_000,
        ";" * 200_000,
        'for="' * 60_000,
        'for="\\' * 200_000,
        "for=" + "a" * 200_000,
        " " * 200_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    assert parse_forwarded(text) is None
    assert parse_x_forwarded_for(text) is None
    assert parse_x_forwarded_host(text) is None


@given(st.lists(ELEMENTS, min_size=1, max_size=5))
def test_what_is_formatted_is_parsed_back(elements: list[ForwardedElement]) -> None:
    assert parse_forwarded(format_forwarded(elements)) == tuple(elements)


@pytest.mark.parametrize(
    "elements",
    [
        [],
        [ForwardedElement()],
        [ForwardedElement(Node("example.org"))],
        [ForwardedElement(Node("192.0.2.1", 65536))],
        [ForwardedElement(by=Node("_a\r\n"))],
        [ForwardedElement(host="a b")],
        [ForwardedElement(proto="http, for=_x")],
        [ForwardedElement(host="a", malformed=frozenset({"for"}))],
    ],
)
def test_refuses_to_format_what_is_malformed(elements: list[ForwardedElement]) -> None:
    with pytest.raises(ValueError):
        format_forwarded(elements)


@pytest.mark.row("HI-48")
def test_x_forwarded_for() -> None:
    text = "192.0.2.1, 192.0.2.2:80 ,2001:DB8::1, [2001:db8::2]:443,unknown, _x"
    assert parse_x_forwarded_for(text) == (
        Node("192.0.2.1"),
        Node("192.0.2.2", 80),
        Node("2001:db8::1"),
        Node("2001:db8::2", 443),
        Node("unknown"),
        Node("_x"),
    )
    for malformed in (
        "",
        "192.0.2.1,",
        "a",
        "1.2.3.4 5.6.7.8",
        "fe80::1%eth0",
        "1:2:3",
        "javascript:alert(1)",
    ):
        assert parse_x_forwarded_for(malformed) is None


@pytest.mark.row("HI-48")
def test_x_forwarded_host_proto_and_port() -> None:
    assert parse_x_forwarded_host("example.org, [::1]:80") == ("example.org", "[::1]:80")
    assert parse_x_forwarded_proto("HTTPS ,http") == ("https", "http")
    assert parse_x_forwarded_port("443, 0") == (443, 0)
    for host in ("", "a/b", "a b", "a,", "a@b", "http://a", "a\x00", "a?b", "a#b", "a\\b", "é"):
        assert parse_x_forwarded_host(host) is None
    for proto in ("", "https://", "ht tp", "1", "é"):
        assert parse_x_forwarded_proto(proto) is None
    for port in ("", "65536", "+1", "٤", "1_0", "9" * 10_000):
        assert parse_x_forwarded_port(port) is None


def test_x_forwarded_prefix() -> None:
    assert parse_x_forwarded_prefix("/a, /b/c%20d/ ,/") == ("/a", "/b/c%20d", "")
    assert parse_x_forwarded_prefix("/.well-known/a..b/...") == ("/.well-known/a..b/...",)
    for prefix in (
        *(
            "",
            "a",
            "//a",
            "/a//b",
            "/a//",
            "/..",
            "/../a",
            "/a/./b",
            "/%2e%2E/a",
            "/.%2e",
            "/a?b",
            "/a#b",
            "/a b",
        ),
        *("/a\\b", "/é", "/%", "/%g0", "http://a", "/a\n", "/" + "a" * 255, "/a" * 100_000),
    ):
        assert parse_x_forwarded_prefix(prefix) is None


GARBAGE = st.text('abf=o:r;,"\\ \t_.1é', max_size=30)


@pytest.mark.row("HI-48")
@given(GARBAGE, st.lists(ELEMENTS, min_size=1, max_size=4))
def test_what_stands_further_left_has_no_influence(garbage: str, elements: list[ForwardedElement]) -> None:
    text = f"{garbage}, {format_forwarded(elements)}"
    assert [*islice(walk_forwarded(text), len(elements))] == elements[::-1]


@given(GARBAGE)
def test_whole_fields_and_walks_agree(text: str) -> None:
    walked = [*walk_forwarded(text)]
    is_sound = walked and all(element is not None and not element.malformed for element in walked)
    assert parse_forwarded(text) == (tuple(walked[::-1]) if is_sound else None)


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        (", ,", []),
        ("for=_a, what is this", [None, ForwardedElement(Node("_a"))]),
        ("for=_a;for=_b", [None]),
        ('for="_a, for=_b', [ForwardedElement(Node("_b")), None]),
        (
            'host="a, b", for=_b',
            [ForwardedElement(Node("_b")), ForwardedElement(malformed=frozenset({"host"}))],
        ),
        ('x="\\", ", for=_b', [ForwardedElement(Node("_b")), ForwardedElement()]),
        ('x="\\\\", for=_b', [ForwardedElement(Node("_b")), ForwardedElement()]),
        ('for=_a;x="', [None]),
        ('for=_a, "', [None, ForwardedElement(Node("_a"))]),
        ('for=_a, \\"', [None, ForwardedElement(Node("_a"))]),
        (
            "for=me;by=_b;host=a;proto=1",
            [ForwardedElement(None, Node("_b"), "a", malformed=frozenset({"for", "proto"}))],
        ),
    ],
)
def test_walks(text: str, elements: list[ForwardedElement | None]) -> None:
    assert [*walk_forwarded(text)] == elements


@pytest.mark.row("HI-42")
@pytest.mark.parametrize(
    "text", ["," * 200_000, '\\",' * 60_000, '",' * 100_000, 'a="' * 60_000, '\\"' * 100_000, "a=b," * 50_000]
)
def test_a_step_from_the_right_takes_linear_time(text: str) -> None:
    assert len([*islice(walk_forwarded(text), MAX_HOPS)]) <= MAX_HOPS


def test_walks_of_lists() -> None:
    assert [*walk_x_forwarded("a ,\tb,, c")] == ["c", "", "b", "a"]
    assert [*walk_x_forwarded("")] == [""]
    assert next(walk_x_forwarded("," * 200_000 + "a")) == "a"

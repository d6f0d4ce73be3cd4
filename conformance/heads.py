"""Heads of requests that are nearly right, made by grammar and by mutation: the two readers of heads agree on each.

The same seed makes the same heads. `python -m conformance.heads --count 1000000` compares the compiled kernel with the
patterns, and prints how many heads were whole, and how many plain.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from random import Random
from types import ModuleType
from typing import NamedTuple

from muntin.http_core import RequestHead, _field_lines, _head_parts
from muntin.http_core._request_head import build_head

try:
    from muntin.http_core import _speedups
except ImportError:  # pragma: no cover - where nothing compiles
    _speedups = None

__all__ = ["IS_BUILT", "Tally", "compare", "compare_heads", "make_heads"]

IS_BUILT = _speedups is not None
"""True if there is a compiled kernel to compare."""

METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"get", b"CONNECTS", b"!#$%&'*+-.^_`|~0Zz"]
TARGETS = [
    b"/",
    b"/a/b?c=%20&d",
    b'/"<>[]\\^`{|}',
    b"/~!$&'()*+,;=:@",
    b"*",
    b"http://a/b",
    b"https://a",
    b"a:443",
]
VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"HTTP/11", b"HTTP/1.10"]
DECIDING = [b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"Upgrade"]
HARMLESS = [b"Accept", b"Cookie", b"Upgrade-Insecure-Requests", b"Connect-Ion", b"X", b"~|^", b"Connection"]
NAMES = [
    *DECIDING,
    *(name.lower() for name in DECIDING),
    *(name.upper() for name in DECIDING),
    *(name[:-1] for name in DECIDING),
    *(name + b"s" for name in DECIDING),
    *(name.replace(b"-", b"_") for name in DECIDING),
    *HARMLESS,
]
VALUES = [
    *(
        b"a",
        b"a.b-c_d",
        b"a:80",
        b"a:",
        b"a:65535",
        b"a:123456",
        b"1.2.3.4",
        b"[::1]",
        b"[::1]:80",
        b"a/b",
        b"a,b",
    ),
    *(b"0", b"5", b"007", b"1" * 18, b"1" * 19, b"-1", b"+1", b"1 1", b"0x1", b"1_0"),
    *(b"keep-alive", b"Keep-Alive", b"close", b"keep-alive, Upgrade", b"keep-alivE", b"upgrade, close"),
    *(b"chunked", b"gzip, chunked", b"CHUNKED", b"100-continue", b"websocket", b"h2c"),
    *(b"", b"a\tb", b"\x80\xff", b"text/html,*/*;q=0.8", b'"quoted: text"'),
]
SPACES = [b" "] * 12 + [b"", b"", b"  ", b"\t", b" \t "]
BEHIND = [b""] * 16 + [b" ", b"\t", b"   "]
ENDS = [b"\r\n"] * 40 + [b"\n", b"\r", b"\r\r\n", b"", b"\r\n ", b"\n\r"]
SHARP = b"\x00\t\n\r !:;,/@[`{\x7f\x80\xff"
"""Bytes at the borders of the classes."""


class Made(NamedTuple):
    """A head among other bytes: all of them, its position, and how many field lines it may have."""

    data: bytes
    start: int
    most: int


class Tally(NamedTuple):
    """How many heads were compared, and how many of them were whole, and plain."""

    heads: int
    whole: int
    plain: int


def make_heads(seed: int) -> Iterator[Made]:
    """Iterate over heads without end."""
    random = Random(seed)
    while True:
        raw = make_head(random)
        if random.random() < 0.3:
            raw = mutate(raw, random)
        before, behind = (
            random.choice([b"", b"", b"G", b"\r\n\r\n"]),
            random.choice([b"", b"", b"GET", b"\r\n\r\n"]),
        )
        yield Made(before + raw + behind, len(before), random.choice([128, 128, 128, 4, 2, 0]))


def make_head(random: Random) -> bytes:
    """Return a head by the grammar, or nearly."""
    # Most begin well, or the lines would seldom be looked at.
    usual = random.random() < 0.7
    method, target = (
        random.choice(METHODS[:3] if usual else METHODS),
        random.choice(TARGETS[:4] if usual else TARGETS),
    )
    names = NAMES if random.random() < 0.5 else HARMLESS
    lines = [
        random.choice(names) + b":" + random.choice(SPACES) + random.choice(VALUES) + random.choice(BEHIND)
        for _ in range(random.randrange(6))
    ]
    if random.random() < 0.8:
        lines.append(
            random.choice([b"Host", b"host", b"HOST"]) + b": " + random.choice(VALUES[: 5 if usual else 11])
        )
    random.shuffle(lines)
    lines.insert(0, b" ".join((method, target, random.choice(VERSIONS))))
    ends = ENDS if random.random() < 0.3 else ENDS[:1]
    return b"".join(line + random.choice(ends) for line in [*lines, b""])


def mutate(raw: bytes, random: Random) -> bytes:
    """Return the bytes with one place changed."""
    at = random.randrange(len(raw) + 1)
    byte = bytes([random.choice(SHARP) if random.random() < 0.7 else random.randrange(256)])
    other = random.randrange(at, len(raw) + 1)
    return random.choice(
        [
            raw[:at] + byte + raw[at + 1 :],
            raw[:at] + byte + raw[at:],
            raw[:at] + raw[at + 1 :],
            raw[:at],
            raw[:at] + raw[other:],
            raw[:other] + raw[at:],
        ]
    )


def compare(made: Made) -> tuple[bool, bool]:
    """Compare the parts that both readers find in a head; return whether it is whole, and whether it is plain.

    A plain head is also read as any other is: what is decided by its parts must be the same.

    Raises:
        AssertionError: something differs.
    """
    parts = _head_parts.split_head(*made)
    if _speedups is not None and (compiled := _speedups.split_head(*made)) != parts:
        raise AssertionError(f"{made!r}: the kernel finds {compiled!r}, the patterns {parts!r}")
    if parts is None:
        return False, False
    if _speedups is not None and read_lines(_speedups, parts[4]) != read_lines(_field_lines, parts[4]):
        raise AssertionError(f"the lines of {parts[4]!r} are read differently")
    if parts[-1] is not None:
        return True, False
    general = _head_parts.split_any(*made)
    if general is None or show(build_head(general)) != show(build_head(parts)):
        raise AssertionError(f"{made!r} is plain, but read as any other it is {general!r}")
    return True, True


def read_lines(kernel: ModuleType, section: bytes) -> list[object]:
    """Return everything that a kernel reads from field lines."""
    names = (b"host", b"content-length", b"connection", b"x", b"~|^")
    return [
        kernel.cut_lines(section),
        kernel.decode_lines(section),
        kernel.find_each(section, names),
        *(kernel.find_all(section, name) for name in names),
    ]


def show(head: RequestHead) -> list[object]:
    """Return everything that a head says."""
    return [*(getattr(head, name) for name in RequestHead.__slots__), head.fields]


def compare_heads(count: int, seed: int) -> Tally:
    """Compare so many heads.

    Raises:
        AssertionError: the readers differ on one.
    """
    whole = plain = 0
    for made in islice(make_heads(seed), count):
        is_whole, is_plain = compare(made)
        whole += is_whole
        plain += is_plain
    return Tally(count, whole, plain)


def main() -> None:
    """Compare as many heads as the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m conformance.heads", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not IS_BUILT:
        parser.exit(1, "no compiled kernel was built: there is nothing to compare\n")
    print(compare_heads(options.count, options.seed))


if __name__ == "__main__":
    main()

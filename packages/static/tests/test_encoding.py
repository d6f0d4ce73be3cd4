"""Ready-made codings of a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static._encoding import choose_coding, siblings_of


def test_siblings() -> None:
    assert siblings_of("a.js") == {"br": "a.js.br", "zstd": "a.js.zst", "gzip": "a.js.gz"}
    assert siblings_of("a.js.gz") == siblings_of("a.js.BR") == siblings_of("a.zst") == {}


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

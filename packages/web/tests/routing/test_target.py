"""One parse of the target: whatever comes, path and query go back together to what was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.web.routing.target import build_url, parse_target

TARGET = st.text("".join(map(chr, range(0x21, 0x7F))).replace("#", ""), max_size=60)


@pytest.mark.row("HI-31", "HI-32")
@given(TARGET)
def test_origin_form_goes_round(rest):
    sent = f"/{rest}"
    target = parse_target("GET", sent)
    assert "?" not in target.path
    assert sent in (f"{target.path}?{target.query}", target.path)
    url = build_url("GET", target)
    assert (url.raw_path, url.raw_query_string) == target
    assert not url.is_absolute()


@pytest.mark.row("HI-31", "HI-32")
@given(st.sampled_from(["http", "HTTPS"]), TARGET)
def test_absolute_form_means_the_same_as_origin_form(scheme, rest):
    assert parse_target("GET", f"{scheme}://example.org/{rest}") == parse_target("GET", f"/{rest}")
    assert parse_target("GET", f"{scheme}://example.org?{rest}") == ("/", rest)


def test_the_other_forms():
    assert parse_target("OPTIONS", "*") == ("*", "")
    assert parse_target("CONNECT", "example.org:443") == ("example.org:443", "")

"""Fields that many responses have in common."""

from importlib.metadata import version

import pytest

from muntin import web
from muntin.http_core import ResponseHead
from muntin.web.response.preset import PLAIN_TEXT, SERVER, preset_of_field, preset_of_text, preset_of_type


def test_the_product_token_has_the_version_of_the_distribution():
    major, minor, *_ = version("muntin-web").split(".")
    assert f"muntin/{major}.{minor}" == SERVER


def test_a_preset_is_made_once():
    assert preset_of_type("text/plain", "utf-8") is PLAIN_TEXT
    assert preset_of_field("a/b") is preset_of_type("a/b", None)
    assert PLAIN_TEXT.get("Content-Type") == "text/plain; charset=utf-8"
    assert PLAIN_TEXT.get("Server") is None
    assert [*PLAIN_TEXT.heads[200].fields] == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Server", SERVER),
    ]
    for wrong in ("a", "a/b; c", "a b/c"):
        with pytest.raises(ValueError):
            preset_of_type(wrong, None)


def test_the_mapping_begins_with_the_preset_and_replaces_it(make_request):
    response, request = web.Response(text="x"), make_request()
    assert [*response.headers.items()] == [("Content-Type", "text/plain; charset=utf-8")]
    del response.headers["Content-Type"]
    response.headers["Server"] = "mine"
    response.deliver_nowait(request)
    sent = request.exchange.answer.headers
    assert (sent["Content-Type"], sent.getall("Server")) == ("application/octet-stream", ["mine"])
    assert PLAIN_TEXT.get("Content-Type") == "text/plain; charset=utf-8"


def test_a_head_is_made_once_for_each_status():
    assert PLAIN_TEXT.heads[404] is PLAIN_TEXT.heads[404]
    assert PLAIN_TEXT.heads[404] == ResponseHead(404, PLAIN_TEXT.heads[200].fields)
    assert preset_of_text("text/html") is preset_of_type("text/html", "utf-8")

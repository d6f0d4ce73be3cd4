"""Responses that carry JSON, and who encodes it."""

import json

import pytest

from muntin.web.exceptions import JSONPayloadError
from muntin.web.json_responses import JSONCodec, json_bytes_response, json_response


@pytest.mark.row("HC-34", "BH-09")
def test_a_value_goes_out_as_json(make_request):
    request = make_request()
    assert json_response({"a": ["ü", None]}).deliver_nowait(request)
    answer = request.exchange.answer
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body) == {"a": ["ü", None]}
    assert json_response(None).text == "null"


def test_it_may_be_encoded_already_or_by_others():
    assert json_response(text="[1]").text == "[1]"
    assert json_response(body=b"[1]").headers["Content-Type"] == "application/json"
    assert json_response(1, dumps=lambda value: f"<{value}>").text == "<1>"
    problem = json_response(
        {}, status=409, reason="No", content_type="application/problem+json", headers={"X-A": "b"}
    )
    assert (problem.status, problem.reason, problem.headers["X-A"]) == (409, "No", "b")
    assert problem.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    encoded = json_bytes_response(1, dumps=lambda value: b"<%d>" % value)
    assert (encoded.body, encoded.headers["Content-Type"]) == (b"<1>", "application/json")
    assert json_bytes_response(body=b"2", dumps=bytes).body == b"2"


@pytest.mark.parametrize("arguments", [{"text": "1"}, {"body": b"1"}])
def test_there_is_one_source(arguments):
    with pytest.raises(ValueError):
        json_response(1, **arguments)
    with pytest.raises(ValueError):
        json_bytes_response(1, dumps=bytes, body=b"1")


def test_whatever_a_decoder_raises_is_the_texts_fault():
    def fail(text):
        raise LookupError(text)

    assert JSONCodec().decode("[1]") == [1]
    for codec, text in ((JSONCodec(), "{"), (JSONCodec(), "[" * 100_000), (JSONCodec(loads=fail), "1")):
        with pytest.raises(JSONPayloadError) as caught:
            codec.decode(text)
        assert caught.value.status == 400

"""Responses that carry JSON, and who encodes it."""

import json
from decimal import Decimal

import msgspec
import orjson
import pytest

from muntin import web
from muntin.web.response.exceptions import JSONPayloadError
from muntin.web.response.json import JSONCodec, json_bytes_response, json_response
from muntin.web.testing import TestClient


@pytest.mark.row("HC-34", "BH-09")
def test_a_value_goes_out_as_json(make_request):
    request = make_request()
    assert json_response({"a": ["ü", None]}).deliver_nowait(request)
    response = request.exchange.answer
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(response.body) == {"a": ["ü", None]}
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


CODECS = {
    "orjson": JSONCodec(loads=orjson.loads, dumps=orjson.dumps),
    "msgspec": JSONCodec(loads=msgspec.json.decode, dumps=msgspec.json.encode),
    "decimals": JSONCodec(loads=lambda text: json.loads(text, parse_float=Decimal)),
}


@pytest.mark.anyio
@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
async def test_one_encoder_for_a_whole_application(codec):
    """Set once, it serves handlers of the application and of those inside it."""

    async def echo(request):
        return request.json_response(await request.json())

    inner = web.Application()
    app = web.Application()
    for each in (app, inner):
        each.router.add_post("/", echo)
    app.add_subapp("/inner", inner)
    app[web.JSON] = codec
    async with TestClient(app) as client:
        for path in ("/", "/inner/"):
            response = await client.post(path, data='{"a": ["ü", null, 1]}'.encode())
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("application/json")
            assert json.loads(response.body) == {"a": ["ü", None, 1]}
            broken = await client.post(path, data=b'{"a": ')
            assert broken.status == 400, "whatever the decoder raises"


@pytest.mark.anyio
async def test_an_inner_application_may_have_its_own():
    async def which(request):
        return request.json_response(None)

    inner = web.Application()
    app = web.Application()
    for each, name in ((app, "outer"), (inner, "inner")):
        each[web.JSON] = JSONCodec(dumps=lambda value, name=name: json.dumps(name))
        each.router.add_get("/", which)
    app.add_subapp("/inner", inner)
    async with TestClient(app) as client:
        assert [(await client.get(path)).text for path in ("/", "/inner/")] == ['"outer"', '"inner"']

"""All responses that can be raised, held against a table of their own."""

import asyncio
import copy
import json
import pickle

import pytest
from yarl import URL

from muntin.web.response import exceptions
from muntin.web.response.exceptions import (
    HTTPClientError,
    HTTPError,
    HTTPException,
    HTTPFound,
    HTTPMethodNotAllowed,
    HTTPMove,
    HTTPNotFound,
    HTTPRedirection,
    HTTPRequestEntityTooLarge,
    HTTPServerError,
    HTTPSuccessful,
    HTTPUnauthorized,
    HTTPUnavailableForLegalReasons,
    IncompletePayload,
    JSONPayloadError,
    TextPayloadError,
)
from muntin.web.response.whole import Response

STATUSES = {
    200: "Ok",
    201: "Created",
    202: "Accepted",
    203: "NonAuthoritativeInformation",
    204: "NoContent",
    205: "ResetContent",
    206: "PartialContent",
    300: "MultipleChoices",
    301: "MovedPermanently",
    302: "Found",
    303: "SeeOther",
    304: "NotModified",
    305: "UseProxy",
    307: "TemporaryRedirect",
    308: "PermanentRedirect",
    400: "BadRequest",
    401: "Unauthorized",
    402: "PaymentRequired",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    407: "ProxyAuthenticationRequired",
    408: "RequestTimeout",
    409: "Conflict",
    410: "Gone",
    411: "LengthRequired",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
    414: "RequestURITooLong",
    415: "UnsupportedMediaType",
    416: "RequestRangeNotSatisfiable",
    417: "ExpectationFailed",
    421: "MisdirectedRequest",
    422: "UnprocessableEntity",
    424: "FailedDependency",
    426: "UpgradeRequired",
    428: "PreconditionRequired",
    429: "TooManyRequests",
    431: "RequestHeaderFieldsTooLarge",
    451: "UnavailableForLegalReasons",
    500: "InternalServerError",
    501: "NotImplemented",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
    505: "VersionNotSupported",
    506: "VariantAlsoNegotiates",
    507: "InsufficientStorage",
    510: "NotExtended",
    511: "NetworkAuthenticationRequired",
}
EMPTY = {204, 205, 304}


def kind_of(status):
    return getattr(exceptions, f"HTTP{STATUSES[status]}")


def make(status):
    kind = kind_of(status)
    first = {405: ("PUT", ["POST", "GET"]), 413: (10, 20), 451: ("https://example.org/",)}
    return kind(*(("/elsewhere",) if issubclass(kind, HTTPMove) else first.get(status, ())))


@pytest.mark.row("HC-35", "CF-22")
def test_there_are_fifty_one_and_no_more():
    assert len(STATUSES) == 51
    found = {
        kind.status_code
        for name in exceptions.__all__
        if isinstance(kind := getattr(exceptions, name), type) and issubclass(kind, HTTPException)
    }
    assert found - {-1} == set(STATUSES)


@pytest.mark.row("HC-35", "HC-36", "HC-41", "HC-48")
@pytest.mark.parametrize("status", STATUSES)
def test_each_is_a_response_and_an_exception_of_its_family(make_request, status):
    error = make(status)
    family = {2: HTTPSuccessful, 3: HTTPRedirection, 4: HTTPClientError, 5: HTTPServerError}[status // 100]
    assert isinstance(error, family)
    assert isinstance(error, HTTPError) is (status >= 400)
    assert isinstance(error, Response)
    assert isinstance(error, Exception)
    assert (error.status, error.status_code, error.empty_body) == (status, status, status in EMPTY)
    assert str(error) == error.reason
    assert bool(error)
    if status in EMPTY:
        assert error.body is None
    elif status != 413:
        assert error.text == f"{status}: {error.reason}"
        assert error.content_type == "text/plain"
    request = make_request()
    assert error.deliver_nowait(request)
    assert request.exchange.answer.status == status


@pytest.mark.row("HC-37", "CF-09")
def test_raising_and_returning_send_the_same_bytes(make_request):
    returned, raised = make_request(), make_request()
    HTTPFound("/x").deliver_nowait(returned)
    with pytest.raises(HTTPRedirection) as caught:
        raise HTTPFound("/x")
    caught.value.deliver_nowait(raised)
    assert returned.exchange.sent == raised.exchange.sent


@pytest.mark.parametrize("status", STATUSES)
def test_pickling_keeps_everything_but_the_exchange(make_request, status):
    error = make(status)
    error.headers["X-A"] = "b"
    error.deliver_nowait(make_request())
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert (other.status, other.reason, other.body) == (status, error.reason, error.body)
        assert (other.args, other.headers) == (error.args, error.headers)
        assert not other.prepared
        assert other.deliver_nowait(make_request())


@pytest.mark.row("HC-38")
def test_what_a_constructor_takes():
    error = HTTPNotFound(headers={"X-A": "b"}, reason="Nope")
    assert (error.reason, error.text, error.headers["X-A"]) == ("Nope", "404: Nope", "b")
    assert error.headers["Content-Type"] == "text/plain; charset=utf-8"
    html = HTTPNotFound(text="<b>", content_type="text/html")
    assert (html.text, html.content_type) == ("<b>", "text/html")
    raw = HTTPNotFound(body=b"{}", headers={"Content-Type": "application/json"})
    assert (raw.body, raw.content_type) == (b"{}", "application/json")
    assert HTTPUnauthorized(headers={"WWW-Authenticate": "Basic"}).headers["WWW-Authenticate"] == "Basic"
    with pytest.raises(TypeError):
        HTTPNotFound("text")
    with pytest.raises(TypeError, match="subclasses"):
        HTTPClientError()


@pytest.mark.row("HC-39", "DE-18")
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_redirections_need_a_location(status):
    kind = kind_of(status)
    assert kind("/a b?c").headers["Location"] == "/a%20b?c"
    assert kind("/ü").headers["Location"] == "/%C3%BC"
    url = URL("https://example.org/a%2Fb")
    assert kind(url).headers["Location"] == "https://example.org/a%2Fb"
    assert kind(url).location == url
    assert kind(location="/x").location == "/x"
    for nothing in ("", None, " ", "   "):
        with pytest.raises(ValueError):
            kind(nothing)


@pytest.mark.row("HI-34")
@pytest.mark.parametrize("bad", ["/a\r\nX: y", "/a\0", "/a\x7f", "\n/"])
def test_a_location_cannot_have_control_characters(bad):
    with pytest.raises(ValueError):
        HTTPFound(bad)


@pytest.mark.row("HC-40", "BH-07")
def test_method_not_allowed():
    error = HTTPMethodNotAllowed("patch", ["POST", "GET"])
    assert error.headers["Allow"] == "GET,POST"
    assert (error.method, error.allowed_methods) == ("PATCH", {"GET", "POST"})
    with pytest.raises(ValueError):
        HTTPMethodNotAllowed("GET", ["A\r\nB"])


def test_the_other_special_ones():
    large = HTTPRequestEntityTooLarge(10, 20)
    assert (large.max_size, large.actual_size) == (10, 20)
    assert large.text == "Maximum request body size 10 exceeded."
    assert HTTPRequestEntityTooLarge(10, text="x").text == "x"
    legal = HTTPUnavailableForLegalReasons("https://example.org/who")
    assert legal.headers["Link"] == '<https://example.org/who>; rel="blocked-by"'
    assert legal.link == URL("https://example.org/who")
    assert HTTPUnavailableForLegalReasons(None).link is None


def test_text_in_another_charset_is_both_of_what_it_may_be_caught_as():
    with pytest.raises(UnicodeDecodeError) as caught:
        b"a\xfc".decode()
    error = TextPayloadError(caught.value)
    assert isinstance(error, UnicodeDecodeError)
    assert (error.status, error.encoding, error.start, error.object) == (400, "utf-8", 1, b"")
    assert str(error) == "utf-8: invalid start byte (byte 1)"
    assert pickle.loads(pickle.dumps(error)).status == 400


def test_an_early_end_is_both_of_what_it_may_be_caught_as():
    error = IncompletePayload(b"abc", 4)
    assert isinstance(error, asyncio.IncompleteReadError)
    assert (error.status, error.partial, error.expected, str(error)) == (400, b"abc", 4, "3 of 4 bytes")
    other = pickle.loads(pickle.dumps(error))
    assert (other.status, other.partial) == (400, b"abc")


def test_malformed_json_is_both_of_what_it_may_be_caught_as():
    error = JSONPayloadError("Expecting value", 3)
    assert isinstance(error, json.JSONDecodeError)
    assert (error.status, error.pos, error.msg, error.doc) == (400, 3, "Expecting value", "")
    other = pickle.loads(pickle.dumps(error))
    assert (other.status, other.pos) == (400, 3)

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import Agreement, ClientHandshake, Deflate, HandshakeError, accept

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = {
    "Host": "server.example.com",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def request(**changes):
    """Return the fields of a valid request with some changes; a field that is None is left out."""
    fields = FIELDS | {name.replace("_", "-"): value for name, value in changes.items()}
    return [(name, value) for name, value in fields.items() if value is not None]


@pytest.mark.row("WS-01")
def test_the_example_of_the_rfc():
    handshake = accept(request(Origin="http://example.com"), subprotocols=["chat"])
    assert handshake.status == 101
    assert dict(handshake.fields) == {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    }
    assert handshake.agreement == Agreement(None, None)


def test_names_and_options_are_compared_in_any_case():
    fields = [(name.upper(), value) for name, value in request(Upgrade="WebSocket", Connection=" UPGRADE ")]
    assert accept(fields).status == 101


@pytest.mark.row("WS-24", "HI-43")
@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"Upgrade": None}, 400, "no upgrade"),
        ({"Upgrade": "h2c"}, 400, "no upgrade"),
        ({"Connection": None}, 400, "Connection"),
        ({"Connection": "close"}, 400, "Connection"),
        ({"Sec-WebSocket-Version": None}, 400, "Sec-WebSocket-Version"),
        ({"Sec-WebSocket-Version": "8"}, 426, "version 13"),
        ({"Sec-WebSocket-Version": "\u0661\u0663"}, 426, "version 13"),
        ({"Sec-WebSocket-Key": None}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": ""}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j*Q=="}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZé=="}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Extensions": "a b"}, 400, "Sec-WebSocket-Extensions"),
    ],
)
def test_a_bad_request_is_refused(changes, status, reason):
    handshake = accept(request(**{name.replace("-", "_"): value for name, value in changes.items()}))
    assert (handshake.status, handshake.agreement) == (status, None)
    assert reason in handshake.reason
    if status == 426:
        assert handshake.fields == (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
        )


@pytest.mark.row("WS-24")
@pytest.mark.parametrize(
    ("version", "status"), [((0, 9), 400), ((1, 0), 400), ((1, 1), 101), ((1, 2), 101), ((2, 0), 101)]
)
def test_the_version_of_http(version, status):
    handshake = accept(request(), version=version)
    assert handshake.status == status
    assert (handshake.agreement is None) == (status == 400) == ("HTTP/1.1" in handshake.reason)


@pytest.mark.parametrize("name", ["Sec-WebSocket-Key", "Sec-WebSocket-Version"])
def test_a_field_that_may_stand_once_stands_twice(name):
    handshake = accept([*request(), (name, FIELDS[name])])
    assert handshake.status == 400
    assert name in handshake.reason


def test_only_get_opens():
    assert accept(request(), method="POST").status == 400


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [
        ("chat, superchat", ["superchat", "chat"], "chat"),
        ("a,b,c", ["c"], "c"),
        ("a", [], None),
        ("a", ["b"], None),
        ("", ["b"], None),
    ],
)
def test_the_client_s_first_subprotocol_that_we_speak_is_chosen(offered, spoken, chosen):
    handshake = accept(request(Sec_WebSocket_Protocol=offered), subprotocols=spoken)
    assert handshake.agreement.subprotocol == chosen
    assert dict(handshake.fields).get("Sec-WebSocket-Protocol") == chosen


@pytest.mark.row("HI-45")
def test_hostile_subprotocols_and_crowds_of_fields_are_survived():
    crowd = [(f"X-{i}", "x") for i in range(200)]
    offered = ", ".join(f"p{i}" for i in range(100))
    handshake = accept(
        [*crowd, *request(Sec_WebSocket_Protocol=f"\xe9\u2603, {offered}")], subprotocols=["p99"]
    )
    assert handshake.agreement.subprotocol == "p99"


def test_our_own_subprotocols_are_tokens():
    for name in ("", "a b", "é", b"chat", None):
        with pytest.raises(ValueError, match="is not a token"):
            accept(request(), subprotocols=[name])
        with pytest.raises(ValueError, match="is not a token"):
            ClientHandshake(subprotocols=[name])


@pytest.mark.row("HI-45")
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("https://a.example", 101),
        ("HTTPS://A.example", 101),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
def test_origins(origin, status):
    assert accept(request(Origin=origin), origins={"https://a.example"}).status == status
    assert accept(request(Origin=origin)).status == 101


@pytest.mark.parametrize(
    "fields",
    [
        [(name.encode(), value.encode()) for name, value in FIELDS.items()],
        [*FIELDS.items(), ("X-Number", 5)],
        [*FIELDS.items(), (b"X-Name", "x")],
        [*FIELDS.items(), ("X-None", None)],
    ],
)
def test_fields_are_text(fields):
    with pytest.raises(TypeError, match=r"fields are pairs of str, .*latin-1"):
        accept(fields)
    with pytest.raises(TypeError, match="fields are pairs of str"):
        ClientHandshake().verify(101, fields)


@pytest.mark.parametrize("fields", [FIELDS, ["Host: x"], [b"ab"], "Host: x"])
def test_fields_are_pairs(fields):
    with pytest.raises(TypeError, match=r"fields are pairs of str, .*items\(\)"):
        accept(fields)


def test_compression_is_a_deflate():
    for call in (lambda: accept(request(), deflate=True), lambda: ClientHandshake(deflate=15)):
        with pytest.raises(TypeError, match="deflate is a Deflate or None"):
            call()


@pytest.mark.row("HI-45")
@pytest.mark.parametrize("text", ["https://a.example", b"https://a.example", bytearray(b"chat"), "", "chat"])
def test_one_text_is_no_collection(text):
    """Otherwise `https://a` would be accepted, and `chat` would mean the protocols c, h, a and t."""
    with pytest.raises(ValueError, match="collection of origins"):
        accept(request(Origin="https://a"), origins=text)
    with pytest.raises(ValueError, match="collection of subprotocols"):
        accept(request(), subprotocols=text)
    with pytest.raises(ValueError, match="collection of subprotocols"):
        ClientHandshake(subprotocols=text)
    for names in ([text], (text,), frozenset({str(text)})):
        assert accept(request(), origins=names).status == 101


@pytest.mark.parametrize(
    ("offer", "extension"),
    [
        ("permessage-deflate", "permessage-deflate"),
        ("x-webkit-deflate-frame, permessage-deflate; client_max_window_bits", "permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; wrong, permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("x-webkit-deflate-frame", None),
    ],
)
def test_extensions(offer, extension):
    handshake = accept(request(Sec_WebSocket_Extensions=offer), deflate=Deflate())
    assert dict(handshake.fields).get("Sec-WebSocket-Extensions") == extension
    assert (handshake.agreement.deflate is not None) == (extension is not None)
    assert accept(request(Sec_WebSocket_Extensions=offer)).agreement.deflate is None


@given(st.lists(st.tuples(st.sampled_from(list(FIELDS)), st.text(max_size=30))))
def test_no_fields_crash_the_server(fields):
    handshake = accept(fields, subprotocols=["a"], deflate=Deflate(), origins=())
    assert handshake.status in (101, 400, 403, 426)


def shake(respond_to=lambda fields: accept(fields, subprotocols=["b"], deflate=Deflate()).fields, **options):
    handshake = ClientHandshake(nonce=base64.b64decode(KEY), **options)
    return handshake.verify(101, respond_to(handshake.fields))


def test_client_and_server_agree():
    assert shake() == (None, None)
    assert shake(subprotocols=["a", "b"], deflate=Deflate(memory_level=1)) == ("b", Deflate(memory_level=1))


def test_keys_differ():
    assert ClientHandshake().fields != ClientHandshake().fields


def test_a_nonce_of_the_wrong_size():
    with pytest.raises(ValueError, match="15 bytes, not 16"):
        ClientHandshake(nonce=bytes(15))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Upgrade", "h2c", "another protocol"),
        ("Connection", "close", "another protocol"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOx=", "our key"),
        ("Sec-WebSocket-Protocol", "z", "subprotocol"),
        ("Sec-WebSocket-Extensions", "x", "extension"),
        ("Sec-WebSocket-Extensions", "a b", "extension"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits", "extension"),
        ("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate", "extension"),
    ],
)
def test_a_client_refuses_what_it_has_not_asked_for(name, value, reason):
    def respond(fields):
        return [*((n, v) for n, v in accept(fields).fields if n != name), (name, value)]

    with pytest.raises(HandshakeError, match=reason) as info:
        shake(respond, subprotocols=["a"], deflate=Deflate())
    assert info.value.status == 101


def test_a_client_is_refused():
    with pytest.raises(HandshakeError, match="403") as info:
        ClientHandshake().verify(403, [])
    assert info.value.status == 403

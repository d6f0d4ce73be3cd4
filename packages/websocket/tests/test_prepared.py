from muntin.websocket import Connection, Deflate, PreparedMessage, Role, WSMsgType
from muntin.websocket._deflate import Deflater, Setup

SETUP = Setup(15, 6, 8)


def test_connections_that_compress_alike_share_the_bytes():
    message = PreparedMessage("all the same " * 10)
    plain = message.format(None)
    assert message.format(None) is plain
    frames = [message.format(Deflater(SETUP, takeover=takeover)) for takeover in (True, False)]
    assert frames[0] is frames[1]
    assert len(frames[0]) < len(plain)
    assert message.format(Deflater(Setup(9, 6, 8), takeover=True)) is not frames[0]


def test_kinds():
    assert PreparedMessage("é").format(None) == b"\x81\x02\xc3\xa9"
    assert PreparedMessage(bytearray(b"\xff")).format(None) == b"\x82\x01\xff"


def test_history_of_the_connection_goes_on_afterwards(pair):
    client, server = pair(Deflate())
    shared = PreparedMessage("tick " * 9)
    for send in (
        lambda: server.send_text("tick tock"),
        lambda: server.send_prepared(shared),
        lambda: server.send_text("tick tick tick"),
        lambda: server.send_prepared(shared),
    ):
        [message] = client.receive(send())
        assert message.type is WSMsgType.TEXT
        assert message.data.startswith("tick ")


def test_a_client_masks_each_time():
    client = Connection(Role.CLIENT)
    message = PreparedMessage(b"123")
    frames = {client.send_prepared(message) for _ in range(20)}
    assert len(frames) > 1
    assert [m.data for m in Connection(Role.SERVER).receive(b"".join(frames))] == [b"123"] * len(frames)

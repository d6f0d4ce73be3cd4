import pytest

from muntin.websocket import WSMessage, WSMsgType


@pytest.mark.row("CF-02", "WS-03", "WS-04")
def test_a_message_is_three_fields_and_an_alias():
    message = WSMessage(WSMsgType.TEXT, "hi", None)
    kind, data, extra = message
    assert (kind, data, extra) == (WSMsgType.TEXT, "hi", None)
    with pytest.warns(DeprecationWarning, match=r"message\.type") as caught:
        assert message.tp is message.type is WSMsgType.TEXT
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError):
        message.data = "ho"


def test_json():
    assert WSMessage(WSMsgType.TEXT, '{"a": 1}').json() == {"a": 1}
    assert WSMessage(WSMsgType.TEXT, "7").json(loads=lambda text: text * 2) == "77"
    with pytest.raises(ValueError, match="Expecting"):
        WSMessage(WSMsgType.TEXT, "{").json()

"""Field lines that many messages share.

The class is one of tuples, which mypyc cannot compile: it has a module of its own, which stays plain Python.
"""

from muntin.http_core._accel import join_lines
from muntin.http_core._events import Fields
from muntin.http_core._serialize import encode_fields, read_lines
from muntin.http_core.errors import LocalProtocolError

__all__ = ["FieldBlock"]


class FieldBlock(tuple[tuple[str, str], ...]):
    """Field lines that many messages share: a sequence of fields that is checked and encoded once.

    Args:
        fields: name and value of each line, as text or as the bytes that were received; none that frames or dates
            the message.

    Raises:
        LocalProtocolError: a line must not be sent, or belongs to one message only.
    """

    raw: bytes
    """The lines as they are sent."""

    def __new__(cls, fields: Fields) -> "FieldBlock":
        lines = list(read_lines(fields))
        block = super().__new__(cls, lines)
        raw = join_lines(lines)
        if raw is None:
            encode_fields(lines)
            raise LocalProtocolError("a field that frames or dates a message cannot be used again")
        block.raw = raw
        return block

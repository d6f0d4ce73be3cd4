"""One message for many connections: framed, and compressed, once per distinct setup.

Knows frames and compression. Must not know who sends it, nor when.
"""

from muntin.websocket._deflate import Deflater, Setup
from muntin.websocket._frames import FIN, RSV1, format_frame
from muntin.websocket._payloads import as_bytes
from muntin.websocket.codes import Opcode

__all__ = ["PreparedMessage"]


class PreparedMessage:
    """A text (str) or binary (bytes) message, ready for any number of connections.

    Connections that compress alike share the bytes: they are compressed with an empty history, and each such
    connection starts its own history anew. Raises TypeError for what is neither text nor binary data.
    """

    __slots__ = ("_frames", "opcode", "payload")

    def __init__(self, data: str | bytes | bytearray | memoryview) -> None:
        if isinstance(data, str):
            self.opcode, self.payload = Opcode.TEXT, data.encode()
        else:
            self.opcode, self.payload = Opcode.BINARY, as_bytes(data)
        self._frames: dict[Setup | None, bytes] = {}

    def format(self, deflater: Deflater | None) -> bytes:
        """Give the unmasked frame for a connection with this `deflater`, which loses its history."""
        setup = None
        if deflater:
            deflater.forget()
            setup = deflater.setup
        frame = self._frames.get(setup)
        if frame is None:
            frame = self._frames[setup] = self._make(setup)
        return frame

    def _make(self, setup: Setup | None) -> bytes:
        if setup is None:
            return format_frame(FIN | self.opcode, self.payload)
        return format_frame(FIN | RSV1 | self.opcode, setup.deflate(self.payload))

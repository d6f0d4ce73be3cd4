"""One message for many connections: framed, and compressed, once per distinct compression setup."""

from muntin.websocket._deflate import Deflater, Setup
from muntin.websocket._frames import FIN, RSV1, format_frame
from muntin.websocket._payloads import as_bytes
from muntin.websocket.codes import Opcode

__all__ = ["PreparedMessage"]


class PreparedMessage:
    """A text (str) or binary (bytes) message, ready for any number of connections.

    Connections with the same compression setup share one frame. It is compressed with an empty history, so each
    connection that sends it starts a new history.

    Raises:
        TypeError: the data is neither text nor binary.
    """

    __slots__ = ("_frames", "opcode", "payload")

    def __init__(self, data: str | bytes | bytearray | memoryview) -> None:
        if isinstance(data, str):
            self.opcode, self.payload = Opcode.TEXT, data.encode()
        else:
            self.opcode, self.payload = Opcode.BINARY, as_bytes(data)
        self._frames: dict[Setup | None, bytes] = {}

    def format(self, deflater: Deflater | None) -> bytes:
        """Return the unmasked frame for a connection with this `deflater`, and drop the history of the deflater."""
        setup = None
        if deflater:
            deflater.drop_history()
            setup = deflater.setup
        frame = self._frames.get(setup)
        if frame is None:
            frame = self._frames[setup] = self._make(setup)
        return frame

    def _make(self, setup: Setup | None) -> bytes:
        if setup is None:
            return format_frame(FIN | self.opcode, self.payload)
        return format_frame(FIN | RSV1 | self.opcode, setup.deflate(self.payload))

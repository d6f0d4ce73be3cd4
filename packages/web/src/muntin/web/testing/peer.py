"""The other end of an exchange in memory, as the test describes it."""

from typing import Any

__all__ = ["MemoryPeer"]


class MemoryPeer:
    """The other end, as the test describes it.

    Args:
        address: its socket address.
        local_address: ours.
        is_secure: whether the bytes travel under TLS.
        extra: values for `get_extra_info`.
    """

    def __init__(
        self,
        *,
        address: Any = ("127.0.0.1", 50000),
        local_address: Any = ("127.0.0.1", 8080),
        is_secure: bool = False,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.address = address
        self.local_address = local_address
        self.is_secure = is_secure
        self.transport: Any = None
        self._extra = {"peername": address, "sockname": local_address} | (extra or {})

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the extra information that the test set."""
        return self._extra.get(name, default)

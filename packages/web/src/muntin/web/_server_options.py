"""The arguments of servers by their documented names.

It knows which number of ours each one is; it must not know what is served.
"""

import logging
from dataclasses import replace
from typing import Any, Final

from muntin.http_core import DEFAULT_LIMITS, Limits
from muntin.runner import DEFAULT_TIMEOUTS, Timeouts

__all__ = ["read_server_options"]

_LOGGER: Final = logging.getLogger("muntin.server")
_LIMITS: Final = {
    "max_line_size": "request_line",
    "max_field_size": "field_line",
    "max_headers": "field_count",
}
_TIMEOUTS: Final = {"keepalive_timeout": "keep_alive", "lingering_time": "drain"}
_WITHOUT_EFFECT: Final = frozenset(
    ("auto_decompress", "read_bufsize", "tcp_keepalive", "timeout_ceil_threshold")
)
"""Documented arguments for which there is nothing to set: how the reader buffers, or how timers are rounded."""


def read_server_options(
    *,
    limits: Limits = DEFAULT_LIMITS,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    logger: logging.Logger = _LOGGER,
    handler_cancellation: bool = False,
    **documented: Any,
) -> dict[str, Any]:
    """Give the options of `muntin.runner.Server` for the documented arguments.

    Raises:
        TypeError: an argument is not known.
    """
    unknown = documented.keys() - _LIMITS.keys() - _TIMEOUTS.keys() - _WITHOUT_EFFECT
    if unknown:
        raise TypeError(f"a server has no argument {', '.join(sorted(unknown))}")
    changed = {_LIMITS[name]: value for name, value in documented.items() if name in _LIMITS}
    waits = {_TIMEOUTS[name]: value for name, value in documented.items() if name in _TIMEOUTS}
    return {
        "limits": replace(limits, **changed) if changed else limits,
        "timeouts": replace(timeouts, **waits) if waits else timeouts,
        "logger": logger,
        "handler_cancellation": handler_cancellation,
    }

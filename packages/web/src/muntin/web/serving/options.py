"""The arguments of servers by their documented names.

A table maps each of them to a field of `Limits`, `Timeouts` or `Caps`.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from muntin.http_core import DEFAULT_LIMITS, Limits
from muntin.runner import DEFAULT_CAPS, DEFAULT_TIMEOUTS, Caps, Timeouts

__all__ = ["overlay", "read_server_options"]

Numbers = TypeVar("Numbers", Limits, Timeouts, Caps)

_LOGGER: Final = logging.getLogger("muntin.server")
_LIMITS: Final = {
    "max_line_size": "request_line",
    "max_field_size": "field_line",
    "max_headers": "field_count",
}
_TIMEOUTS: Final = {
    "keepalive_timeout": "keep_alive",
    "lingering_time": "drain",
    "timeout_ceil_threshold": "ceil_threshold",
}
_CAPS: Final = {"read_bufsize": "body_buffer"}


_GROUPS: Final = {"limits": _LIMITS, "timeouts": _TIMEOUTS, "caps": _CAPS}


def overlay(options: Mapping[str, Any], winning: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings of options; `winning` replaces those of the same name.

    All time-outs given at once win over any given by its own name among the others; limits and caps likewise.
    """
    replaced = {name for group, names in _GROUPS.items() if group in winning for name in names}
    return {**{name: value for name, value in options.items() if name not in replaced}, **winning}


def read_server_options(
    *,
    limits: Limits = DEFAULT_LIMITS,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    caps: Caps = DEFAULT_CAPS,
    tcp_keepalive: bool = True,
    logger: logging.Logger = _LOGGER,
    handler_cancellation: bool = False,
    **documented: Any,
) -> dict[str, Any]:
    """Return the options of the server below for the documented arguments.

    Those win over the numbers of the same meaning in `limits`, `timeouts` and `caps`.

    Raises:
        TypeError: an argument is not known.
        ValueError: a number makes no sense.
    """
    unknown = documented.keys() - _LIMITS.keys() - _TIMEOUTS.keys() - _CAPS.keys()
    if unknown:
        raise TypeError(f"a server has no argument {', '.join(sorted(unknown))}")
    return {
        "limits": _amend(limits, _LIMITS, documented),
        "timeouts": _amend(timeouts, _TIMEOUTS, documented),
        "caps": _amend(caps, _CAPS, documented),
        "tcp_keepalive": tcp_keepalive,
        "logger": logger,
        "handler_cancellation": handler_cancellation,
    }


def _amend(numbers: Numbers, names: Mapping[str, str], documented: Mapping[str, Any]) -> Numbers:
    """Return the numbers, replaced by the documented arguments that were passed."""
    changed = {ours: documented[theirs] for theirs, ours in names.items() if theirs in documented}
    return replace(numbers, **changed) if changed else numbers

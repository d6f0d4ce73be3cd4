"""Settings of gunicorn: which of them are options of the server, and which have no effect.

A setting counts if it differs from gunicorn's default: then somebody has set it.
"""

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["list_ignored", "read_limits"]

_LIMITS: Final = {
    "limit_request_line": "max_line_size",
    "limit_request_fields": "max_headers",
    "limit_request_field_size": "max_field_size",
}
_EXACT: Final = "the grammar of HTTP is followed exactly"
_TRUSTED: Final = "forwarding fields are trusted where the application names its proxies"
_IGNORED: Final = {
    "proxy_protocol": "a connection that begins with a PROXY line is refused: let the proxy set forwarding fields",
    "protocol": "HTTP/1.1 is the only protocol",
    "http_protocols": "HTTP/1.1 is the only protocol",
    "forwarded_allow_ips": _TRUSTED,
    "secure_scheme_headers": _TRUSTED,
    "forwarder_headers": _TRUSTED,
    "permit_obsolete_folding": _EXACT,
    "permit_unconventional_http_method": _EXACT,
    "permit_unconventional_http_version": _EXACT,
    "strip_header_spaces": _EXACT,
    "casefold_http_method": _EXACT,
    "worker_connections": "connections are capped by the option caps of the server",
    "threads": "handlers run in the event loop",
}
"""Settings without a counterpart, and what applies instead."""


def read_limits(cfg: Any) -> dict[str, int]:
    """Return the options of the server for the limits that were set. A limit of 0, which means none, is left out."""
    limits = {ours: _read_changed(cfg, theirs) for theirs, ours in _LIMITS.items()}
    return {name: limit for name, limit in limits.items() if limit}


def list_ignored(cfg: Any, *, has_own_runner: bool) -> Iterator[str]:
    """Iterate a line for each setting that was set and has no effect.

    Args:
        cfg: gunicorn's configuration.
        has_own_runner: True if a runner is served, whose options stay as they are.
    """
    for name in _LIMITS:
        limit = _read_changed(cfg, name)
        if limit is None:
            continue
        if has_own_runner:
            yield f"{name} has no effect: the runner that is served has limits of its own"
        elif not limit:
            yield f"{name} = 0 has no effect: no request is without a limit"
    for name, why in _IGNORED.items():
        if _read_changed(cfg, name) is not None:
            yield f"{name} has no effect: {why}"


def _read_changed(cfg: Any, name: str) -> Any:
    """Return what a setting was set to; None where that is the default, or this gunicorn has no such setting."""
    setting = cfg.settings.get(name)
    # A written default may differ from the parsed one, such as a string from a list.
    if setting is None or setting.get() == type(setting)().get():
        return None
    return setting.get()

"""JSON, in and out.

The encoder is the caller's choice: any that returns text, or bytes.
"""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from muntin.web.keys import AppKey
from muntin.web.response.exceptions import JSONPayloadError
from muntin.web.response.headers import LooseHeaders
from muntin.web.response.whole import Response

__all__ = ["DEFAULT_CODEC", "JSON", "JSONCodec", "json_bytes_response", "json_response"]

_MISSING: Final[Any] = object()
_JSON_TYPE: Final = "application/json"
_encode: Final = json.JSONEncoder().encode
"""The encoder that `json.dumps` ends in when it is called with a value alone."""


class JSONCodec(NamedTuple):
    """How an application reads and writes JSON."""

    loads: Callable[[str], Any] = json.loads
    dumps: Callable[[Any], str | bytes] = json.dumps

    def decode(self, text: str) -> Any:
        """Return the value of a JSON text from the client.

        Raises:
            JSONPayloadError: it says none; whatever `loads` has raised, the text is at fault.
        """
        try:
            return self.loads(text)
        except json.JSONDecodeError as error:
            raise JSONPayloadError(error.msg, error.pos) from error
        except Exception as error:
            # RecursionError, and the decoders' own, such as msgspec.DecodeError.
            raise JSONPayloadError(str(error), 0) from error


DEFAULT_CODEC: Final = JSONCodec()
JSON: Final = AppKey("JSON", JSONCodec)
"""Set ``app[web.JSON]`` to read and write JSON by other means, for its sub-applications too."""


def json_response(
    data: Any = _MISSING,
    *,
    text: str | None = None,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = _JSON_TYPE,
    dumps: Callable[[Any], str] = json.dumps,
) -> Response:
    """Make a response of a value.

    Args:
        data: the value; or else `text` or `body`, encoded already.
        text: JSON as text.
        body: JSON as bytes.
        status: the status code.
        reason: the reason phrase; None for the registered one.
        headers: further fields.
        content_type: type and subtype.
        dumps: encodes the value.

    Raises:
        ValueError: more than one of `data`, `text` and `body`.
    """
    if data is not _MISSING:
        if text is not None or body is not None:
            raise ValueError("only one of data, text, or body should be specified")
        text = _encode(data) if dumps is json.dumps else dumps(data)
        return Response(text=text, status=status, reason=reason, headers=headers, content_type=content_type)
    return Response(
        text=text, body=body, status=status, reason=reason, headers=headers, content_type=content_type
    )


def json_bytes_response(
    data: Any = _MISSING,
    *,
    dumps: Callable[[Any], bytes],
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = _JSON_TYPE,
) -> Response:
    """Make a response of a value, by an encoder that returns bytes, as `orjson.dumps` and `msgspec.json.encode` do.

    Args:
        data: the value; or else `body`, encoded already.
        dumps: encodes the value, in UTF-8.
        body: JSON as bytes.
        status: the status code.
        reason: the reason phrase; None for the registered one.
        headers: further fields.
        content_type: type and subtype.

    Raises:
        ValueError: both of `data` and `body`.
    """
    if data is not _MISSING:
        if body is not None:
            raise ValueError("only one of data or body should be specified")
        body = dumps(data)
    return Response(body=body, status=status, reason=reason, headers=headers, content_type=content_type)

"""`aiohttp.hdrs`: names of methods and of header fields, where aiohttp is not installed."""

from typing import Final

from multidict import istr

__all__: list[str] = []

METH_ANY: Final = "*"
METH_CONNECT: Final = "CONNECT"
METH_DELETE: Final = "DELETE"
METH_GET: Final = "GET"
METH_HEAD: Final = "HEAD"
METH_OPTIONS: Final = "OPTIONS"
METH_PATCH: Final = "PATCH"
METH_POST: Final = "POST"
METH_PUT: Final = "PUT"
METH_TRACE: Final = "TRACE"
METH_ALL: Final = {
    METH_CONNECT,
    METH_DELETE,
    METH_GET,
    METH_HEAD,
    METH_OPTIONS,
    METH_PATCH,
    METH_POST,
    METH_PUT,
    METH_TRACE,
}

_FIELDS: Final = """
    Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Credentials
    Access-Control-Allow-Headers Access-Control-Allow-Methods Access-Control-Allow-Origin
    Access-Control-Expose-Headers Access-Control-Max-Age Access-Control-Request-Headers
    Access-Control-Request-Method Age Allow Authorization Cache-Control Connection Content-Disposition
    Content-Encoding Content-Language Content-Length Content-Location Content-MD5 Content-Range
    Content-Transfer-Encoding Content-Type Cookie Date Destination Digest ETag Expect Expires Forwarded From Host
    If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Last-Event-ID Last-Modified Link
    Location Max-Forwards Origin Pragma Proxy-Authenticate Proxy-Authorization Range Referer Retry-After
    Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Key1 Sec-WebSocket-Protocol
    Sec-WebSocket-Version Server Set-Cookie TE Trailer Transfer-Encoding URI Upgrade User-Agent Vary Via
    WWW-Authenticate Want-Digest Warning X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto
"""

# A constant for each: CONTENT_TYPE is "Content-Type".
globals().update({name.upper().replace("-", "_"): istr(name) for name in _FIELDS.split()})

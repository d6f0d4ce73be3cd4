"""The ABNF of RFC 9110 and 9112 as patterns over bytes, each composed of smaller named ones.

Each match takes linear time. Repeats of one class are possessive (`++`, `*+`). Repeats of groups are not, because
Pythons before 3.11.5 match those wrongly; instead, what a group begins with can never be what follows the group, so
backtracking stops at once. No pattern accepts more than the RFC does, not even for old peers: strictness is intended.
"""

import re
from typing import Final

from muntin.http_core import tokens

__all__ = [
    "ABSOLUTE_TARGET",
    "AUTHORITY_TARGET",
    "CHUNK_LINE",
    "CONTENT_LENGTH",
    "FIELD_LINE",
    "FIELD_SECTION",
    "FRAMING_FIELD",
    "HOST",
    "OUTGOING_FIELDS",
    "PLAIN_HEAD",
    "REASON",
    "REQUEST_LINE",
    "STATUS_LINE",
    "TARGET",
    "TOKEN",
]

# token = 1*tchar                                                            RFC 9110 §5.6.2
token = tokens.TOKEN.encode("ascii")
TOKEN: Final = re.compile(token)

# OWS = *( SP / HTAB )                                                       RFC 9110 §5.6.3
ows = rb"[ \t]*+"

# field-value: VCHAR, obs-text, SP and HTAB inside; no other control          RFC 9110 §5.5
# obs-fold (a line that begins with white space) matches nothing here         RFC 9112 §5.2
field_byte = rb"[\t\x20-\x7e\x80-\xff]"
# No white space may stand between name and colon                             RFC 9112 §5.1
field_line = token + rb":" + field_byte + rb"*+\r\n"

FIELD_SECTION: Final = re.compile(rb"(?:" + field_line + rb")*")
"""All field lines of a head; what is left unmatched is malformed."""

FIELD_LINE: Final = re.compile(
    rb"(" + token + rb"):" + ows + rb"((?:[\x21-\x7e\x80-\xff]++(?:[ \t]++(?!\r))?)*)" + ows + rb"\r\n"
)
"""The name of a line, and its value without the white space around it. For sections that `FIELD_SECTION` accepted."""

FRAMING_FIELD: Final = re.compile(
    rb"(?i)\n(host|content-length|transfer-encoding|connection|expect|upgrade):" + ows + rb"([^\r]*+)"
)
"""The lines that decide how a message is read; searched with the CRLF of the line before them."""

# request-line = method SP request-target SP HTTP-version                     RFC 9112 §3
# The target may hold what RFC 3986 calls reserved, unreserved and pct-encoded, and of the rest what browsers
# do send unencoded in queries: " < > [ ] \ ^ ` { | }. Never white space, controls, raw 8-bit bytes or a fragment (#).
target_byte = rb"[\x21\x22\x24-\x7e]"
http_version = rb"HTTP/(?P<version>[0-9]\.[0-9])"
TARGET: Final = re.compile(target_byte + rb"++")
REQUEST_LINE: Final = re.compile(rb"(" + token + rb") (" + target_byte + rb"++) " + http_version + rb"\r\n")

# Content-Length = 1*DIGIT                                                    RFC 9110 §8.6
# 18 digits stay below 2**60: no file is longer, and no number is too long to convert at once.
CONTENT_LENGTH: Final = re.compile(rb"[0-9]{1,18}")

# Host = uri-host [ ":" port ]                                                RFC 9110 §7.2, RFC 3986 §3.2.2
name_byte = rb"[A-Za-z0-9\-._~!$&'()*+,;=]"
reg_name = name_byte + rb"*+(?:%[0-9A-Fa-f]{2}" + name_byte + rb"*+)*"
dec_octet = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ipv4_address = dec_octet + rb"(?:\." + dec_octet + rb"){3}"
h16 = rb"[0-9A-Fa-f]{1,4}"
ls32 = rb"(?:" + h16 + rb":" + h16 + rb"|" + ipv4_address + rb")"
# Eight pieces of 16 bits, or fewer and one "::" for those left out; the last two may be an IPv4 address.
ipv6_address = rb"|".join(
    (
        rb"(?:" + h16 + rb":){6}" + ls32,
        *(
            rb"(?:"
            + (rb"(?:" + h16 + rb":){0,%d}" % (before - 1) + h16 if before else rb"")
            + rb")?::"
            + behind
            for before, behind in enumerate(
                (
                    *(rb"(?:" + h16 + rb":){%d}" % count + ls32 for count in (5, 4, 3, 2, 1)),
                    ls32,
                    h16,
                    rb"",
                )
            )
        ),
    )
)
# Addresses of a later version (IPvFuture) do not exist, and their meaning must not be guessed (RFC 3986 §3.2.2).
ip_literal = rb"\[(?:" + ipv6_address + rb")\]"
uri_host = rb"(?:" + ip_literal + rb"|" + reg_name + rb")"
HOST: Final = re.compile(uri_host + rb"(?::[0-9]{0,5})?")

# absolute-form, for the two schemes of HTTP                                  RFC 9112 §3.2.2
ABSOLUTE_TARGET: Final = re.compile(rb"((?i:https?))://([^/?]++)(?:[/?]" + target_byte + rb"*+)?")
# authority-form, for CONNECT only; the port may not be left out              RFC 9112 §3.2.3
AUTHORITY_TARGET: Final = re.compile(uri_host + rb":([0-9]{1,5})")

# chunk = chunk-size [ chunk-ext ] CRLF                                       RFC 9112 §7.1
# 15 digits stay below 2**60. Extensions are matched by their grammar (§7.1.1) and dropped.
qdtext = rb"[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]"
quoted_string = rb'"' + qdtext + rb"*+(?:\\[\t\x20-\x7e\x80-\xff]" + qdtext + rb'*+)*"'
chunk_ext = (
    rb"(?:"
    + ows
    + rb";"
    + ows
    + token
    + rb"(?:"
    + ows
    + rb"="
    + ows
    + rb"(?:"
    + token
    + rb"|"
    + quoted_string
    + rb"))?)*"
)
CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})" + chunk_ext + rb"\r\n")

# The head that nearly every client sends: origin-form, HTTP/1.1, one Host that is a name, at most one Content-Length,
# and no other field that decides how the message is read. `Connection: keep-alive` says what HTTP/1.1 means anyway
# (RFC 9112 §9.3).
# The first letters are classes because the regular expression engine can skip alternatives by them.
deciding = (
    rb"(?:[Hh](?i:ost):|[Cc](?i:on(?:tent-length:|nection:(?! keep-alive\r)))|[Tt](?i:ransfer-encoding):"
    rb"|[Ee](?i:xpect):|[Uu](?i:pgrade):)"
)
plain_lines = rb"(?:(?!" + deciding + rb")" + field_line + rb")*"
host_line = rb"[Hh](?i:ost):[ ]?[A-Za-z0-9\-._]++(?::[0-9]{0,5})?[ ]*+\r\n"
length_line = rb"[Cc](?i:ontent-length):[ ]?([0-9]{1,18})[ ]*+\r\n"
PLAIN_HEAD: Final = re.compile(
    rb"(" + token + rb") (/" + target_byte + rb"*+) HTTP/1\.1\r\n"
    rb"("
    + plain_lines
    + rb"(?:"
    + host_line
    + plain_lines
    + rb"(?:"
    + length_line
    + plain_lines
    + rb")?|"
    + length_line
    + plain_lines
    + host_line
    + plain_lines
    + rb"))\r\n"
)
"""A whole head of that kind: method, target, field lines, the length if it is behind Host, and if it is before Host."""

# What we send

# Valid lines, none of which frames or dates the message: the engine writes those itself.
OUTGOING_FIELDS: Final = re.compile(
    rb"(?:(?!(?:[Cc](?i:on(?:tent-length|nection))|[Tt](?i:ra(?:nsfer-encoding|iler))|[Dd](?i:ate)):)"
    + token
    + rb": "
    + field_byte
    + rb"*+\r\n)*"
)

# reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )                          RFC 9112 §4
REASON: Final = re.compile(field_byte + rb"*+")

# What clients read

# status-line = HTTP-version SP status-code SP [ reason-phrase ]              RFC 9112 §4
# Some servers leave out the space behind the code where no reason follows; this is not ambiguous.
STATUS_LINE: Final = re.compile(http_version + rb" ([1-9][0-9]{2})(?: (" + field_byte + rb"*+))?\r\n")

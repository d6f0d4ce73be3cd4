"""Rate limit: how often somebody may come.

Each key has a bucket of tokens that fills steadily; a request takes one. All that is kept of a bucket is the time at
which it will be full again, and nothing at all of one that is. It knows keys and times; whose address is to be
believed is for the middleware that knows the proxies, which stands outside of this one.

Several limits may apply to a request, a short one and a long one. What they say is one list, kept at the request, so
that it is whole and in one order whoever makes the response: the handler, one of the limits, or the server.
"""

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import chain, count
from typing import Final, NamedTuple

from multidict import CIMultiDict

from muntin.middleware import middleware
from muntin.web.keys import RequestKey
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._amending import amend_response
from muntin.web.middlewares._networks import parse_address
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPTooManyRequests
from muntin.web.response.stream import StreamResponse

__all__ = ["Quota", "key_by_network", "rate_limit_middleware"]

_MOST_KEYS: Final = 10_000
_SUBSCRIBER_BITS: Final = 64
_ROUNDING: Final = 1e-9
"""The largest rounding error of sums of floats (tokens or seconds)."""
# A member of a list that begins with a string (RFC 9651 §3.1, §3.3.3); strings may have commas in them.
_MEMBER: Final = re.compile(r'[ \t]*("(?:[^"\\]|\\.)*")?(?:[^",]|"(?:[^"\\]|\\.)*")*')


@dataclass(frozen=True, slots=True)
class Quota:
    """How much one key may have.

    Args:
        requests: tokens in a full bucket.
        seconds: the time in which an empty bucket becomes full.

    Raises:
        ValueError: one of them is not more than none.
    """

    requests: int
    seconds: float

    def __post_init__(self) -> None:
        if self.requests < 1 or not 0 < self.seconds < math.inf:
            raise ValueError(f"a quota is a number of requests in a number of seconds: {self}")


def key_by_network(request: Request) -> Hashable:
    """Return the key of a request's bucket: its address, or the /64 of an IPv6 address, which one subscriber has.

    Peers without an address share one bucket.
    """
    try:
        address = parse_address(request.remote or "")
    except ValueError:
        return request.remote or ""
    if isinstance(address, IPv6Address):
        return int(address) >> _SUBSCRIBER_BITS
    return str(address)


def rate_limit_middleware(
    quota: Quota,
    *,
    key: Callable[[Request], Hashable] = key_by_network,
    name: str = "default",
    most_keys: int = _MOST_KEYS,
    clock: Callable[[], float] = time.monotonic,
) -> Middleware:
    """Return a middleware that responds with 429 and Retry-After where a bucket is empty.

    All responses tell by RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) what is left. Both are
    lists: of several limits around a handler, each has a member under its own name, the outermost first.

    Args:
        quota: what each key may have.
        key: returns the key of a request's bucket; None for no limit. Never use values that clients choose.
        name: of the policy, for clients; the second limit of a request with the same name says ``name-2``, and so on.
        most_keys: how many buckets are kept; beyond, those that were not used for longest are forgotten, and full.
        clock: returns the time in seconds.

    Raises:
        ValueError: the name has other characters than letters, digits, ``-`` and ``_``, or there is no room for keys.
    """
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
        raise ValueError(f"not the name of a policy: {name!r}")
    buckets = _Buckets(quota, most_keys)

    @middleware
    async def limit(request: Request, handler: Handler) -> StreamResponse:
        found = key(request)
        if found is None:
            return await handler(request)
        taken = buckets.take(found, clock())
        limits = request.setdefault(_LIMITS, [])
        limits.append(
            _Limit(
                _name_apart(name, limits),
                f"q={quota.requests};w={math.ceil(quota.seconds)}",
                f"r={taken.left};t={_whole_seconds(taken.until_full)}",
            )
        )

        def amend(response: StreamResponse) -> None:
            _set_members(response.headers, "RateLimit-Policy", {limit.name: limit.policy for limit in limits})
            _set_members(response.headers, "RateLimit", {limit.name: limit.left for limit in limits})

        if taken.wait:
            refusal = HTTPTooManyRequests(headers={"Retry-After": str(_whole_seconds(taken.wait))})
            amend(refusal)
            raise refusal
        return await amend_response(request, handler, amend)

    return limit


class _Limit(NamedTuple):
    """One limit that applied to a request: its name, and the parameters of its members in the fields."""

    name: str
    policy: str
    left: str


_LIMITS: Final = RequestKey("RATE_LIMITS", list[_Limit])
"""Where a request has the limits that it came through, the outermost first."""


def _name_apart(name: str, others: Sequence[_Limit]) -> str:
    """Return the name, with a number behind it where another limit of the same request has it."""
    taken = {limit.name for limit in others}
    numbered = chain((name,), (f"{name}-{number}" for number in count(2)))
    return next(each for each in numbered if each not in taken)


def _set_members(headers: CIMultiDict[str], field: str, parameters: Mapping[str, str]) -> None:
    """Set a list to members of those names and parameters, and keep the members of others behind them."""
    ours = {f'"{name}"': f'"{name}";{said}' for name, said in parameters.items()}
    members = [
        member[0].strip(" \t")
        for line in headers.getall(field, [])
        for member in _MEMBER.finditer(line)
        if member[1] not in ours
    ]
    headers[field] = ", ".join([*ours.values(), *filter(None, members)])


def _whole_seconds(seconds: float) -> int:
    """Round a time up for a field, so that no client comes back too early."""
    return max(1, math.ceil(seconds * (1 - _ROUNDING)))


class _Taken(NamedTuple):
    """The result of taking a token."""

    left: int
    """Tokens that are left."""
    until_full: float
    """Seconds until the bucket is full."""
    wait: float
    """Seconds until there is a token; 0 if one was taken."""


class _Buckets:
    """The buckets that are not full, the one that was used last at the end."""

    def __init__(self, quota: Quota, most: int) -> None:
        if most < 1:
            raise ValueError(f"there is no room for keys: {most!r}")
        self._quota = quota
        self._most = most
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: Hashable, now: float) -> _Taken:
        """Take a token, if there is one."""
        requests, seconds = self._quota.requests, self._quota.seconds
        each = seconds / requests
        missing = max(0.0, self._full_at.get(key, now) - now) / each
        if missing + 1 > requests + _ROUNDING:
            return _Taken(0, missing * each, (missing + 1 - requests) * each)
        missing += 1
        self._full_at[key] = now + missing * each
        self._full_at.move_to_end(key)
        self._forget(now)
        return _Taken(int(requests - missing + _ROUNDING), missing * each, 0.0)

    def _forget(self, now: float) -> None:
        """Remove the oldest buckets: up to two that are full by now, or one if there are too many."""
        for _ in range(2):
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._most:
                return
            del self._full_at[oldest]

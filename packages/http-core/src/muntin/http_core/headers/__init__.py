"""Header families: what the values of fields mean, a module for each, with `parse_x` beside `format_x`.

Every parser takes a field's value as `str`, decoded as latin-1, takes time linear in its length, and has a
cap on its items. None of them raises for anything that came from the wire.

```python
from muntin.http_core.headers.etags import ETag, parse_etag

assert parse_etag('W/"v1"') == ETag("v1", is_weak=True)
```

`from muntin.http_core import headers` loads nothing yet: `headers.etags` is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.headers import (
        accept,
        authorization,
        cache_control,
        conditions,
        cookies,
        dates,
        disposition,
        etags,
        filenames,
        forwarded,
        media,
        ranges,
    )
    from muntin.http_core.headers.accept import *  # noqa: F403
    from muntin.http_core.headers.authorization import *  # noqa: F403
    from muntin.http_core.headers.cache_control import *  # noqa: F403
    from muntin.http_core.headers.conditions import *  # noqa: F403
    from muntin.http_core.headers.cookies import *  # noqa: F403
    from muntin.http_core.headers.dates import *  # noqa: F403
    from muntin.http_core.headers.disposition import *  # noqa: F403
    from muntin.http_core.headers.etags import *  # noqa: F403
    from muntin.http_core.headers.filenames import *  # noqa: F403
    from muntin.http_core.headers.forwarded import *  # noqa: F403
    from muntin.http_core.headers.media import *  # noqa: F403
    from muntin.http_core.headers.ranges import *  # noqa: F403

__all__ = [
    "accept",
    "authorization",
    "cache_control",
    "conditions",
    "cookies",
    "dates",
    "disposition",
    "etags",
    "filenames",
    "forwarded",
    "media",
    "ranges",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.load_when_used(__name__, __all__)

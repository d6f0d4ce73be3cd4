"""muntin in the place of other servers: what was written for them runs here, unchanged.

`muntin.compat.aiohttp` takes the place of aiohttp's server half.
"""

__all__: list[str] = []

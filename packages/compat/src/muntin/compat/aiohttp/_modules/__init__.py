"""The modules of aiohttp as programs see them: each has the names of the module that it takes the place of."""

__all__: list[str] = []

"""The aiohttp.web application API, assembled from the muntin packages."""

__all__: list[str] = []

"""Turn a URL path and request fields into a plan for a file answer: sandbox, validators, ranges, precompressed siblings, versions, listings; an ASGI application on top."""

__all__: list[str] = []

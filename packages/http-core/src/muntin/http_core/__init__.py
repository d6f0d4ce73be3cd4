"""HTTP/1.1 as a sans-I/O engine: bytes to events and back, framing, limits, header families, content coding, multipart."""

__all__: list[str] = []

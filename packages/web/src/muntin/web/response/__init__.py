"""Responses: what they say (head, body), what becomes of it on the way (coding), and how it is sent."""

__all__: list[str] = []

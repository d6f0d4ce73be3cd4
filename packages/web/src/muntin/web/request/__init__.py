"""The request that a handler is given: its fields, its target, and its body as bytes, text, JSON or a form."""

__all__: list[str] = []

"""What a handler is given: the request, its fields and target, and its body as bytes, text, JSON or a form."""

__all__: list[str] = []

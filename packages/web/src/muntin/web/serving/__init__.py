"""What runs an application for exchanges: selecting a handler, responding, recovering from errors, servers, runners."""

__all__: list[str] = []

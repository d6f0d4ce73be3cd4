"""Match a method, a path and a host against named, variable, prefix and host resources; build URLs back from their names."""

__all__: list[str] = []

"""An application as a whole program: where it listens, workers, reloading, the command line."""

__all__: list[str] = []

"""The application: routes, middlewares, state and signals as one thing, its life and its tasks."""

__all__: list[str] = []

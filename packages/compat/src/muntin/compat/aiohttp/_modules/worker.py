"""`aiohttp.worker`: workers for gunicorn."""

from muntin.runner.gunicorn import GunicornUVLoopWebWorker, GunicornWebWorker

__all__ = ["GunicornUVLoopWebWorker", "GunicornWebWorker"]

"""Many processes that serve one set of listening sockets: one supervisor starts, watches, replaces and stops them."""

from muntin.runner.workers._settings import Workers
from muntin.runner.workers._supervisor import Supervisor
from muntin.runner.workers._worker import Worker

__all__ = ["Supervisor", "Worker", "Workers"]

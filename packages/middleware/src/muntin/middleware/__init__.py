"""Compose handlers with middlewares; ordered signals; cleanup contexts.

For any asyncio program that handles requests: requests and responses may be of any type.
"""

from muntin.middleware._chain import (
    Factory,
    Handler,
    Middleware,
    compose,
    is_middleware,
    middleware,
)
from muntin.middleware._middlewares import Middlewares, check_middlewares, try_factories
from muntin.middleware.cleanup import CleanupContexts, Context
from muntin.middleware.ending import Step, run_all
from muntin.middleware.errors import CleanupError, CompositionError, StepCancelled
from muntin.middleware.signals import Receiver, Signal

__all__ = [
    "CleanupContexts",
    "CleanupError",
    "CompositionError",
    "Context",
    "Factory",
    "Handler",
    "Middleware",
    "Middlewares",
    "Receiver",
    "Signal",
    "Step",
    "StepCancelled",
    "check_middlewares",
    "compose",
    "is_middleware",
    "middleware",
    "run_all",
    "try_factories",
]

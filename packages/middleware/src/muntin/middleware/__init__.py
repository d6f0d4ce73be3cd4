"""Compose handlers with middlewares; ordered signals; cleanup contexts.

Of use to any asyncio program that answers something: requests and responses may be of any type.
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
from muntin.middleware.callables import (
    describe_callable,
    is_coroutine_callable,
    is_plain_function,
    warn_about,
)
from muntin.middleware.cleanup import CleanupContexts, Context
from muntin.middleware.ending import Step, run_all
from muntin.middleware.errors import CleanupError, CompositionError, StepCancelled
from muntin.middleware.paths import normalize_candidates, to_same_origin
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
    "describe_callable",
    "is_coroutine_callable",
    "is_middleware",
    "is_plain_function",
    "middleware",
    "normalize_candidates",
    "run_all",
    "to_same_origin",
    "try_factories",
    "warn_about",
]

"""The access log: one line for each response, by a format, as text or JSON, one by one or many at a time."""

from muntin.web.access_log.batches import BatchingHandler
from muntin.web.access_log.loggers import AbstractAccessLogger, AccessLogger, JSONAccessLogger

__all__ = ["AbstractAccessLogger", "AccessLogger", "BatchingHandler", "JSONAccessLogger"]

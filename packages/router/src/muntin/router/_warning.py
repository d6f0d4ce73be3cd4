"""Warnings at registration, reported for the line that registers: it is the line to change."""

import inspect
import warnings

from muntin.router.errors import TemplateWarning

__all__ = ["warn_author"]


def warn_author(message: str) -> None:
    """Warn whoever registers a template, by a `TemplateWarning` in their line."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("muntin."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, TemplateWarning, stacklevel=level)

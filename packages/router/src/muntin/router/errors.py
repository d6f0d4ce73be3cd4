"""The errors of the router.

    RouterError
    ├── TemplateError    ValueError     a path, prefix, domain or regular expression that cannot be understood
    ├── ResourceNameError ValueError    a name for a resource that is malformed or taken
    ├── MethodError      ValueError     a method that is no token
    ├── RouteConflict    RuntimeError   a route that another route hides for good
    ├── FrozenError      RuntimeError   a change after `freeze()`
    ├── PartError        KeyError       parts that do not fit the template when a URL is built
    └── PartValueError   ValueError     values that do, and with which the URL would not lead back

No request causes one: a path from the wire never raises, it is not found.
"""

__all__ = [
    "FrozenError",
    "MethodError",
    "PartError",
    "PartValueError",
    "ResourceNameError",
    "RouteConflict",
    "RouterError",
    "TemplateError",
    "TemplateWarning",
]


class RouterError(Exception):
    """The root of the router's errors."""


class TemplateError(RouterError, ValueError):
    """A path template, a prefix or a domain that cannot be understood; the message quotes it and says why."""


class ResourceNameError(RouterError, ValueError):
    """A name for a resource that is malformed or taken."""


class MethodError(RouterError, ValueError):
    """A method that is not a token (RFC 9110, section 9.1)."""


class RouteConflict(RouterError, RuntimeError):
    """A route, or a mount, that could never be reached because another one is there already."""


class FrozenError(RouterError, RuntimeError):
    """A change to a router that was frozen."""


class PartError(RouterError, KeyError):
    """Parts for a URL that do not fit the template: some are missing, or the template does not have them."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which is meant for a key and not for a sentence.
        return str(self.args[0])


class PartValueError(RouterError, ValueError):
    """Values for a URL with which it would not match its own template, or with segments of dots."""


class TemplateWarning(UserWarning):
    """A valid template that is certainly a mistake: it matches no path, or takes extremely long for some paths."""

"""The exception that ends a server from within.

```
SystemExit
└── GracefulExit    stop serving, in order
```
"""

__all__ = ["GracefulExit"]


class GracefulExit(SystemExit):
    """Raised in the loop by a signal to stop the server in order. As a `SystemExit` it has status 0."""

    code = 0

"""What ends a server from within.

```
SystemExit
└── GracefulExit    stop serving, in order
```
"""

__all__ = ["GracefulExit"]


class GracefulExit(SystemExit):
    """Raised in the loop by a signal to stop the server in order; the process exits with status 0 unless told
    otherwise."""

    code = 0

"""The command: reads the environment, serves until Ctrl-C or SIGTERM."""

import os
import sys
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from muntin import web
from muntin.runner.systemd import take_sockets

from .app import create_app
from .settings import Settings, SettingsError

# A visitor's upload may still be under way when we are asked to stop. Seconds.
GRACE = 10.0


def main() -> None:
    """Serve the guestbook; say in one line why not, if it cannot be."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        print(f"guestbook: {error}", file=sys.stderr)
        sys.exit(2)
    # Where systemd has opened the socket, that is where to listen.
    passed = [sock for socks in take_sockets().values() for sock in socks]
    place: dict[str, Any] = {"sock": passed} if passed else {"host": settings.host, "port": settings.port}
    try:
        web.run_app(
            lambda: create_app(settings), **place, shutdown_timeout=GRACE, workers=settings.workers or None
        )
    except (OSError, SQLAlchemyError) as error:
        sys.exit(f"guestbook: {error}")


if __name__ == "__main__":
    main()

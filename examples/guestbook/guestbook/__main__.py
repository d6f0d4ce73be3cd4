"""The command: reads the environment, serves until Ctrl-C or SIGTERM."""

import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from muntin import web

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
    app = create_app(settings)
    try:
        web.run_app(app, host=settings.host, port=settings.port, shutdown_timeout=GRACE)
    except (OSError, SQLAlchemyError) as error:
        sys.exit(f"guestbook: {error}")


if __name__ == "__main__":
    main()

"""`python -m muntin.web`: serve the application that a function makes."""

import logging
import sys
from collections.abc import Sequence

from muntin.runner.systemd import take_sockets
from muntin.web._command import CommandError, load_target, parse_command
from muntin.web.application import Application
from muntin.web.run import run_app

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; gives the exit code: 2 where the command makes no sense, 1 where serving failed."""
    passed = [sock for socks in take_sockets().values() for sock in socks]
    command = parse_command(sys.argv[1:] if arguments is None else arguments, is_activated=bool(passed))
    logging.basicConfig(level=logging.INFO)
    try:
        app = load_target(command.target)(command.arguments)
        if not isinstance(app, Application) and not hasattr(app, "__await__"):
            raise CommandError(f"{command.target!r} gave {type(app).__name__}, and no web.Application")
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        run_app(app, host=command.host, port=command.port, path=command.path, sock=passed or None)
    except OSError as error:
        print(f"error: cannot serve on {command.place or 'the sockets passed'}: {error}", file=sys.stderr)
        return 1
    print("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())

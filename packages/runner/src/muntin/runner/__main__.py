"""The command `python -m muntin.runner --version`, which prints what is installed of muntin, and what is compiled."""

import argparse

from muntin.runner.builds import find_builds, format_builds

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command with some arguments, by default those of the process."""
    parser = argparse.ArgumentParser(prog="python -m muntin.runner", description="Show what is installed.")
    parser.add_argument(
        "--version", action="store_true", required=True, help="versions, and what is compiled"
    )
    parser.parse_args(arguments)
    print(format_builds(find_builds()))


if __name__ == "__main__":
    main()

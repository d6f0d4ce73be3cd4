"""What can be set from outside: where to listen, and which database keeps the entries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

DEFAULT_DATABASE = "sqlite+aiosqlite:///guestbook.db"
HIGHEST_PORT = 65535


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what would be right."""


@dataclass(frozen=True)
class Settings:
    """Where to listen, and the SQLAlchemy URL of the database. Port 0 means any that is free."""

    host: str = "localhost"
    port: int = 8080
    database: str = DEFAULT_DATABASE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read `GUESTBOOK_HOST`, `GUESTBOOK_PORT` and `GUESTBOOK_DB`; raise SettingsError for bad ones."""
        return cls(
            host=environment.get("GUESTBOOK_HOST") or cls.host,
            port=parse_port(environment.get("GUESTBOOK_PORT") or str(cls.port)),
            database=check_database(environment.get("GUESTBOOK_DB") or cls.database),
        )


def parse_port(text: str) -> int:
    """Give the number of a port; raise SettingsError for anything else."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > HIGHEST_PORT:
        raise SettingsError(f"GUESTBOOK_PORT is {text!r}, but a port is a number from 0 to {HIGHEST_PORT}")
    return int(text)


def check_database(url: str) -> str:
    """Give the URL back when its asynchronous driver is installed; raise SettingsError otherwise.

    The message never repeats the URL: it may hold a password.
    """
    try:
        dialect = make_url(url).get_dialect()
        dialect.import_dbapi()
    except NoSuchModuleError as error:
        raise SettingsError(
            f"GUESTBOOK_DB names a database that SQLAlchemy does not know: {error}"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"GUESTBOOK_DB is not a database URL such as {DEFAULT_DATABASE}") from error
    except ImportError as error:
        raise SettingsError(f"GUESTBOOK_DB needs a driver that is not installed: {error}") from error
    if not dialect.is_async:
        raise SettingsError(
            "GUESTBOOK_DB needs an asynchronous driver: sqlite+aiosqlite, postgresql+asyncpg, …"
        )
    return url

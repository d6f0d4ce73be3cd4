"""Settings from outside: where to listen, and which database keeps the entries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_network

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

DEFAULT_DATABASE = "sqlite+aiosqlite:///guestbook.db"
HIGHEST_PORT = 65535
MOST_WORKERS = 64
LONGEST_DELAY = 600


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what would be right."""


@dataclass(frozen=True)
class Settings:
    """The settings.

    Attributes:
        host: where to listen.
        port: at which port; 0 for any that is free.
        database: the SQLAlchemy URL of the database.
        redis: the URL of the Redis that carries news between processes; none for one process alone.
        workers: how many processes to serve with; 0 for this one alone.
        proxies: the networks of the proxies in front.
        delay: how long to serve on when told to stop, so that balancers notice (seconds).
    """

    host: str = "localhost"
    port: int = 8080
    database: str = DEFAULT_DATABASE
    redis: str = ""
    workers: int = 0
    proxies: tuple[str, ...] = ()
    delay: int = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables that begin with `GUESTBOOK_`; raise SettingsError for bad ones."""
        settings = cls(
            host=environment.get("GUESTBOOK_HOST") or cls.host,
            port=parse_port(environment.get("GUESTBOOK_PORT") or str(cls.port)),
            database=check_database(environment.get("GUESTBOOK_DB") or cls.database),
            redis=check_redis(environment.get("GUESTBOOK_REDIS", "")),
            workers=parse_number("GUESTBOOK_WORKERS", environment, highest=MOST_WORKERS),
            proxies=parse_networks(environment.get("GUESTBOOK_PROXIES", "")),
            delay=parse_number("GUESTBOOK_DELAY", environment, highest=LONGEST_DELAY),
        )
        if settings.workers > 1 and not settings.redis:
            raise SettingsError("GUESTBOOK_WORKERS needs GUESTBOOK_REDIS: news travel between them by it")
        return settings


def parse_port(text: str) -> int:
    """Return the number of a port; raise SettingsError for anything else."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > HIGHEST_PORT:
        raise SettingsError(f"GUESTBOOK_PORT is {text!r}, but a port is a number from 0 to {HIGHEST_PORT}")
    return int(text)


def parse_number(name: str, environment: Mapping[str, str], *, highest: int) -> int:
    """Return the number that a variable has, 0 if it has none; raise SettingsError for anything else."""
    text = environment.get(name) or "0"
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > highest:
        raise SettingsError(f"{name} is {text!r}, and ought to be a number from 0 to {highest}")
    return int(text)


def parse_networks(text: str) -> tuple[str, ...]:
    """Return networks that have commas between them; raise SettingsError for what is none."""
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    for network in found:
        try:
            ip_network(network)
        except ValueError as error:
            raise SettingsError(f"GUESTBOOK_PROXIES names a network that is none: {error}") from None
    return found


def check_redis(url: str) -> str:
    """Return the URL if its client is installed; raise SettingsError otherwise, without repeating it."""
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError("GUESTBOOK_REDIS is not a URL such as redis://localhost")
    if url and find_spec("redis") is None:
        raise SettingsError("GUESTBOOK_REDIS needs a client that is not installed: redis")
    return url


def check_database(url: str) -> str:
    """Return the URL if its asynchronous driver is installed; raise SettingsError otherwise.

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

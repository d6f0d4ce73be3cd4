"""Run HTTP/1.1 exchanges on asyncio: connections, time limits, sites, runners, graceful shutdown."""

__all__: list[str] = []

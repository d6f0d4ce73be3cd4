"""The number of workers, and their time-outs."""

from dataclasses import dataclass

__all__ = ["Workers"]


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes that serve the same sockets.

    Args:
        count: how many, 1 or more.
        max_requests: after so many requests a worker is replaced; 0 for never. It bounds what a leak can cost.
        max_requests_jitter: up to so many further requests, at random, so that not all are replaced at once.
        start_timeout: a worker that does not serve after so long (seconds) is killed, and the next started; `math.inf`
            for as long as it takes.
        heartbeat_timeout: a worker whose loop does not turn for so long (seconds) is killed and replaced.
        cleanup_timeout: how long a worker may take to stop (seconds), in addition to its handlers.

    Raises:
        TypeError: the count is not a whole number.
        ValueError: a number is out of range.
    """

    count: int
    max_requests: int = 0
    max_requests_jitter: int = 0
    start_timeout: float = 60.0
    heartbeat_timeout: float = 30.0
    cleanup_timeout: float = 10.0

    def __post_init__(self) -> None:
        if not isinstance(self.count, int) or isinstance(self.count, bool):
            raise TypeError(f"a number of workers is a whole number, not {self.count!r}")
        if self.count < 1:
            raise ValueError(f"there has to be 1 worker at least, not {self.count}")
        if self.max_requests < 0 or self.max_requests_jitter < 0:
            raise ValueError("max_requests and max_requests_jitter are 0 or more")
        if not (self.start_timeout > 0 and self.heartbeat_timeout > 0 and self.cleanup_timeout > 0):
            raise ValueError("start_timeout, heartbeat_timeout and cleanup_timeout are more than 0")

"""Go's durations (`1m30s`), which Docker counts in nanoseconds."""

from __future__ import annotations

import re

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


def nanoseconds(duration: str) -> int:
    """Return the nanoseconds of a Go duration.

    >>> nanoseconds("1m30s"), nanoseconds("0.5s"), nanoseconds("0")
    (90000000000, 500000000, 0)

    Raises:
        ValueError: it isn't one.
    """
    if duration in ("", "0"):
        return 0
    if not re.fullmatch(f"(?:{_PART.pattern})+", duration):
        raise ValueError(f"{duration!r} is no duration such as 30s or 1m30s")
    return sum(round(float(number) * _UNITS[unit]) for number, unit in _PART.findall(duration))


def duration(nanoseconds: int) -> str:
    """Return nanoseconds as a Go duration.

    >>> duration(90000000000), duration(0), duration(1500000000)
    ('1m30s', '0s', '1.5s')
    """
    if nanoseconds % 10**6 == 0 and 0 < nanoseconds < 10**9:
        return f"{nanoseconds // 10**6}ms"
    seconds = nanoseconds / 10**9
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = f"{int(hours)}h" if hours else ""
    parts += f"{int(minutes)}m" if minutes or hours else ""
    return f"{parts}{rest:g}s"

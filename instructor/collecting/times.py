"""Due dates and the times of submissions, always with a time zone."""

from __future__ import annotations

import re
import struct
import zipfile
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = re.compile(r"\s+([A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*)$")
NBGRADER_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"
UNIX_TIME_FIELD = 0x5455  # the "extended timestamp" of Info-ZIP: seconds since 1970, in UTC
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # archives write 1980 where they know no time


def zone_named(name: str) -> tzinfo:
    """Return a time zone such as ``Europe/Berlin``; ValueError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone that this machine knows; expected a name such as "
            "Europe/Berlin or UTC."
        ) from None


def parse_time(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a date and time in ISO format, optionally with the name of a zone after it.

    Parameters
    ----------
    text : str
        ``2025-03-01 23:59``, ``2025-03-01T23:59:59+01:00``, ``2025-03-01 23:59 Europe/Berlin``,
        or as nbgrader writes it, ``2025-03-01 22:59:00.000000 UTC``.
    zone : tzinfo, optional
        For texts that name none; this machine's zone if left out.

    Returns
    -------
    datetime
        With time zone.

    Raises
    ------
    ValueError
        If the text is no time, or its zone is unknown.
    """
    given = text.strip()
    named = ZONE.search(given)
    if named:
        zone = zone_named(named.group(1))
        given = given[: named.start()]
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(
            f"{text!r} is no date and time; expected for example 2025-03-01 23:59 or "
            "2025-03-01 23:59 Europe/Berlin."
        ) from None
    try:
        if time.tzinfo is not None:
            return time.astimezone(time.tzinfo)
        aware = time.replace(tzinfo=zone) if zone is not None else time.astimezone()
        aware.astimezone(UTC)  # years 1 and 9999 may not fit into UTC
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{text!r} is out of the range of dates.") from None
    return aware


def parse_due(text: str, zone: str | None = None) -> datetime:
    """Read a due date; a day without a time means its end, 23:59:59.

    Parameters
    ----------
    text : str
        As in `parse_time`.
    zone : str, optional
        Name of the zone for texts that name none; this machine's if left out.

    Raises
    ------
    ValueError
        If it is no date, or a zone is unknown.
    """
    time = parse_time(text, zone_named(zone) if zone else None)
    day_only = re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}(\s+[A-Za-z].*)?\s*", text)
    return time.replace(hour=23, minute=59, second=59) if day_only else time


def format_time(time: datetime) -> str:
    """Write a time as nbgrader does in timestamp.txt, in UTC."""
    return time.astimezone(UTC).strftime(NBGRADER_FORMAT)


def time_of_entry(info: zipfile.ZipInfo, zone: tzinfo | None) -> datetime | None:
    """Return when a file in an archive was changed, or None where the archive does not say.

    The extended timestamp counts in UTC. Without it an archive holds the wall clock of the
    machine that wrote it, to two seconds; `zone`, or else this machine's zone, is assumed.
    """
    seconds = _unix_time(info.extra)
    try:
        if seconds is not None:
            time = datetime.fromtimestamp(seconds, UTC)
        else:
            wall = datetime(*info.date_time)
            time = (wall.replace(tzinfo=zone) if zone else wall.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # month 0, or hour 31: no time at all
        return None
    return time if time > EARLIEST else None


def _unix_time(extra: bytes) -> int | None:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == UNIX_TIME_FIELD and len(field) >= 5 and field[0] & 1:
            return struct.unpack("<i", field[1:5])[0]
    return None


def lateness(time: datetime | None, due: datetime | None) -> float | None:
    """Return by how many seconds a submission is late, 0.0 if it is not; None if not known."""
    if time is None or due is None:
        return None
    return max(0.0, (time - due).total_seconds())


def describe_lateness(seconds: float) -> str:
    """Say how late in words: ``2 days 3 hours``, ``5 minutes``."""
    left = timedelta(seconds=max(60, round(seconds)))
    minutes = left.seconds // 60
    pieces = [(left.days, "day"), (minutes // 60, "hour"), (minutes % 60, "minute")]
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in pieces if count]
    return " ".join(words[:2])

"""The one clock, and instants as whole milliseconds since 1970.

Everything that needs the time is handed an instant, or calls this at the rim.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware, UTC, cut to milliseconds as every stored instant is."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def instant_ms(instant: datetime) -> int:
    """ms since 1970 of an aware instant."""
    return round(instant.timestamp() * 1000)


def instant(ms: int) -> datetime:
    """The aware UTC instant of ms since 1970. A double holds it to a quarter of a microsecond."""
    return datetime.fromtimestamp(ms / 1000, UTC)

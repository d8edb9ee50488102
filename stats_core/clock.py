"""The one clock. Everything that needs the time is handed an instant, or calls this at the rim."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware, UTC, cut to milliseconds as every stored instant is."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)

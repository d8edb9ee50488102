"""The mix: what a household's dashboards, notebooks and bots ask, as the load is made of. 50 questions.

15 are over all time, 15 over a year, 20 over a month or less; every statistic is in it but those that are no widget's:
recap, comparison and explanation.
"""

from typing import Final
from urllib.parse import parse_qsl

from bench.jobs import Question
from bench.questions import TOP_OF

LEFT_OUT: Final = {"recap", "comparison", "explanation"}

ALL_TIME: Final = (
    "summary",
    "top/tracks?limit=50",
    "top/recordings",
    "top/artists?by=ms",
    "top/albums",
    "timeline?bucket=year",
    "streaks",
    "rediscoveries",
    "one-hit-wonders",
    "milestones",
    "records",
    "eddington",
    "anniversaries",
    "search?q=vel",
    "artists/{id}",
)
A_YEAR: Final = (
    "summary?period=2024",
    "top/tracks?period=2024",
    "top/artists?period=2023&by=ms",
    "top/primary-artists?period=2024",
    "top/albums?period=2022",
    "top/shows?period=2024",
    "top/audiobooks?period=2024",
    "timeline?period=2024&bucket=month",
    "timeline?period=2024&bucket=week&measure=artists",
    "hours?period=2023",
    "seasons?period=2024",
    "discoveries?period=2024",
    "movers?period=2024",
    "adoptions?period=2021",
    "behaviour?period=2024",
)
A_MONTH_OR_LESS: Final = (
    "summary?period=2024-07",
    "reconciliation?period=2025-W12",
    "top/tracks?period=2024-07",
    "top/tracks?period=2025-W12",
    "top/artists?period=2025-03",
    "top/albums?period=2025-03",
    "top/platforms?period=2024-07",
    "top/countries?period=2024-07",
    "timeline?period=2024-07&bucket=day",
    "timeline?period=2025-W12&bucket=hour",
    "clock?period=2024-07",
    "sessions?period=2025-03",
    "days-without-music?period=2025-03",
    "reasons?period=2025-03",
    "devices?period=2025-03",
    "coverage?period=2025-03",
    "plays?period=2025-W12",
    "plays?period=2024-07&limit=100",
    "tracks/{id}?period=2025-03",
    "albums/{id}?period=2025-03",
)


def mix() -> list[Question]:
    """All of it."""
    return list(map(_question_of, (*ALL_TIME, *A_YEAR, *A_MONTH_OR_LESS)))


def _question_of(path: str) -> Question:
    statistic, _, query = path.partition("?")
    return Question(path, statistic, dict(parse_qsl(query)), TOP_OF.get(statistic))

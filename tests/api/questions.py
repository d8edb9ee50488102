"""Questions that every statistic can be asked."""

from stats_core.insights import STATISTICS


def asked_of(name: str) -> str:
    """The path of a statistic under a listener, with what it cannot do without."""
    statistic = STATISTICS[name]
    path = name
    for parameter in statistic.path_parameters:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    return f"{path}?q=a" if name == "search" else path

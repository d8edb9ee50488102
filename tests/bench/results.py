"""Results to show: made up, of two sizes."""

from bench.figures import Machine, Results, distribution_of, figure_of


def made_up_results() -> Results:
    machine = Machine("A CPU", 2, 8_192, "Linux 6", "3.12.1", {"numpy": "2.2.0"})
    figures = [
        figure_of("import", "rows/s", [21_000.4, 20_000.0, 30_000.0], "SQLite", 250_000),
        distribution_of("summary", "ms", [1.0] * 99 + [500.0], 250_000),
        figure_of("import", "rows/s", [19_000.0], "SQLite", 1_000_000),
        figure_of("the demo", "s", [31.25]),
    ]
    return Results("make bench", "2025-11-01", "abc123", machine, figures)

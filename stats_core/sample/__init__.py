"""Made-up exports of a made-up listener: for the demo, the tests and the benchmark.

`names` and `catalogue` invent what there is to hear, `days` and `listening` make the history, `generations`, `extended`
and `account` dress it as Spotify's files, and `export` zips them.
"""

from stats_core.sample.export import SampleReport, sample_export
from stats_core.sample.extended import BROKEN_ROWS

__all__ = ["BROKEN_ROWS", "SampleReport", "sample_export"]

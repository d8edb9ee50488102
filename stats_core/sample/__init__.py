"""Made-up exports of a made-up listener: for the demo, the tests and the benchmark.

`names` and `catalogue` invent what there is to hear, `days` and `listening` make the history, `generations`, `extended`
and `account` dress it as Spotify's files, and `export` zips them; `web_api` tells what Spotify would say of the tracks.
"""

from stats_core.sample.export import SampleReport, sample_export
from stats_core.sample.extended import BROKEN_ROWS
from stats_core.sample.web_api import MadeUpCatalogue, sample_catalogue

__all__ = ["BROKEN_ROWS", "MadeUpCatalogue", "SampleReport", "sample_catalogue", "sample_export"]

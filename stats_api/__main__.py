"""`python -m stats_api`: the REST service alone."""

import logging
import sys

from stats_api.serve import serve
from stats_core.errors import StatsError
from stats_core.settings import settings


def main() -> int:
    """Serve until told to stop; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(settings())
    except StatsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.fakes.spotify --port P`: the fake for trying things out, until Ctrl-C."""

import argparse
import signal
import sys
import threading

from tests.fakes.spotify.sample import sample_world
from tests.fakes.spotify.server import FakeSpotify


def main() -> None:
    """Serve a world that speaks of the tracks of `spotify-stats sample`."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.spotify", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one unless given")
    parser.add_argument("--plays", type=int, default=25_000, help="as the export's")
    parser.add_argument("--years", type=int, default=6, help="as the export's")
    parser.add_argument("--seed", type=int, default=1, help="as the export's")
    given = parser.parse_args()
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    with FakeSpotify(sample_world(given.plays, given.years, given.seed), given.port) as fake:
        for name, value in fake.settings().items():
            sys.stdout.write(f"STATS_{name.upper()}={value}\n")
        sys.stdout.write("\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()

"""`python -m stats_core.cli`, where the script is not on the path."""

from stats_core.cli import main

main()

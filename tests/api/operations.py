"""Every operation of the service, for tests of what holds for all of them."""

from typing import Final

from stats_api.app import ROUTES
from stats_api.operations import Operation

OPERATIONS: Final[list[tuple[str, str, Operation]]] = [
    (next(iter(handler.http_methods)), next(iter(handler.paths)), handler.opt["operation"]) for handler in ROUTES
]
"""Method, path as a template, and what it says of itself."""

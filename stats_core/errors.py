"""One hierarchy of errors. Each message tells a person what was wrong, where, and what to do."""

from collections.abc import Sequence


class StatsError(Exception):
    """Anything this project raises on purpose; its text is meant for a person."""


class StoreError(StatsError):
    """The store cannot do its work."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, opened or locked in time: trying again may help."""


class StoreFull(StoreError):
    """The store has no room left: nothing of the batch was written."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of this project."""


class UnindexedQuery(StoreError):
    """A query names fields that no declared index serves: a mistake in the code."""


class LeaseLost(StatsError):
    """Another process took over this listener's lease: this one must stop writing."""


class Refused(StatsError):
    """A file cannot be imported; the text says why and what to do."""


class RefusedWhole(Refused):
    """Not one member of a ZIP can be imported: it is unreadable or dangerous."""


class ArchiveMissing(StatsError):
    """An import's file is neither in the archive nor in the inbox any more."""


class UnknownListener(StatsError):
    """No listener has that name."""

    def __init__(self, user: str) -> None:
        super().__init__(f"There is no listener {user!r}. Make one: POST /v1/listeners, or import a file for it.")
        self.user = user


class UnknownKey(StatsError):
    """No key of that id is there for whoever asks."""

    def __init__(self, identity: str) -> None:
        super().__init__(f"There is no key {identity!r}, or it is not yours to see.")


class BeyondRights(StatsError):
    """A key would make one that opens more than it does itself."""


class UnknownEntry(StatsError):
    """A listener never played what was named."""

    def __init__(self, what: str, identity: str) -> None:
        super().__init__(f"There is no {what} {identity!r} among what this listener played.")


class InvalidParameter(StatsError):
    """A question has a wrong or unknown parameter."""

    def __init__(self, parameter: str, value: str, allowed: str | Sequence[str]) -> None:
        self.parameter = parameter
        self.value = value
        self.allowed = allowed if isinstance(allowed, str) else ", ".join(allowed)
        super().__init__(f"{parameter}={value!r} is not allowed; allowed: {self.allowed}")

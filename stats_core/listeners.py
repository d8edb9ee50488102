"""Listeners: their names, how they are made, what is theirs, how all of it is erased."""

import os
import re
import shutil
import stat
from pathlib import Path

from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.documents.words import USER_NAME
from stats_core.errors import InvalidParameter, StatsError, UnknownListener
from stats_core.imports.inbox import files_in
from stats_core.security.keys import take_out
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.leases import lease
from stats_core.store.port import Query, Store
from stats_core.zone_names import zone_names


def checked_user(user: str) -> str:
    """The name, if it may be a listener's; raises InvalidParameter."""
    if not re.fullmatch(USER_NAME, user):
        raise InvalidParameter("user", user, "a to z, 0 to 9, dot, dash and underscore, 64 at most, no sign first")
    return user


def checked_timezone(name: str) -> str:
    """The name, if it is an IANA time zone's; raises InvalidParameter."""
    if name not in zone_names():
        raise InvalidParameter("timezone", name, "an IANA time zone such as Europe/Berlin")
    return name


def made_listener(store: Store, inbox: Path, user: str, timezone: str) -> Listener:
    """The listener of that name, made with their inbox folder if there was none."""
    listener = Listener(id=checked_user(user), created_at=utc_now(), timezone=checked_timezone(timezone))
    store.insert(collections.listeners, [listener])
    (inbox / user).mkdir(parents=True, exist_ok=True)
    return known_listener(store, user)


def known_listener(store: Store, user: str) -> Listener:
    """The listener of that name; raises UnknownListener."""
    listener = store.get(collections.listeners, user)
    if listener is None:
        raise UnknownListener(user)
    return listener


def plays_lease_name(user: str) -> str:
    """What whoever changes this listener's plays holds."""
    return f"plays|{user}"


def erase_listener(store: Store, settings: Settings, user: str, timeout: float | None = None) -> None:
    """Remove everything of a listener's; the listener goes last, so that a stop in the middle can be finished.

    Files of theirs that wait in the inbox go too: they would come to the default listener, or make this one again.
    Raises UnknownListener, StatsError if a file cannot be removed, and StoreUnavailable if somebody else works on the
    listener's plays for longer than `timeout` seconds.
    """
    known_listener(store, user)
    with lease(store, plays_lease_name(user), purpose="erasing the listener", timeout=timeout) as held:
        _remove_files(store, settings, user)
        take_out(store, user)
        for collection in collections.OF_A_LISTENER:
            store.delete(collection, Query(equal={"user": user}))
            held.renew()
        for by_name in collections.BY_LISTENER:
            store.delete(by_name, Query(equal={"_id": user}))
        for about in ("login", "login-ends", "polls"):
            store.delete(collections.alerts, Query(equal={"subject": f"{about}|{user}"}))
        store.delete(collections.comparisons, Query(equal={"other": user}))
        store.delete(collections.listeners, Query(equal={"_id": user}))
        # Again: what was made for them meanwhile would be a later namesake's. Who makes it now finds no listener.
        take_out(store, user)
        store.delete(collections.comparisons, Query(equal={"user": user}))


def _remove_files(store: Store, settings: Settings, user: str) -> None:
    users = {listener.id for listener in store.find(collections.listeners)}
    try:
        for file in list(files_in(settings.inbox_dir, users, settings.default_user)):
            if file.user == user:
                (settings.inbox_dir / file.path).unlink(missing_ok=True)
        for folder in (settings.inbox_dir, settings.refused_dir, settings.archive_dir):
            _remove_folder(folder / user)
    except OSError as error:
        raise StatsError(
            f"{error.filename} of the listener {user!r} could not be removed: {error.strerror}. The listener is kept "
            "until everything of theirs can go: see whose it is and what its mode is, then erase the listener again."
        ) from error


def _remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, if there is one; somebody else may be removing it, too."""
    while True:
        try:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                return  # a file or a link in the inbox, named like a listener: not this listener's folder
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not os.path.lexists(folder):
                return
